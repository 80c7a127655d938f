"""Views of the Paper page."""
