"""The arithmetic of many membership inference attacks at once: arrays in, arrays out."""
