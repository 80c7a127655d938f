"""Arithmetic that knows nothing of images: blocks of rows, distances, threads, statistics."""
