"""Medically relevant regions: where the lungs are, and the crops that follow (paper, section 3.1.1)."""
