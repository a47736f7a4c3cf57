"""Files of weights: our archive, state dicts of other tools, and how they fit a network."""
