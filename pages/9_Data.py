"""Data: bring images in, see what was recognised and what was refused, look at them, delete them."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import streamlit as st

from core.errors import ImprintError
from core.images import layouts, windows
from core.images.importing import SCANS, ImportReport, import_source
from core.images.layouts import LAYOUTS
from core.images.readers import SUFFIXES
from core.images.sources import Source, from_files, from_zip, open_source, open_zip
from core.images.windows import View
from core.progress import Step
from core.values import ImageSet, Role
from pages.ui import engine, frame, gallery, shares, style

LAYOUT_WORDS = {
    "auto": "find out",
    "generators": "a folder a generator",
    "membership": "generated, real_used, real_not_used, real_unknown",
    "flat": "flat, with a CSV of labels",
}

frame.open_page("Data", "Bring images in, and see what is there.")


def import_form() -> None:
    """One form: from where, under which name, in which layout. The report outlives the rerun."""
    with st.form("import", border=True):
        left, right = st.columns(2)
        uploads = left.file_uploader(
            "Drop a zip, or PNG, JPEG, TIFF, DICOM and NIfTI files",
            type=["zip", *(suffix.removeprefix(".") for suffix in (*SUFFIXES, *SCANS))],
            accept_multiple_files=True,
            key="uploads",
        )
        path = right.text_input(
            "Or a folder or zip on this machine", key="path", placeholder="/data/synthetic"
        )
        table = right.file_uploader(
            "Labels (CSV: file, label), if the names don't tell", type="csv", key="labels"
        )
        bottom = st.columns([2, 2, 1], vertical_alignment="bottom")
        name = bottom[0].text_input("Name of the set", key="name", max_chars=80)
        layout = bottom[1].selectbox(
            "Layout", ["auto", *LAYOUTS.names()], key="layout", format_func=LAYOUT_WORDS.get
        )
        go = bottom[2].form_submit_button("Import", type="primary", width="stretch")
        view, rename = scan_choices()
    if not go:
        return
    bar = st.progress(0.0, text="Reading")
    try:
        if path.strip() and not engine.gate().user.local:
            raise ImprintError("Folders of the server are not for the browser. Choose files to upload.")
        if not uploads and not path.strip():
            raise ImprintError("Choose files to import, or name a folder or zip on this machine.")
        labels = None
        if table is not None:
            labels = layouts.read_labels(table.getvalue().decode("utf-8-sig", "replace"), table.name)
        with source_of(uploads, path) as source:
            report = import_source(
                source,
                name.strip() or "",
                engine.library(),
                layout,
                labels,
                lambda step: bar.progress(*shown(step)),
                view(),
                rename,
            )
    except ImprintError as error:
        bar.empty()
        st.error(str(error))
        return
    st.session_state["import_report"] = report
    frame.go_to_set(report.image_set.name)


def scan_choices() -> tuple[Callable[[], View], bool]:
    """How DICOM and NIfTI are shown (asked of the form when it is sent), and whether files are numbered."""
    columns = st.columns([2, 2, 3], vertical_alignment="bottom")
    window = columns[0].selectbox(
        "Window of scans, HU",
        list(windows.PRESETS),
        index=None,
        key="window",
        placeholder=f"{windows.DEFAULT}, or centre/width",
        format_func=lambda name: f"{name} ({windows.window(name)})" if name in windows.PRESETS else name,
        accept_new_options=True,
    )
    axis = columns[1].selectbox("Cut volumes", windows.AXES, key="axis")
    rename = columns[2].checkbox("Numbers instead of file names, which may tell of patients", key="rename")
    return lambda: View(windows.window(window) if window else None, axis), rename


def shown(step: Step) -> tuple[float, str]:
    return step.done / step.total, f"{step.done} of {step.total} images, {step.rate:.0f} a second"


@contextmanager
def source_of(uploads: list, path: str) -> Iterator[Source]:
    """What the form was given: a zip alone, files, or a path."""
    if not uploads:
        with open_source(Path(path.strip()).expanduser()) as source:
            yield source
    elif len(uploads) == 1 and uploads[0].name.lower().endswith(".zip"):
        with tempfile.SpooledTemporaryFile(max_size=64 * 2**20) as file:
            file.write(uploads[0].getbuffer())
            with open_zip(file, uploads[0].name) as archive:
                yield from_zip(archive)
    else:
        yield from_files({upload.name: upload.getvalue() for upload in uploads})


def show_report(report: ImportReport) -> None:
    image_set = report.image_set
    words = "was here already, with the same content" if report.unchanged else "is imported"
    st.success(
        f"{image_set.name} {words}: {len(image_set)} images, layout: {LAYOUT_WORDS[image_set.layout]}."
    )
    for note in report.notes:
        st.caption(note)
    if report.refused:
        st.warning(f"{len(report.refused)} files were refused; the rest is here.")
        rows = [{"file": refusal.file, "reason": refusal.reason} for refusal in report.refused]
        st.dataframe(pd.DataFrame(rows), hide_index=True, key="refused")


def overview(image_set: ImageSet) -> None:
    """Counts by class, copies, contact sheet, and the way out."""
    st.markdown(f"### {image_set.name}")
    classes = by_class(image_set)
    columns = st.columns(max(4, len(classes) + 1))
    columns[0].metric("Images", f"{len(image_set):,}", border=True)
    for column, (name, files) in zip(columns[1:], classes.items(), strict=False):
        column.metric(name, f"{len(files):,}", border=True)
    copies(image_set)
    left, right = st.columns([5, 1], vertical_alignment="bottom")
    name = left.segmented_control(
        "Contact sheet", list(classes), default=next(iter(classes)), key="class", required=True
    )
    marks = style.marks([file.label or style.UNKNOWN for file in image_set.files])
    gallery.show(classes[str(name)], engine.library(), marks, key=f"sheet_{name}", pager=right)
    shares.panel(image_set)
    if not engine.library().owns(image_set.name):
        return
    with st.popover("Delete this set"):
        st.caption("The set and those of its images that no other set holds are removed from this machine.")
        if st.button("Delete", type="primary", key="delete"):
            engine.library().delete(image_set.name)
            st.session_state.pop("import_report", None)
            frame.go_to_set(None)


def by_class(image_set: ImageSet) -> dict[str, list]:
    """Files by generator where it is known, else by role."""
    classes: dict[str, list] = {}
    for file in image_set.files:
        name = file.label if file.role is Role.GENERATED and file.label else frame.ROLE_WORDS[file.role]
        classes.setdefault(name, []).append(file)
    return classes


def copies(image_set: ImageSet) -> None:
    if not image_set.duplicates:
        return
    with st.expander(f"{len(image_set.duplicates)} groups of exact copies"):
        rows = [
            {
                "files": ", ".join(file.name for file in group),
                "classes": ", ".join(sorted({file.label or frame.ROLE_WORDS[file.role] for file in group})),
            }
            for group in image_set.duplicates
        ]
        st.dataframe(pd.DataFrame(rows), hide_index=True, key="copies")


with st.expander(
    "Import images", expanded=not engine.library().names() or "import_report" in st.session_state
):
    import_form()
    if "import_report" in st.session_state:
        show_report(st.session_state["import_report"])
if engine.library().names():
    overview(frame.chosen_set())
else:
    st.info(
        "Nothing is here yet. Name a folder with one sub-folder of images for each generator, and import it."
    )
