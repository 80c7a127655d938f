"""Who is asking, and with whom a set is shared."""
