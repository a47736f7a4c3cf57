"""Searches: which designs of a space are best, by an optimiser that asks for few of them."""
