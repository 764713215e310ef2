"""Password hashing, the identity provider, and the server that takes e-mail."""
