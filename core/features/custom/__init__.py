"""A user's own ONNX network: validated, added to the backbones, and run in a sandboxed process."""
