"""`archivectl`: what operators look at and do by hand; works on either bus, beside the running platform."""
