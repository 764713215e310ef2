"""What is outside: the internet, and permissions."""
