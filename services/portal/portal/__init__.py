"""The web page people use."""
