"""Which images are alike, as far as a verdict depends on it: copies, slices of one patient, grey values."""
