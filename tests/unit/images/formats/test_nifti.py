"""NIfTI: which way up a slice comes out, and what is refused by the header alone."""

import gzip
import itertools
from collections.abc import Callable

import nibabel
import numpy as np
import pytest

from core.errors import UnreadableImage
from core.images.formats import nifti as formats_nifti
from core.images.formats.decoded import NOT_HU
from core.images.formats.grey_levels import BYTES, SIGNED, UNIT
from core.images.formats.windowing import AXES, PRESETS, View, Window, grey
from core.types import Origin
from tests.unit.images.crafted_files import gzipped
from tests.unit.images.scans import nifti

SHAPE = (16, 18, 20)  # right, front, head
VOLUME = np.random.default_rng(0).integers(-1350, 151, SHAPE).astype(np.int16)


def read(data: bytes, view: View | None = None) -> list[np.ndarray]:
    return formats_nifti.read(data, view or View()).images


def marked() -> np.ndarray:
    """White in the corner that is most to the right, the front and the head; black elsewhere."""
    volume = np.full(SHAPE, -1350, np.int16)
    volume[-1, -1, -1] = 150
    return volume


@pytest.mark.parametrize(
    ("axis", "count", "size"),
    [("axial", 20, (18, 16)), ("coronal", 18, (20, 16)), ("sagittal", 16, (20, 18))],
)
def test_slices_come_as_radiologists_look_at_them(axis: str, count: int, size: tuple[int, int]) -> None:
    """RAS+: x to the right, y to the front, z to the head. The corner is top left in the first slice."""
    images = read(nifti(marked()), View(axis=axis))
    assert (len(images), images[0].shape) == (count, size)
    assert images[0][0, 0] == 255
    assert sum(int(image.sum()) for image in images) == 255


def stored(order: tuple[int, ...], flips: tuple[int, ...]) -> bytes:
    """The same volume in another order of axes and directions, and the affine that says so."""
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    for here, (there, flip) in enumerate(zip(order, flips, strict=True)):
        affine[there, here] = flip
    return nifti(VOLUME.transpose(order)[tuple(slice(None, None, flip) for flip in flips)], affine)


@pytest.mark.parametrize("axis", AXES)
def test_all_48_ways_of_storing_a_volume_give_the_same_slices(axis: str) -> None:
    expected = read(nifti(VOLUME), View(axis=axis))
    for order in itertools.permutations(range(3)):
        for flips in itertools.product((1, -1), repeat=3):
            assert np.array_equal(read(stored(order, flips), View(axis=axis)), expected)


def test_the_axes_are_those_of_nibabels_closest_canonical() -> None:
    data = stored((2, 0, 1), (-1, 1, -1))
    canonical = nibabel.as_closest_canonical(nibabel.Nifti1Image.from_bytes(data))
    top = np.asanyarray(canonical.dataobj)[:, :, -1]
    assert np.array_equal(read(data)[0], grey(top[::-1, ::-1].T, PRESETS["lung"]))


