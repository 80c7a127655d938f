"""NPY and NPZ: arrays of images as generators write them; pickled objects are never loaded.

======================  =================================================================
(H, W)                  one grey image
(H, W, 1 or 3)          one image, channels last
(N, H, W)               N grey images
(N, H, W, 1 or 3)       N images, channels last
(N, 1 or 3, H, W)       N images, channels first
bool                    0 and 255
uint8                   as it is
uint16                  v / 257 rounded: the full range 0..65535 to 0..255
float                   0..1: times 255; -1..1: (v + 1) / 2 times 255; 0..255: rounded
other integers          0..255: as they are
======================  =================================================================

Three channels are converted to luma (ITU-R 601-2). Other arrays in an NPZ (labels, latent codes) are ignored;
an NPZ with several stacks of images is rejected, as it is unclear which one is meant.
Format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import io
import zipfile
from typing import IO

import numpy as np
from numpy.lib import format as npy

from core.errors import UnreadableImage
from core.images.formats.decoded import Decoded, Facts
from core.images.formats.limits import MIN_SIDE, check_scan
from core.images.formats.raster import scale_16_bit
from core.images.formats.signatures import is_npy
from core.types import Origin

CHANNELS = (1, 3)
LUMA = np.array([299, 587, 114], np.float32) / 1000  # ITU-R 601-2
UNIT, SIGNED, BYTES, WORDS = "0 to 1", "-1 to 1", "0 to 255", "0 to 65535"  # the recognised ranges
HEADER = 10_000  # bytes; also numpy's own limit
SLACK = 1e-3  # rounding errors by which values may exceed a range
Shape = tuple[int, ...]


def read(data: bytes) -> Decoded:
    """All images of a file. Raises UnreadableImage, and anything that numpy raises on a damaged file."""
    if is_npy(data):
        found = _array(io.BytesIO(data), len(data))
        kind = "NPY"
    else:
        found, kind = _of_archive(data), "NPZ"
    stack = _channels_last(found)
    grey, scaled = _grey(stack)
    return Decoded(list(grey), Facts(Origin(kind, len(data), found.dtype.itemsize * 8), scaled=scaled))


def _of_archive(data: bytes) -> np.ndarray:
    """The only array of an NPZ that has the shape of images; none or several are rejected."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        shapes = {}
        for entry in archive.infolist():
            if entry.filename.endswith(".npy"):
                with archive.open(entry) as file:
                    shapes[entry.filename] = _header(file)[0]
        stacks = [name for name, shape in shapes.items() if _is_stack(shape)]
        if len(stacks) != 1:
            raise UnreadableImage(
                f"contains {len(stacks)} arrays that could be images: save one stack of images per file"
            )
        with archive.open(stacks[0]) as file:
            return _array(file, archive.getinfo(stacks[0]).file_size)


def _header(file: IO[bytes]) -> tuple[Shape, np.dtype]:
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    version = npy.read_magic(file)
    if version not in readers:
        raise UnreadableImage(
            f"NPY version {version[0]}.{version[1]} is not supported: save it with a current NumPy"
        )
    shape, _, dtype = readers[version](file)
    return shape, dtype


def _array(file: IO[bytes], size: int) -> np.ndarray:
    """The array, after its header is checked against the limits and the size of the file in bytes."""
    head = io.BytesIO(file.read(HEADER))
    shape, dtype = _header(head)
    if dtype.hasobject:
        raise UnreadableImage("contains Python objects, which are never loaded: save plain numbers")
    if dtype.kind not in "buif":
        raise UnreadableImage(f"contains {dtype.name} values, which are not grey values")
    if not _is_stack(shape):
        raise UnreadableImage(
            f"an array of shape ({', '.join(map(str, shape))}) is not an image or a stack of images"
        )
    height, width, count, channels = _sizes(shape)
    check_scan((height, width), count, dtype.itemsize * 8 * channels)
    if size < int(np.prod(shape)) * dtype.itemsize:
        raise UnreadableImage("truncated: its header declares more data than the file contains")
    head.seek(0)
    return np.load(io.BytesIO(head.read() + file.read()), allow_pickle=False)


def _is_stack(shape: Shape) -> bool:
    return len(shape) in (2, 3, 4) and _sizes(shape) != (0, 0, 0, 0) and min(_sizes(shape)[:2]) >= MIN_SIDE


def _sizes(shape: Shape) -> tuple[int, int, int, int]:
    """Height, width, number of images, channels; zeros if it is not the shape of images."""
    if len(shape) == 2:
        return shape[0], shape[1], 1, 1
    if len(shape) == 3:
        last = shape[2] in CHANNELS
        return (shape[0], shape[1], 1, shape[2]) if last else (shape[1], shape[2], shape[0], 1)
    if shape[3] in CHANNELS:
        return shape[1], shape[2], shape[0], shape[3]
    return (shape[2], shape[3], shape[0], shape[1]) if shape[1] in CHANNELS else (0, 0, 0, 0)


def _channels_last(found: np.ndarray) -> np.ndarray:
    """The array as (N, H, W, C)."""
    height, width, count, channels = _sizes(found.shape)
    first = found.ndim == 4 and found.shape[3] not in CHANNELS
    return (np.moveaxis(found, 1, 3) if first else found).reshape(count, height, width, channels)


def _grey(stack: np.ndarray) -> tuple[np.ndarray, str]:
    """uint8 (N, H, W), and the range that was recognised ("" for 8-bit values and masks)."""
    kind = stack.dtype.kind
    if stack.dtype == bool:
        return _luma(stack.astype(np.uint8) * 255), ""
    if stack.dtype == np.uint8:
        return _luma(stack), ""
    if stack.dtype == np.uint16:
        return _luma(scale_16_bit(stack)), WORDS
    low, high = float(stack.min()), float(stack.max())
    if not np.isfinite([low, high]).all():
        raise UnreadableImage("contains values that are not finite (NaN or infinity)")
    if kind == "f" and high <= 1 + SLACK and low >= -1 - SLACK:
        unit = stack if low >= -SLACK else (stack + 1) / 2
        return _luma(_rounded(unit * 255)), UNIT if low >= -SLACK else SIGNED
    if low >= 0 and high <= 255:
        return _luma(_rounded(stack)), BYTES
    raise UnreadableImage(
        f"values from {low:g} to {high:g} fit no known range: scale them to 0..1, -1..1 or 0..255"
    )


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _luma(stack: np.ndarray) -> np.ndarray:
    return stack[..., 0].copy() if stack.shape[-1] == 1 else _rounded(stack.astype(np.float32) @ LUMA)
