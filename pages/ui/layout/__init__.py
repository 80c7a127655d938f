"""What every page has: its frame, the guided tour, and what is loaded before anybody asks."""
