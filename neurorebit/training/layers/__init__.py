"""Forward and backward of each kind of layer."""
