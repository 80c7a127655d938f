"""The run log as a table: filtered by text; a row opens its page; all rows as CSV."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from core.engine import ATTRIBUTION, MEMBERSHIP, RECONSTRUCTION
from core.experiments import run_log
from pages.ui.session import workspace
from pages.ui.theme import digits
from pages.ui.widgets import download, permalinks
from pages.ui.widgets.config_text import config_words

KIND_WORDS = {
    ATTRIBUTION: "generators",
    MEMBERSHIP: "training data: regions",
    RECONSTRUCTION: "training data: reconstruction",
}
SHOWN = 500  # rows in the table; the CSV has all of them
EARLIER = "numbers of an earlier version; open it to have it evaluated again"


def table() -> None:
    rows = workspace.current().log()
    if not rows:
        st.info("No runs yet. Open the Generators page or a Training data page: every result is listed here.")
        return
    left, middle, right = st.columns([2.4, 2, 1], vertical_alignment="bottom")
    words = left.text_input("Filter", key="filter", placeholder="Data set, backbone, linkage …")
    kinds = middle.multiselect("Page", list(KIND_WORDS), key="kinds", format_func=KIND_WORDS.get)
    found = [row for row in rows if _matches(row, words, kinds)]
    with right:
        download.button(
            "CSV", "runs.csv", lambda: run_log.to_csv([run_log.flatten(r) for r in found]), framed=True
        )
    st.caption(
        f"{len(found):,} of {len(rows):,} runs" + (f", the latest {SHOWN} are shown" * (len(found) > SHOWN))
    )
    _draw(found[:SHOWN])


def _matches(row: run_log.Row, words: str, kinds: Sequence[str]) -> bool:
    text = " ".join(str(value) for value in run_log.flatten(row).values()).casefold()
    return (not kinds or row["kind"] in kinds) and all(word in text for word in words.casefold().split())


def _draw(rows: Sequence[run_log.Row]) -> None:
    event = st.dataframe(
        pd.DataFrame([_shown(row) for row in rows]),
        hide_index=True,
        height=430,
        key="runs_table",
        on_select="rerun",
        selection_mode="single-row",
        column_config={"time": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")},
    )
    picked = event["selection"]["rows"]
    if picked and picked[0] < len(rows):
        _open(rows[picked[0]])
    st.caption(
        "Select a row to open it. Scores are per configuration; the best of many is optimistically biased."
    )


def _open(row: run_log.Row) -> None:
    names = workspace.library().names()
    gone = [name for name in row["sets"] if name not in names]
    if gone:
        st.info(f"“{gone[0]}” was deleted. Import it again to open this run.")
        return
    sets = [workspace.library().get(name) for name in row["sets"]]
    permalinks.link("Open this run on its page", permalinks.href(row["config"], sets))


def _shown(row: run_log.Row) -> dict[str, Any]:
    flat = run_log.flatten(row)
    return {
        "time": datetime.fromisoformat(flat["time"]),
        "page": KIND_WORDS[flat["kind"]],
        "configuration": config_words(row["config"], flat),
        "score": flat["score"],
        "value": "undefined" if flat["value"] is None else digits(flat["value"]),
        "95% interval": "" if flat["low"] is None else f"{digits(flat['low'])} to {digits(flat['high'])}",
        "AUC (test)": "" if flat["test_auc"] is None else digits(flat["test_auc"]),
        "data sets": flat["sets"],
        "remark": EARLIER if flat["earlier_version"] else "",
    }
