"""ONNX graphs: read without trust, constants folded, axes laid out as maps in memory."""
