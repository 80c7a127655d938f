"""Data: import images, see what was recognised and rejected, browse and delete data sets."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.images.importing.importer import ImportReport
from core.types import ImageSet, Role
from core.wording import counted
from pages.ui import theme
from pages.ui.data import preview, sharing, upload
from pages.ui.data.reading_options import LAYOUT_WORDS
from pages.ui.layout import page
from pages.ui.session import workspace
from pages.ui.widgets import gallery

IMPORTED = "rejected. All others were imported."
MOST_CLASSES = 7  # with a card each; if there are more, only their number is shown

page.open_page("Data", "Import and browse data sets.")


def show_reports(reports: Sequence[ImportReport]) -> None:
    st.success("  \n".join(map(in_a_line, reports)))
    for note in dict.fromkeys(note for report in reports for note in report.notes):
        st.caption(note)
    preview.refusals([refusal for report in reports for refusal in report.refused], IMPORTED)


def in_a_line(report: ImportReport) -> str:
    image_set = report.image_set
    words = "already exists with the same content" if report.unchanged else "was imported"
    return (
        f"{image_set.name} {words}: {counted(len(image_set), 'image')}, layout: "
        f"{LAYOUT_WORDS[image_set.layout]}.{paired(image_set)}"
    )


def paired(image_set: ImageSet) -> str:
    return (
        f" Paired with {image_set.pair} as its test set."
        if image_set.pair and image_set.part == "development"
        else ""
    )


def overview(image_set: ImageSet) -> None:
    """Counts by class, duplicates, contact sheet, sharing and deletion."""
    st.markdown(f"### {image_set.name}")
    if image_set.view:
        st.caption(f"Scans are displayed with {image_set.view}.")
    classes = by_class(image_set)
    numbers = {"Images": len(image_set)}
    if len(classes) > MOST_CLASSES:
        numbers["Classes"] = len(classes)
    else:
        numbers |= {name: len(files) for name, files in classes.items()}
    for column, (name, number) in zip(st.columns(max(4, len(numbers))), numbers.items(), strict=False):
        column.metric(name, f"{number:,}", border=True)
    copies(image_set)
    left, right = st.columns([5, 1], vertical_alignment="bottom")
    name = left.segmented_control(
        "Contact sheet", list(classes), default=next(iter(classes)), key="class", required=True
    )
    marks = theme.marks([file.label or theme.UNKNOWN for file in image_set.files])
    gallery.show(classes[str(name)], workspace.library(), marks, key=f"sheet_{name}", pager=right)
    sharing.panel(image_set)
    if not workspace.library().owns(image_set.name):
        return
    with st.popover("Delete this data set"):
        st.caption("Deletes the data set and all images that no other data set uses.")
        if st.button("Delete", type="primary", key="delete"):
            workspace.library().delete(image_set.name)
            st.session_state.pop("import_report", None)
            page.go_to_set(None)


def by_class(image_set: ImageSet) -> dict[str, list]:
    """Files by generator if they are labelled, otherwise by role."""
    classes: dict[str, list] = {}
    for file in image_set.files:
        name = file.label if file.role is Role.GENERATED and file.label else page.ROLE_WORDS[file.role]
        classes.setdefault(name, []).append(file)
    return classes


def copies(image_set: ImageSet) -> None:
    if not image_set.duplicates:
        return
    with st.expander(f"Exact duplicates: {counted(len(image_set.duplicates), 'image')} with copies"):
        rows = [
            {
                "files": ", ".join(file.name for file in group),
                "classes": ", ".join(sorted({file.label or page.ROLE_WORDS[file.role] for file in group})),
            }
            for group in image_set.duplicates
        ]
        st.dataframe(pd.DataFrame(rows), hide_index=True, key="copies")


workspace.current().tidy()
chosen = upload.chosen()
if chosen:
    preview.draw(chosen)
    st.stop()
with st.expander("Import images", expanded=not workspace.library().names() or upload.failed()):
    upload.choose()
if "import_report" in st.session_state:
    show_reports(st.session_state["import_report"])
if workspace.library().names():
    overview(page.chosen_set())
else:
    st.info("No data set yet. Import a folder or an archive with one subfolder of images per generator.")
