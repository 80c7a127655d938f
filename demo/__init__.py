"""Data sets with ground truth by construction, to explore before importing your own images."""
