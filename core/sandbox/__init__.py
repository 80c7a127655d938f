"""Processes that read untrusted files: their isolation, and the protocol on their pipes."""
