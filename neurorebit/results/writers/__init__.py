"""What a report is written as: one format a file, and their table."""
