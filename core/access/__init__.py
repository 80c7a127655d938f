"""Users, and with whom a data set is shared."""
