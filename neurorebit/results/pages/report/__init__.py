"""The page of a report, a section a file."""
