"""The readers of files and settings."""
