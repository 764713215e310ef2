"""One module per family of formats; each yields images of one candidate, imported only by children that need it."""
