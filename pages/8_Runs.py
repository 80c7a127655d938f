"""Runs: all evaluated configurations and their results, to filter, open and download."""

from pages.ui.layout import page
from pages.ui.runs import table

page.open_page("Runs", "History of all runs and their results.")
table.table()
