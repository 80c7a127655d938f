"""A thorax phantom: random anatomy in Hounsfield units, simulated CT, and exact lung masks."""
