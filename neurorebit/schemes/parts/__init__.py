"""Parts that several schemes share: weights in software, levels, cells, and reads of arrays."""
