"""Networks with published weights: their rows, their torch modules, and their export to OpenVINO."""
