"""A thorax that nobody has: random anatomy in Hounsfield units, scanned as CT does, with exact lung masks."""
