"""NIfTI to 8-bit grey images, one per slice, in the radiological display convention for CT.

The volume is reoriented to the nearest anatomical axes (like ``nibabel.as_closest_canonical``, by quarter
turns and flips, without resampling) and cut along one of them:

=========  ===========================  =============================================
axial      from head to feet            front at the top, the patient's right at the left
coronal    from front to back           head at the top, the patient's right at the left
sagittal   from right to left           head at the top, front at the left
=========  ===========================  =============================================

Values become grey levels after value x slope + intercept (grey_levels.py): mostly HU, through a window.
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
from core.images.formats.grey_levels import check_contrast, scale_of_volume
from core.images.formats.limits import MAX_SCAN, check_scan
from core.images.formats.signatures import is_gzip, is_nifti
from core.images.formats.windowing import AXES, View
from core.types import Origin

NIFTI_2_SIZE = 540  # sizeof_hdr, the first number in a NIfTI-2 file
HEADERS = 2**20  # bytes allowed for the header and its extensions


def read(data: bytes, view: View) -> Decoded:
    """All slices of a volume. Raises UnreadableImage, and anything that nibabel raises on a damaged file."""
    plain = _inflated(data)
    kind = nibabel.Nifti2Image if NIFTI_2_SIZE in _sizes(plain) else nibabel.Nifti1Image
    image = kind.from_bytes(plain)
    header = image.header
    dtype = header.get_data_dtype()
    if dtype.kind not in "iuf":
        raise UnreadableImage("contains colour or complex values: only volumes of grey values are read")
    shape = _shape(header.get_data_shape())
    axis = len(AXES) - 1 - AXES.index(view.axis)  # in RAS+: sagittal is x, coronal y, axial z
    orientation = io_orientation(image.affine)
    _check(shape, orientation, axis, dtype.itemsize * 8)
    proxy = image.dataobj
    assert isinstance(proxy, ArrayProxy)
    values = np.asanyarray(proxy.get_unscaled()).reshape(shape)
    own = float(proxy.slope), float(proxy.inter)  # nibabel resets them in the header
    scale = scale_of_volume(values, own, view)
    slices = [scale.grey(plane) for plane in _planes(apply_orientation(values, orientation), axis)]
    if scale.window:
        low, high = sorted(end * scale.slope + scale.intercept for end in (values.min(), values.max()))
        check_contrast(slices, float(low), float(high), scale.window)
    facts = Facts(
        Origin("NIfTI", len(data), dtype.itemsize * 8),
        windowed=scale.window is not None,
        scaled=scale.scaled,
        notes=scale.notes,
    )
    return Decoded(slices, facts)


def _inflated(data: bytes) -> bytes:
    """The file's bytes, decompressed up to the limit on their size."""
    if not is_gzip(data):
        return data
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
    plain = unzip.decompress(data, MAX_SCAN + HEADERS)
    if unzip.unconsumed_tail:
        raise UnreadableImage(f"unpacks to more than {MAX_SCAN // 2**20} MiB")
    if not unzip.eof:
        raise UnreadableImage("damaged or truncated (its gzip data end too early)")
    if plain and not is_nifti(plain):
        raise UnreadableImage("compressed with gzip, but not a NIfTI volume: unpack it first")
    return plain


def _sizes(plain: bytes) -> tuple[int, int]:
    return int.from_bytes(plain[:4], "little"), int.from_bytes(plain[:4], "big")


def _shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Three sides. Further dimensions must have length 1: a second volume is rejected."""
    if any(side != 1 for side in shape[3:]):
        raise UnreadableImage(f"{len(shape)} dimensions: save each volume as a separate file")
    return (*shape[:3], 1, 1)[:3]


def _check(shape: tuple[int, ...], orientation: np.ndarray, axis: int, bits: int) -> None:
    """Check the declared size of the volume; ``axis``: of the reoriented volume."""
    if np.isnan(orientation).any():
        raise UnreadableImage("its orientation is undefined: an axis of its affine has no direction")
    turned = [0, 0, 0]
    for side, (where, _) in zip(shape, orientation, strict=True):
        turned[int(where)] = int(side)
    slices = turned.pop(axis)
    check_scan((turned[1], turned[0]), slices, bits)


def _planes(canonical: np.ndarray, axis: int) -> Iterator[np.ndarray]:
    """Slices (H, W) of a RAS+ volume (x, y, z)."""
    for plane in np.moveaxis(canonical[::-1, ::-1, ::-1], axis, 0):
        yield np.ascontiguousarray(plane.T)
