"""Running networks: images in, rows out, on the CPU by OpenVINO or on CUDA by torch."""
