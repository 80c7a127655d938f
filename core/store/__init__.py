"""The disk cache: verified arrays in files, and an index that cannot hold code."""

from core.store.store import Arrays, Store, Verification

__all__ = ["Arrays", "Store", "Verification"]
