"""The kinds of layers of a network, and the network that they make."""
