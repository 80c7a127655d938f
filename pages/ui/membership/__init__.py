"""The pages on training data."""
