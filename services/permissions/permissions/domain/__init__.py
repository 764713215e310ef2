"""Users, tokens and roles, and the rules about them; knows no framework."""
