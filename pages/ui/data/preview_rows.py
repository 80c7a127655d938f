"""The folders of a preview, one row each: role, generator and a few images; both can be changed."""

import html
from collections import Counter

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.images.importing import roles
from core.images.importing.preview import Folder, Preview
from core.images.importing.roles import ManualRole, parse_manual_role
from core.types import Role
from core.wording import counted
from pages.ui import theme
from pages.ui.data import upload
from pages.ui.layout import page as layout_page
from pages.ui.widgets import gallery

OUT, TABLE, ASK = "leave out", "from the table", "choose a role"
ROWS = 20  # folders per page of the table
TOTALS = {OUT: "left out", TABLE: "with a role from the table", ASK: "without a role"}
HAND = "preview_hand"  # key in the session state
COLUMNS = [2.2, 1.5, 1.5, 3.6]
COLOURS = {
    Role.GENERATED: theme.ROLES["generated"],
    Role.REAL_USED: theme.ROLES["used"],
    Role.REAL_NOT_USED: theme.ROLES["not used"],
    Role.REAL_UNKNOWN: theme.GREY,
}


def draw(seen: Preview, pager: DeltaGenerator) -> dict[str, ManualRole] | None:
    """One row per folder; returns the changes, or None if everything is as recognised."""
    said: dict[str, tuple[str, str]] = st.session_state.setdefault(HAND, {})
    pages, page = -(-len(seen.folders) // ROWS), 1
    if pages > 1:
        page = int(pager.number_input(f"Page (of {pages})", 1, pages, 1, key="folders_page"))
    heads = st.columns(COLUMNS)
    for column, text in zip(heads, ("Folder", "Role", "Generator", "Example images"), strict=True):
        column.caption(text)
    for number, folder in enumerate(seen.folders):
        if (page - 1) * ROWS <= number < page * ROWS:
            said[folder.folder] = _row(number, folder, said.get(folder.folder))
    if all(said.get(folder.folder, _default(folder)) == _default(folder) for folder in seen.folders):
        return None
    given = {folder.folder: said.get(folder.folder, _default(folder)) for folder in seen.folders}
    return {
        folder.folder: _by_hand(*given[folder.folder], given[folder.folder] != _default(folder))
        for folder in seen.folders
        if given[folder.folder][0] not in (TABLE, ASK)
    }


def _default(folder: Folder) -> tuple[str, str]:
    """Role and generator as recognised."""
    if folder.asked:
        return ASK, ""
    if folder.table:
        return TABLE, ""
    return (layout_page.ROLE_WORDS[folder.role] if folder.role else OUT), folder.label or ""


def _by_hand(word: str, label: str, changed: bool) -> ManualRole:
    role = next((role for role, words in layout_page.ROLE_WORDS.items() if words == word), None)
    return parse_manual_role(role or roles.LEAVE_OUT, label if changed and role is Role.GENERATED else None)


def _row(number: int, folder: Folder, said: tuple[str, str] | None) -> tuple[str, str]:
    role, label = said or _default(folder)
    name, pick, generator, sheet = st.columns(COLUMNS, vertical_alignment="center")
    words = [*layout_page.ROLE_WORDS.values(), OUT, *([TABLE] if folder.table else [])]
    words += [ASK] if folder.asked else []
    shown = folder.folder or "not in a folder"
    name.html(
        f'<div class="folder" title="{html.escape(shown)}"><b>{html.escape(shown)}</b>'
        f"<span>{html.escape(_counts(folder))}</span></div>"
    )
    turn = st.session_state.get(upload.ROUND, 0)
    key = f"{turn}_{hash((folder.folder, folder.role, folder.label))}_{number}"
    role = pick.selectbox(
        f"Role of {shown}", words, words.index(role), key=f"role_{key}", label_visibility="collapsed"
    )
    made = role == layout_page.ROLE_WORDS[Role.GENERATED]
    label = generator.text_input(
        f"Generator of {shown}",
        label,
        max_chars=roles.LONGEST if len(label) <= roles.LONGEST else None,
        key=f"generator_{key}",
        label_visibility="collapsed",
        placeholder="unknown" if made else "",
        disabled=not made,
    )
    with sheet:
        _sheet(folder, role)
    return role, label if made else ""


def _counts(folder: Folder) -> str:
    counts = counted(folder.files, "file")
    if folder.decoded == folder.files != folder.images:
        counts += f", {folder.images:,} images"
    return f"{counts}: {folder.refused}" if folder.refused else counts


def _sheet(folder: Folder, word: str) -> None:
    """Example images with a border in the colour of the role."""
    colour = next(
        (COLOURS[role] for role, words in layout_page.ROLE_WORDS.items() if words == word), theme.GREY
    )
    figures = [gallery.figure(pixels, [], colour, name) for name, pixels in folder.samples]
    if figures:
        gallery.row(figures, small=True)
    else:
        st.caption("no preview available")


def open_folders(seen: Preview) -> list[str]:
    """Folders that still need a role, after the rows are drawn."""
    said: dict[str, tuple[str, str]] = st.session_state[HAND]
    return [each.folder for each in seen.folders if each.asked and said.get(each.folder, (ASK,))[0] == ASK]


def total(seen: Preview) -> str:
    """What the import would contain, by role, after the rows are drawn."""
    said: dict[str, tuple[str, str]] = st.session_state[HAND]
    counts: Counter[str] = Counter()
    generators = set()
    for folder in seen.folders:
        word, label = said.get(folder.folder, _default(folder))
        counts[word] += folder.files
        generators |= {label} if label else set()
    parts = [f"{count:,} {TOTALS.get(word, word)}" for word, count in counts.items()]
    return f"Files: {', '.join(parts)}." + (f" Generators: {len(generators)}." if generators else "")
