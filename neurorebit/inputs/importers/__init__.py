"""Networks that other tools describe, as network files: ONNX graphs, PyTorch modules, tables."""
