"""Arrays that are read both ways and learn in place."""