def test_values_are_scaled_before_the_window() -> None:
    """Half of even values, with slope 2 and intercept 10; then the chosen window."""
    even = VOLUME // 2 * 2
    halved = bytearray(nifti(even // 2))
    halved[112:120] = np.array([2, 10], "<f4").tobytes()  # scl_slope, scl_inter of nifti1.h
    view = View(Window(0, 100))
    assert np.array_equal(read(bytes(halved), view), read(nifti(even + np.int16(10)), view))


def test_eight_bits_are_taken_as_they_are() -> None:
    volume = np.random.default_rng(0).integers(0, 256, SHAPE).astype(np.uint8)
    decoded = formats_nifti.read(nifti(volume), View())
    assert np.array_equal(decoded.images[-1], volume[::-1, ::-1, 0].T)
    assert not decoded.facts.windowed


def test_gzip_nifti_2_and_big_endian() -> None:
    plain = nifti(VOLUME)
    expected = read(plain)
    assert np.array_equal(read(gzip.compress(plain)), expected)
    assert np.array_equal(read(nibabel.Nifti2Image(VOLUME, np.eye(4)).to_bytes()), expected)
    image = nibabel.Nifti1Image.from_bytes(plain)
    swapped = nibabel.Nifti1Image(VOLUME, np.eye(4), image.header.as_byteswapped(">"))
    assert np.array_equal(read(swapped.to_bytes()), expected)
    assert formats_nifti.read(plain, View()).facts.origin == Origin("NIfTI", len(plain), 16)


def test_a_single_plane_and_empty_further_dimensions() -> None:
    assert np.array_equal(read(nifti(VOLUME[:, :, 0])), read(nifti(VOLUME))[-1:])
    assert np.array_equal(read(nifti(VOLUME[..., None, None])), read(nifti(VOLUME)))


def test_nothing_is_black() -> None:
    """NaN, which masked float volumes hold outside the body."""
    volume = np.full(SHAPE, np.nan, np.float32)
    volume[..., 0], volume[..., 1] = 150, -1350
    assert [np.unique(image).tolist() for image in read(nifti(volume))] == [[0]] * 19 + [[255]]


@pytest.mark.parametrize(
    ("made", "scaled"),
    [
        (lambda share: share, UNIT),
        (lambda share: share * 2 - 1, SIGNED),
        (lambda share: np.rint(share * 255), BYTES),
    ],
)
def test_floats_without_units_are_recognised_and_not_put_through_a_window(
    made: Callable[[np.ndarray], np.ndarray], scaled: str
) -> None:
    """A generator's output as a volume; through the lung window, all of it would be one grey."""
    eight = np.random.default_rng(0).integers(0, 256, SHAPE).astype(np.uint8)
    eight.flat[:2] = 0, 255
    found = formats_nifti.read(nifti(made(eight / np.float32(255)).astype(np.float32)), View())
    assert np.array_equal(np.stack(found.images), np.stack(read(nifti(eight))))
    assert found.facts.scaled == scaled


def test_a_window_that_shows_one_grey_is_refused() -> None:
    volume = np.random.default_rng(0).random(SHAPE).astype(np.float32)
    with pytest.raises(UnreadableImage, match="window 2000/100 shows all of its values"):
        read(nifti(volume), View(Window(2000, 100)))


def test_values_that_cannot_be_hu_are_noted() -> None:
    """A CT has air, which is -1000 HU; with 1024 added to all, nothing is below 0."""
    assert formats_nifti.read(nifti(VOLUME), View()).facts.notes == ()
    above = (VOLUME - VOLUME.min() + np.int16(24)).astype(np.int16)
    assert formats_nifti.read(nifti(above), View(Window(500, 2000))).facts.notes == (NOT_HU,)


def lying(shape: tuple[int, ...]) -> bytes:
    """dim[0..3] at byte 40 of nifti1.h, in a file that holds no more than VOLUME."""
    data = bytearray(nifti(VOLUME))
    data[40:48] = np.array([len(shape), *shape], "<i2").tobytes()
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (nifti(np.zeros((*SHAPE, 2), np.int16)), "4 dimensions: save each volume"),
        (nifti(VOLUME[:8]), "8 x 18 pixels: too small"),
        (lying((30_000, 30_000, 1)), "30000 x 30000 pixels: more than 64 million"),
        (lying((600, 600, 5000)), "5000 frames or slices"),
        (lying((1000, 1000, 1000)), "1,908 MiB when decoded"),
        (nifti(np.zeros(SHAPE, np.complex64)), "colour or complex values"),
        (gzip.compress(nifti(VOLUME))[:-100], "its gzip data end too early"),
    ],
)
def test_what_is_refused_and_why(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableImage, match=reason):
        read(data)


def test_a_gzip_bomb_is_counted_as_it_comes() -> None:
    with pytest.raises(UnreadableImage, match="unpacks to more than 512 MiB"):
        read(gzipped(600))
