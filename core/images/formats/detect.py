"""Any file's bytes to its images. The first bytes say what it is, never its name."""

from core.images.formats import raster
from core.images.formats.decoded import Decoded, Facts
from core.images.formats.signatures import is_dicom, is_nifti, is_numpy
from core.images.formats.windowing import View


def decode(data: bytes, view: View) -> Decoded:
    """All images of a file. Raises UnreadableImage with the reason, and whatever a library may raise."""
    if is_dicom(data):
        from core.images.formats import dicom  # a second to import, and most sets hold none

        return dicom.read(data, view)
    if is_nifti(data):
        from core.images.formats import nifti

        return nifti.read(data, view)
    if is_numpy(data):
        from core.images.formats import numpy_stack

        return numpy_stack.read(data)
    pixels, origin = raster.read(data)
    return Decoded([pixels], Facts(origin))
