"""Results: the report document, the table of a sweep, comparisons, pictures, and where they go."""
