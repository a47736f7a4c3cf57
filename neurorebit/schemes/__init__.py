"""The schemes of training: how weights are held, and how they learn."""
