"""Data sets: what each one is, where it lies, and its images."""
