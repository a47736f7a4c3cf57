"""Reference data and what translates it into records of the package, beside the package."""
