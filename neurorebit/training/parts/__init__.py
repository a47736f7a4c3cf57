"""What layers, weights and the loop share: threads, products, and how weights are reached."""
