"""Views of the Audit page."""
