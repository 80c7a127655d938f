"""Verbs about generators: which made an image, and on which training subset."""
