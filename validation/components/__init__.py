"""Components of ours beside published figures of such components."""
