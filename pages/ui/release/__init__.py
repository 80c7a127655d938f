"""Views of the Release page."""
