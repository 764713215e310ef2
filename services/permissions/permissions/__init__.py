"""Users, tokens and roles: who may do what."""
