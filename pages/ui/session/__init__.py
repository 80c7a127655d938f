"""Who sits before the page, and the data that are theirs."""
