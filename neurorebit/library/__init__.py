"""The public functions: objects made in Python in, typed results out; files only when asked."""
