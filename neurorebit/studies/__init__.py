"""What can be asked for: a run, a sweep, technologies and schemes side by side."""
