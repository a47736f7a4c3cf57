"""Analog arrays for the forward pass, digital ones for all else."""
