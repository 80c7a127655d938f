"""The audit of a set: what gives the answer away besides the fingerprint. Values in, findings out."""
