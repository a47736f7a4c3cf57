"""Parts that layers, weights and the loop share: threads, products, the protocol of weights."""
