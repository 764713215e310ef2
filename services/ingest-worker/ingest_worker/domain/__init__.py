"""What uploads and their conversion are about, without knowing any library or server."""
