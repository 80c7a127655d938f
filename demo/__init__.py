"""Sets with known truth, made by construction: something to look at before one's own images are here."""
