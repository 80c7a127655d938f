"""Imprint's engine: model attribution and membership inference on synthetic medical images. No user
interface."""

__version__ = "0.1.0"
