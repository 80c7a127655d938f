"""The report: one HTML file of results, and the toolbar that makes it."""
