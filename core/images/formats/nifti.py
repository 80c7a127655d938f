"""NIfTI to 8-bit grey images, one a slice, shown as radiologists look at CT.

The volume is turned to the nearest anatomical axes (as ``nibabel.as_closest_canonical`` does, by whole turns
and flips, never resampled) and cut along one of them:

=========  ===========================  =============================================
axial      from head to feet            front at the top, the patient's right at the left
coronal    from front to back           head at the top, the patient's right at the left
sagittal   from right to left           head at the top, front at the left
=========  ===========================  =============================================

Unsigned 8-bit values without a scale are taken as they are; all others as value x slope + intercept (HU)
through the window.
Source: nifti1.h (RAS+ world: x to the right, y to the front, z to the head).
"""

import zlib
from collections.abc import Iterator

import nibabel
import numpy as np
from nibabel.arrayproxy import ArrayProxy
from nibabel.orientations import apply_orientation, io_orientation

from core.errors import UnreadableImage
from core.images.formats.decoded import Decoded, Facts
from core.images.formats.limits import MAX_SCAN, check_scan
from core.images.formats.signatures import is_gzip
from core.images.formats.windowing import AXES, View, grey
from core.types import Origin

NIFTI_2_SIZE = 540  # sizeof_hdr, the first number of such a file
HEADERS = 2**20  # room for a header and its extensions


def read(data: bytes, view: View) -> Decoded:
    """All slices of a volume. Raises UnreadableImage, and whatever nibabel raises on a damaged file."""
    plain = _inflated(data)
    kind = nibabel.Nifti2Image if NIFTI_2_SIZE in _sizes(plain) else nibabel.Nifti1Image
    image = kind.from_bytes(plain)
    header = image.header
    dtype = header.get_data_dtype()
    if dtype.kind not in "iuf":
        raise UnreadableImage("colours or complex numbers: only volumes of grey values are read")
    shape = _shape(header.get_data_shape())
    axis = len(AXES) - 1 - AXES.index(view.axis)  # of RAS+: sagittal is x, coronal y, axial z
    orientation = io_orientation(image.affine)
    _check(shape, orientation, axis, dtype.itemsize * 8)
    proxy = image.dataobj
    assert isinstance(proxy, ArrayProxy)
    values = np.asanyarray(proxy.get_unscaled()).reshape(shape)
    scale = float(proxy.slope), float(proxy.inter)  # the header has forgotten them by now
    windowed = dtype != np.uint8 or scale != (1, 0)
    slices = [
        grey(plane.astype(np.float32) * scale[0] + scale[1], view.shown) if windowed else plane.copy()
        for plane in _planes(apply_orientation(values, orientation), axis)
    ]
    return Decoded(slices, Facts(Origin("NIfTI", len(data), dtype.itemsize * 8), windowed))


def _inflated(data: bytes) -> bytes:
    """The file's bytes without gzip, counted as they come."""
    if not is_gzip(data):
        return data
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
    plain = unzip.decompress(data, MAX_SCAN + HEADERS)
    if unzip.unconsumed_tail:
        raise UnreadableImage(f"unpacks to more than {MAX_SCAN // 2**20} MiB")
    if not unzip.eof:
        raise UnreadableImage("damaged or truncated (its gzip data end too early)")
    return plain


def _sizes(plain: bytes) -> tuple[int, int]:
    return int.from_bytes(plain[:4], "little"), int.from_bytes(plain[:4], "big")


def _shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Three sides; further dimensions of one are nothing, a second volume is."""
    if any(side != 1 for side in shape[3:]):
        raise UnreadableImage(f"{len(shape)} dimensions: save each volume as a separate file")
    return (*shape[:3], 1, 1)[:3]


def _check(shape: tuple[int, ...], orientation: np.ndarray, axis: int, bits: int) -> None:
    """The volume's size as its header tells it; ``axis`` is one of the turned volume."""
    if np.isnan(orientation).any():
        raise UnreadableImage("its orientation is undefined: an axis has no direction")
    turned = [0, 0, 0]
    for side, (where, _) in zip(shape, orientation, strict=True):
        turned[int(where)] = int(side)
    slices = turned.pop(axis)
    check_scan((turned[1], turned[0]), slices, bits)


def _planes(canonical: np.ndarray, axis: int) -> Iterator[np.ndarray]:
    """(H, W) each, of a RAS+ volume (x, y, z)."""
    for plane in np.moveaxis(canonical[::-1, ::-1, ::-1], axis, 0):
        yield np.ascontiguousarray(plane.T)
