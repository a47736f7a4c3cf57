"""What each ONNX operator becomes, one family a file; ``table`` lists them."""
