"""Decodes a file of any supported format. The format is detected by the first bytes, never by the name."""

from core.images.formats import raster
from core.images.formats.decoded import Decoded
from core.images.formats.signatures import is_dicom, is_nifti, is_numpy
from core.images.formats.windowing import View


def decode(data: bytes, view: View, secret: bytes = b"") -> Decoded:
    """All images of a file; ``secret``: key of the hashes of patients and series.

    Raises UnreadableImage with the reason, and anything that a library raises.
    """
    if is_dicom(data):
        from core.images.formats import dicom  # takes a second to import, and few data sets need it

        return dicom.read(data, view, secret)
    if is_nifti(data):
        from core.images.formats import nifti

        return nifti.read(data, view)
    if is_numpy(data):
        from core.images.formats import numpy_stack

        return numpy_stack.read(data, view)
    return raster.read(data, view)
