"""Results as objects for programs and notebooks: an estimate, a run, a sweep."""
