"""ONNX graphs as network files: every operator is mapped, folded or refused by name and node."""
