"""The audit of a data set: confounders and duplicates that could explain a result."""
