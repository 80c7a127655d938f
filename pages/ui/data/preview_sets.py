"""The data sets of an import, if there are several: they can be renamed, merged or left out."""

import pandas as pd
import streamlit as st

from core.images.importing.plan import own_name
from core.images.importing.preview import Preview

Suffixes = dict[str, str]  # by folder: added to the name of the import; "" leaves the data set out
CAPTION = (
    "Each row becomes a data set, called by the name of the import followed by its own. Rows with the same "
    "name are merged; an empty name leaves a row out. A development and a test set are paired and are used "
    "together."
)


def draw(seen: Preview) -> Suffixes:
    """A row per data set; empty where there is only one."""
    if len(seen.sets) < 2:
        return {}
    folders = [each.folder for each in seen.sets]
    rows = pd.DataFrame(
        {
            "folder": [folder or "." for folder in folders],
            "name": [own_name("", folder) for folder in folders],
            "part": [each.part or "" for each in seen.sets],
            "paired with": ["" if each.partner is None else folders[each.partner] for each in seen.sets],
            "files": [len(each.paths) for each in seen.sets],
        }
    )
    edited = st.data_editor(
        rows,
        hide_index=True,
        key=f"sets_{abs(hash(tuple(folders)))}",
        disabled=["folder", "part", "paired with", "files"],
        width="stretch",
    )
    st.caption(CAPTION)
    return dict(zip(folders, ((name or "").strip() for name in edited["name"]), strict=True))


def names(suffixes: Suffixes, name: str) -> dict[str, str | None] | None:
    """Names of data sets by folder, None for those left out; None in all if there is only one data set."""
    if not suffixes:
        return None
    return {
        folder: f"{name} {suffix}"[:80].strip() if suffix else None for folder, suffix in suffixes.items()
    }
