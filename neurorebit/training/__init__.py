"""In-situ training: where weights live, the layers, the loop and the data."""
