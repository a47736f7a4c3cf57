"""Studies: a run, a sweep, a comparison of technologies or of schemes."""
