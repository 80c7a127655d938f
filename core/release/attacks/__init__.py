"""The family of attacks: real and generated images in, a score for each real image out."""
