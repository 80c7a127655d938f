"""The source of new images: an upload, which is written to disk immediately, or a folder on the server."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.typing import UploadedFile

from core.errors import ImprintError
from core.images.sources import allowed_folders
from core.images.sources.filenames import display_name
from core.images.sources.opening import is_archive, open_source, without_ending
from core.images.sources.source import Source
from core.images.sources.uploads import Upload
from pages.ui.session import workspace
from pages.ui.widgets.uploads import release

CHOSEN, ROUND, FAULT = "intake", "intake_round", "intake_fault"  # in the session's state
FILES, FOLDER, SERVER = "Files or archives", "A folder", "On this server"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Intake:
    """What is to be imported: an upload, by its id, or an allowed path; ``name`` is proposed for it."""

    title: str
    name: str
    upload: str | None = None
    path: Path | None = None

    def open(self) -> AbstractContextManager[Source]:
        if self.path is not None:
            return open_source(self.path)
        return workspace.current().incoming.source(str(self.upload))


def chosen() -> Intake | None:
    return st.session_state.get(CHOSEN)


def failed() -> bool:
    """Whether ``choose`` will show an error when it is drawn next."""
    return FAULT in st.session_state


def forget() -> None:
    """Discard the upload; a folder on the server is not touched."""
    intake = st.session_state.pop(CHOSEN, None)
    if intake and intake.upload:
        workspace.current().incoming.discard(intake.upload)


def strict() -> bool:
    """Whether only listed folders may be read, as others than the user of this machine have access."""
    return not workspace.current().user.local or st.get_option("server.address") not in LOOPBACK


def choose() -> None:
    """The choice of a source; the preview follows."""
    if FAULT in st.session_state:
        st.error(st.session_state.pop(FAULT))
    way = st.segmented_control("From", [FILES, FOLDER, SERVER], default=FILES, key="way", required=True)
    if way == SERVER:
        _server()
    else:
        _upload(way)


def _upload(way: str) -> None:
    key = f"uploads_{way}_{st.session_state.get(ROUND, 0)}"
    uploads = st.file_uploader(
        "Drop PNG, JPEG, TIFF, DICOM, NIfTI, NPY and NPZ files, or zip and tar archives"
        if way == FILES
        else "Drop a folder; subfolder names define generators or roles",
        accept_multiple_files=True if way == FILES else "directory",
        key=key,
    )
    st.caption("Preview before importing. Uploads that are not imported are deleted after 24 hours.")
    if uploads:
        alone = "1 archive" if is_archive(uploads[0].name) else "1 file"
        name = _proposed(uploads[0].name, archive=len(uploads) == 1 and is_archive(uploads[0].name))
        title = alone if len(uploads) == 1 else f"{len(uploads):,} files"
        with st.spinner(f"Writing {title} to disk"):
            _begin(
                lambda: Intake(
                    title, name, upload=workspace.current().incoming.stage(_handed_over(uploads, key))
                )
            )


def _proposed(path: str, archive: bool) -> str:
    """A name for the data set: that of the archive or of the folder; "" for single files."""
    top, inside, _ = display_name(path).partition("/")
    name = without_ending(top) if archive else top if inside else ""
    return name.strip()[:80].strip()


def _handed_over(uploads: Iterable[UploadedFile], key: str) -> Iterator[Upload]:
    """One file at a time, each freed from memory as soon as it is on disk."""
    copies = {copy.file_id: copy for copy in st.session_state[key]}
    for upload in uploads:
        yield upload.name, upload
        release(upload, copies[upload.file_id])


def _server() -> None:
    left, right = st.columns([6, 1], vertical_alignment="bottom")
    if offered := [str(path) for path in allowed_folders.offered_folders()]:
        text = left.selectbox(
            "Folder or archive on the server", offered, index=None, key="path", accept_new_options=True
        )
    else:
        text = left.text_input("Folder or archive on this machine", key="path", placeholder="/data/synthetic")
    if right.button("Preview", type="primary", width="stretch", key="look"):
        _begin(lambda: _at(text or ""))


def _at(text: str) -> Intake:
    if not text.strip():
        raise ImprintError("Enter or select a folder or an archive on this machine.")
    path = allowed_folders.allowed_folder(Path(text.strip()), strict())
    return Intake(f"`{path}`", _proposed(path.name, archive=True), path=path)


def _begin(make) -> None:
    """Store the choice, or its error, and rerun: the preview needs fresh widgets."""
    try:
        st.session_state[CHOSEN] = make()
    except ImprintError as error:
        st.session_state[FAULT] = str(error)
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    st.session_state.pop("import_report", None)
    st.rerun()
