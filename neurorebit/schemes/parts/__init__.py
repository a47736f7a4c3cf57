"""What several schemes share: weights in software, levels, cells, and the arrays that read them."""
