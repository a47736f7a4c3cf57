"""Arrays that only infer: weights are written once, at deployment."""
