"""Embeddings: pixels to vectors, by a pretrained network, a handcrafted descriptor or a custom ONNX file."""
