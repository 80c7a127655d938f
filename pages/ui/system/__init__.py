"""Views of the System page."""
