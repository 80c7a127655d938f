"""Any file's bytes to its images. The first bytes say what it is, never its name."""

from core.images import readers
from core.images.decoded import Decoded, Facts
from core.images.windows import View

GZIP = b"\x1f\x8b"
NIFTI_MAGIC, NIFTI_AT = (b"n+1\0", b"n+2\0"), (344, 4)  # nifti1.h, nifti2.h
DICOM_MAGIC, DICOM_AT = b"DICM", 128  # PS3.10, 7.1


def decode(data: bytes, view: View) -> Decoded:
    """All images of a file. Raises UnreadableImage with the reason, and whatever a library may raise."""
    if is_dicom(data):
        from core.images import dicom  # a second to import, and most sets hold none

        return dicom.read(data, view)
    if data.startswith(GZIP) or any(data[at : at + 4] in NIFTI_MAGIC for at in NIFTI_AT):
        from core.images import nifti

        return nifti.read(data, view)
    pixels, origin = readers.read(data)
    return Decoded([pixels], Facts(origin))


def is_dicom(data: bytes) -> bool:
    return data[DICOM_AT : DICOM_AT + 4] == DICOM_MAGIC
