"""Views of the Runs page."""
