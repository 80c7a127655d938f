"""Views of the What-if page."""
