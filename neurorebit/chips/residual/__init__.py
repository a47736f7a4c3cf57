"""Several arrays of few states that hold a weight together (residual learning)."""
