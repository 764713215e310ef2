"""What is outside: picture formats."""
