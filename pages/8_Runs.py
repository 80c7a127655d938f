"""Runs: everything that was tried, with its numbers, to filter, open again and take along."""

from pages.ui.layout import page
from pages.ui.runs import table

page.open_page("Runs", "What was tried, when, and what came of it.")
table.table()
