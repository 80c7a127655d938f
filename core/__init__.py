"""Imprint's engine: fingerprints in synthetic medical images. Knows no screen."""

__version__ = "0.1.0"
