"""Reading uploaded images in processes that hold no keys: what they are told, and how they get at bytes."""
