"""Runs: everything that was tried, with its numbers, to filter, open again and take along."""

from pages.ui import frame, run_log

frame.open_page("Runs", "What was tried, when, and what came of it.")
run_log.table()
