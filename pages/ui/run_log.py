"""The run log as a table: filtered by words, a row opens its page, all of it as CSV."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from core import features, trail
from core.engine import ATTRIBUTION, MEMBERSHIP, RECONSTRUCTION
from pages.ui import download, engine, links
from pages.ui.knobs import CROP_WORDS, LINKAGE_WORDS, METHOD_WORDS, rule_words
from pages.ui.style import digits

KIND_WORDS = {
    ATTRIBUTION: "generators",
    MEMBERSHIP: "training data, regions",
    RECONSTRUCTION: "training data, reconstruction",
}
SHOWN = 500  # rows that are sent; the CSV has them all


def table() -> None:
    rows = engine.gate().log()
    if not rows:
        st.info("Nothing was tried yet. Open Generators or Training: each result is noted here.")
        return
    left, middle, right = st.columns([2.4, 2, 1], vertical_alignment="bottom")
    words = left.text_input("Filter", key="filter", placeholder="a set, a backbone, a linkage ...")
    kinds = middle.multiselect("Question", list(KIND_WORDS), key="kinds", format_func=KIND_WORDS.get)
    found = [row for row in rows if _matches(row, words, kinds)]
    with right:
        download.button("CSV", "runs.csv", lambda: trail.as_csv([trail.flat(r) for r in found]), framed=True)
    st.caption(f"{len(found):,} of {len(rows):,} runs" + (f", the latest {SHOWN}" * (len(found) > SHOWN)))
    _draw(found[:SHOWN])


def _matches(row: trail.Row, words: str, kinds: Sequence[str]) -> bool:
    text = " ".join(str(value) for value in trail.flat(row).values()).casefold()
    return (not kinds or row["kind"] in kinds) and all(word in text for word in words.casefold().split())


def _draw(rows: Sequence[trail.Row]) -> None:
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
        "Choose a row to open it. A score is of one configuration: the best of many is flattered by luck."
    )


def _open(row: trail.Row) -> None:
    names = engine.library().names()
    gone = [name for name in row["sets"] if name not in names]
    if gone:
        st.info(f"“{gone[0]}” is not here any more. Import it again to open this run.")
        return
    sets = [engine.library().get(name) for name in row["sets"]]
    links.draw("Open this run on its page", links.href(row["config"], sets))


def in_words(row: trail.Row) -> str:
    """A run in a line: what it is, and its score."""
    flat = trail.flat(row)
    value = "undefined" if flat["value"] is None else digits(flat["value"])
    return f"{config_words(row['config'], flat)}: {flat['score']} {value}"


def config_words(config: Mapping[str, Any], chosen: Mapping[str, Any] | None = None) -> str:
    """A configuration (its flat form) in a line; ``chosen`` has what development chose."""
    backbone, chosen = config.get("backbone"), chosen or config
    share = f"PCA {100 * config['pca']:g}%" if config.get("pca") else None
    parts = [
        features.title(backbone) if backbone else f"autoencoder {config['size']} px, {config['decision']}",
        CROP_WORDS[config["crop"]] if config.get("crop", "full") != "full" else None,
        "untrained" if config.get("weights") == features.UNTRAINED else None,
        share or ("no PCA" if "pca" in config else None),
        _clustering(config),
        chosen.get("distance") if backbone else None,
        rule_words(chosen["rule"]).lower() if chosen.get("rule") else None,
        f"k {chosen['k']}" if chosen.get("k") is not None else None,
    ]
    return ", ".join(str(part) for part in parts if part)


def _clustering(config: Mapping[str, Any]) -> str | None:
    if config.get("linkage"):
        return LINKAGE_WORDS[config["linkage"]]
    return METHOD_WORDS[config["cluster"]] if config.get("cluster") else None


def _shown(row: trail.Row) -> dict[str, Any]:
    flat = trail.flat(row)
    return {
        "time": datetime.fromisoformat(flat["time"]),
        "question": KIND_WORDS[flat["kind"]],
        "configuration": config_words(row["config"], flat),
        "score": flat["score"],
        "value": "undefined" if flat["value"] is None else digits(flat["value"]),
        "95% interval": "" if flat["low"] is None else f"{digits(flat['low'])} to {digits(flat['high'])}",
        "AUC test": "" if flat["test_auc"] is None else digits(flat["test_auc"]),
        "sets": flat["sets"],
    }
