"""Which copies, cuts and places of the layers are best on a chip, by integer programming."""
