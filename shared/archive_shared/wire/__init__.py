"""How the contracts look from outside: the catalogue of events and the files generated from it."""
