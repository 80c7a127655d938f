"""DICOM and NIfTI files made in code: small scans, whole or with whatever lie a test needs."""

import io
from collections.abc import Mapping
from typing import Any

import nibabel
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from core.errors import UnreadableImage
from core.images.formats.windowing import View
from core.images.importing.decoder import Decoder, Event

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])  # a volume whose x goes to the left and y to the back


def dataset(values: np.ndarray, syntax: str = ExplicitVRLittleEndian, **tags: Any) -> Dataset:
    """``values`` (H, W) or (N, H, W) grey, (H, W, 3) colour; a CT slice unless ``tags`` say otherwise."""
    colour = values.ndim == 3 and values.shape[-1] == 3
    rows, columns = values.shape[:2] if colour else values.shape[-2:]
    bits = values.dtype.itemsize * 8
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = CTImageStorage
    made.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    facts = {
        "SOPClassUID": CTImageStorage,
        "Modality": "CT",
        "Rows": rows,
        "Columns": columns,
        "SamplesPerPixel": 3 if colour else 1,
        "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(values.dtype.kind == "i"),
        "PixelData": values.tobytes() + b"\0" * (values.nbytes % 2),
    }
    if colour:
        facts["PlanarConfiguration"] = 0
    elif values.ndim == 3:
        facts["NumberOfFrames"] = len(values)
    for keyword, value in (facts | tags).items():
        if value is not None:
            setattr(made, keyword, value)
    return made


def saved(made: Dataset, wrap: bool = True) -> bytes:
    """Its bytes; ``wrap``: pixels of a compressed transfer syntax become one fragment, whatever they hold."""
    buffer = io.BytesIO()
    if wrap and UID(made.file_meta.TransferSyntaxUID).is_encapsulated and "PixelData" in made:
        made.PixelData = encapsulate([made.PixelData])
        made["PixelData"].is_undefined_length = True
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def dicom(values: np.ndarray, **tags: Any) -> bytes:
    return saved(dataset(values, **tags))


def nifti(values: np.ndarray, affine: np.ndarray | None = None, **header: Any) -> bytes:
    """A volume (x, y, z); by default x points to the patient's right, y to the front, z to the head."""
    image = nibabel.Nifti1Image(values, np.eye(4) if affine is None else affine)
    for name, value in header.items():
        image.header[name] = value
    return image.to_bytes()


def ct(side: int = 32, seed: int = 0) -> np.ndarray:
    """int16 (side, side), HU between -1350 and 150: what the lung window shows from black to white."""
    return np.random.default_rng(seed).integers(-1350, 151, (side, side)).astype(np.int16)


def decoded(files: Mapping[str, bytes], view: View | None = None) -> dict[str, list[Event]]:
    """What a child makes of files: by name, its images and facts, or the refusal."""
    found: dict[str, list[Event]] = {name: [] for name in files}
    with Decoder(view or View()) as decoder:
        for name, event in decoder.decode(files.items()):
            found[name].append(event)
    return found


def reason(events: list[Event]) -> str:
    (refusal,) = events
    assert isinstance(refusal, UnreadableImage), refusal
    return str(refusal)
