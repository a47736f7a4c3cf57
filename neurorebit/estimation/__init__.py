"""A network on a chip: footprint, and cost of each layer and phase."""
