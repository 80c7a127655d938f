"""A few images that are dropped on the page: decoded in the caged process, held by the session only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.typing import UploadedFile

from core.errors import BadChoice, ImprintError, UnreadableImage
from core.images.formats.windowing import DEFAULT, View
from core.images.importing.decoder import Decoder, names_of
from core.images.sources.filenames import display_name, without_image_syntax
from core.images.sources.opening import is_archive
from core.wording import counted
from pages.ui.widgets.uploads import release

MOST, MOST_BYTES, MOST_PIXELS = 29, 64 * 2**20, 128_000_000  # of all files together
HELD, ROUND, FAULT = "dropped", "dropped_round", "dropped_fault"  # in the session's state
IMPORT = (
    "Import them as a data set on the Data page, and name that: "
    "`python -m core identify DATA-SET --known KNOWN-SET`."
)


@dataclass(frozen=True, eq=False)
class Dropped:
    """Grey images uint8 (H, W), files that can't be read with the reason, and remarks."""

    names: tuple[str, ...]
    images: tuple[np.ndarray, ...]
    refused: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def held() -> Dropped | None:
    return st.session_state.get(HELD)


def number() -> int:
    """Another one for other images."""
    return int(st.session_state.get(ROUND, 0))


def take() -> None:
    """The place to drop files; what is dropped is decoded at once, and its bytes are freed."""
    if FAULT in st.session_state:
        st.error(st.session_state.pop(FAULT))
    key = f"identify_{number()}"
    uploads = st.file_uploader(
        f"Drop up to {MOST} images (PNG, JPEG, TIFF, DICOM, NPY; {MOST_BYTES // 2**20} MB together)",
        accept_multiple_files=True,
        key=key,
        max_upload_size=MOST_BYTES // 2**20,
    )
    if not uploads:
        return
    with st.spinner("Decoding"):
        try:
            st.session_state[HELD] = read(_handed_over(uploads, key))
        except ImprintError as error:
            st.session_state[FAULT] = str(error)
    _next_round()


def clear() -> None:
    st.session_state.pop(HELD, None)
    _next_round()


def _next_round() -> None:
    """Another uploader: an empty one."""
    st.session_state[ROUND] = number() + 1
    st.rerun()


def _handed_over(uploads: Sequence[UploadedFile], key: str) -> list[tuple[str, bytes]]:
    """Names and bytes; all are freed, also where they are too many. Raises BadChoice."""
    copies = {copy.file_id: copy for copy in st.session_state[key]}
    few = len(uploads) <= MOST
    small = sum(upload.size for upload in uploads) <= MOST_BYTES
    files = []
    for upload in uploads:
        if few and small:
            files.append((display_name(upload.name), upload.getvalue()))
        release(upload, copies[upload.file_id])
    if not few:
        raise BadChoice(f"{len(uploads)} files: at most {MOST} are compared here. {IMPORT}")
    if not small:
        raise BadChoice(f"These files have more than {MOST_BYTES // 2**20} MB together. {IMPORT}")
    return files


def read(files: Sequence[tuple[str, bytes]]) -> Dropped:
    """Raises BadChoice where there are too many images, or none that can be read."""
    names: list[str] = []
    images: list[np.ndarray] = []
    refused: list[tuple[str, str]] = []
    notes: list[str] = []
    plain = [file for file in files if not is_archive(file[0])]
    refused += [(name, "an archive: import it on the Data page") for name, _ in files if is_archive(name)]
    with Decoder(View()) as decoder:
        for name, made, event in decoder.whole_files(plain, _check):
            if isinstance(event, UnreadableImage):
                refused.append((name, str(event)))
                continue
            names += names_of(name, made)
            images += made
            if event.windowed:
                notes.append(f"{name} is a scan, shown in the {DEFAULT} window.")
    if not images:
        reason = without_image_syntax(refused[0][1]) if refused else "no image in it"
        raise BadChoice(f"None of the {counted(len(files), 'file')} can be read: {reason}.")
    return Dropped(tuple(names), tuple(images), tuple(refused), tuple(notes))


def _check(images: int, pixels: int) -> None:
    if images > MOST:
        raise BadChoice(f"More than {MOST} images: at most {MOST} are compared here. {IMPORT}")
    if pixels > MOST_PIXELS:
        raise BadChoice(f"These images have more than {MOST_PIXELS // 10**6} million pixels. {IMPORT}")
