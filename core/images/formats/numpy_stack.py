"""NPY and NPZ: arrays of images as generators write them; pickled objects are never loaded.

======================  =================================================================
(H, W)                  one grey image
(H, W, 1 or 3)          one image, channels last
(N, H, W)               N grey images
(N, H, W, 1 or 3)       N images, channels last
(N, 1 or 3, H, W)       N images, channels first
======================  =================================================================

Values become grey levels by the rules in grey_levels.py; three channels then become luma (ITU-R 601-2). An
NPZ with several stacks of images is rejected, as it is unclear which one is meant. One array of as many
integers or texts as there are images, called ``labels`` or similar, gives the generators; others are ignored.
Format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import io
import zipfile
from typing import IO

import numpy as np
from numpy.lib import format as npy

from core.errors import UnreadableImage
from core.images.formats.decoded import Decoded, Facts
from core.images.formats.grey_levels import check_contrast, scale_of
from core.images.formats.limits import MAX_SLICES, MIN_SIDE, check_scan
from core.images.formats.signatures import is_npy
from core.images.formats.windowing import View
from core.types import Origin

CHANNELS = (1, 3)
LUMA = np.array([299, 587, 114], np.float32) / 1000  # ITU-R 601-2
LABELS = ("labels", "label", "y", "generator", "generators", "classes", "arr_1")
LONGEST = 80  # characters of a label
HEADER = 10_000  # bytes; also numpy's own limit
Shape = tuple[int, ...]


def read(data: bytes, view: View) -> Decoded:
    """All images of a file. Raises UnreadableImage, and anything that numpy raises on a damaged file."""
    if is_npy(data):
        found, labels = _array(io.BytesIO(data), len(data)), np.array([])
        kind = "NPY"
    else:
        found, labels = _of_archive(data)
        kind = "NPZ"
    stack = _channels_last(found)
    scale = scale_of(stack, view)
    images = list(_luma(scale.grey(stack)))
    if scale.window:
        check_contrast(images, float(stack.min()), float(stack.max()), scale.window)
    facts = Facts(
        Origin(kind, len(data), found.dtype.itemsize * 8),
        windowed=scale.window is not None,
        scaled=scale.scaled,
        notes=scale.notes,
        labels=tuple(str(label)[:LONGEST] for label in labels) if len(labels) == len(images) else (),
    )
    return Decoded(images, facts)


def _of_archive(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """The only array of an NPZ that has the shape of images, and the labels, empty if there are none."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        headers = {}
        for entry in archive.infolist():
            if entry.filename.endswith(".npy"):
                with archive.open(entry) as file:
                    headers[entry.filename] = _header(file)
        stacks = [name for name, (shape, _) in headers.items() if _is_stack(shape)]
        if len(stacks) != 1:
            raise UnreadableImage(
                f"contains {len(stacks)} arrays that could be images: save one stack of images per file"
            )
        with archive.open(stacks[0]) as file:
            found = _array(file, archive.getinfo(stacks[0]).file_size)
        named = next((name for name in headers if name.removesuffix(".npy").lower() in LABELS), None)
        return found, np.array([]) if named is None else _labels(archive, named, *headers[named])


def _labels(archive: zipfile.ZipFile, name: str, shape: Shape, dtype: np.dtype) -> np.ndarray:
    """A list of integers or texts, no longer than a stack may be; empty if it is anything else."""
    size = int(np.prod(shape)) * dtype.itemsize
    if dtype.hasobject or dtype.kind not in "iuUb" or len(shape) != 1 or size > MAX_SLICES * 4 * LONGEST:
        return np.array([])
    with archive.open(name) as file:
        return np.load(io.BytesIO(file.read(size + HEADER)), allow_pickle=False)


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


def _luma(stack: np.ndarray) -> np.ndarray:
    if stack.shape[-1] == 1:
        return stack[..., 0].copy()
    return np.rint(stack.astype(np.float32) @ LUMA).astype(np.uint8)
