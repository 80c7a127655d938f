"""Stacks as generators' code writes them: shapes, ranges, and what is refused before it is read."""

import io
import zipfile

import numpy as np
import pytest

from core.errors import UnreadableImage
from core.images.formats import numpy_stack
from core.images.formats.decoded import Decoded
from core.images.formats.grey_levels import BYTES, SIGNED, UNIT, WORDS
from core.images.formats.windowing import PRESETS, View
from core.images.library import Library
from tests.support.samples import noise
from tests.unit.images.scans import decoded

GREY = np.stack(noise(3, 16))  # uint8 (3, 16, 16)


def saved(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


AS_IT_IS = View()


def read(data: bytes, view: View = AS_IT_IS) -> Decoded:
    return numpy_stack.read(data, view)


def archive(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


@pytest.mark.parametrize(
    "array",
    [GREY, GREY[..., None], GREY[:, None], np.repeat(GREY[..., None], 3, 3), np.repeat(GREY[:, None], 3, 1)],
    ids=["N H W", "channels last", "channels first", "RGB last", "RGB first"],
)
def test_shapes(array: np.ndarray) -> None:
    """Three equal channels are the grey itself, as the weights of luma add up to one."""
    found = read(saved(array))
    np.testing.assert_array_equal(np.stack(found.images), GREY)
    assert found.facts.origin.format == "NPY"


def test_a_single_image() -> None:
    for array in (GREY[0], GREY[0][..., None], np.repeat(GREY[0][..., None], 3, 2)):
        (image,) = read(saved(array)).images
        np.testing.assert_array_equal(image, GREY[0])


@pytest.mark.parametrize(
    ("array", "scaled"),
    [
        (GREY, ""),
        (GREY.astype(np.uint16) * 257, WORDS),
        (GREY.astype(np.float32) / 255, UNIT),
        (GREY.astype(np.float64) / 127.5 - 1, SIGNED),
        (GREY.astype(np.float32), BYTES),
        (GREY.astype(np.int64), BYTES),
    ],
    ids=["uint8", "uint16", "0 to 1", "-1 to 1", "0 to 255", "int64"],
)
def test_ranges_are_recognised_and_said(array: np.ndarray, scaled: str) -> None:
    """Each is an exact scaling of the same 8-bit images, so these come back."""
    found = read(saved(array))
    np.testing.assert_array_equal(np.stack(found.images), GREY)
    assert found.facts.scaled == scaled


def test_masks_are_black_and_white() -> None:
    (image, *_) = read(saved(GREY > 100)).images
    np.testing.assert_array_equal(image, np.where(GREY[0] > 100, 255, 0))


def test_of_an_archive_the_array_that_is_images() -> None:
    found = read(archive(images=GREY, labels=np.arange(3)))
    np.testing.assert_array_equal(np.stack(found.images), GREY)
    with pytest.raises(UnreadableImage, match="contains 2 arrays that could be images"):
        read(archive(a=GREY, b=GREY))
    with pytest.raises(UnreadableImage, match="contains 0 arrays"):
        read(archive(labels=np.arange(3)))


def test_labels_beside_the_images() -> None:
    """Integers or texts, one per image; anything else is no list of labels."""
    for labels in (np.array([2, 0, 2]), np.array(["2", "0", "2"]), np.array([2, 0, 2], np.uint8)):
        assert read(archive(images=GREY, labels=labels)).facts.labels == ("2", "0", "2")
        assert read(archive(arr_0=GREY, arr_1=labels)).facts.labels == ("2", "0", "2")
    for other in (np.arange(4), np.zeros((3, 10)), np.zeros(3), np.array([None] * 3)):
        assert read(archive(images=GREY, labels=other)).facts.labels == ()


def test_hu_through_a_chosen_window() -> None:
    """Signed values fit no range of their own; -1350 HU is black in the lung window, 150 white."""
    ends = np.full((1, 16, 16), -1350, np.int16)
    ends[:, :8] = 150
    (image,) = read(saved(ends), View(PRESETS["lung"])).images
    np.testing.assert_array_equal(image, np.where(ends[0] == 150, 255, 0))
    with pytest.raises(UnreadableImage, match="-1350 to 150 fit no known range: choose a window"):
        read(saved(ends))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (saved(np.array([{"a": 1}], object)), "Python objects, which are never loaded"),
        (saved(np.zeros((3, 16, 16), complex)), "contains complex128 values"),
        (saved(np.arange(3)), r"shape \(3\) is not an image"),
        (saved(np.zeros((3, 4, 4), np.uint8)), r"shape \(3, 4, 4\) is not"),
        (saved(np.full((2, 16, 16), -900.0)), "values from -900 to -900 fit no known range"),
        (saved(np.full((2, 16, 16), np.nan)), "not finite"),
        (saved(GREY)[:400], "its header declares more data than the file contains"),
    ],
    ids=["objects", "complex", "one axis", "too small", "HU", "nan", "truncated"],
)
def test_what_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableImage, match=why):
        read(data)


def test_a_header_of_a_hundred_thousand_pixels_a_side_is_refused_unread() -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": "|u1", "fortran_order": False, "shape": (1, 100_000, 100_000)}
    )
    with pytest.raises(UnreadableImage, match="100000 x 100000 pixels: more than 64 million"):
        read(buffer.getvalue())


def test_in_the_decoders_process() -> None:
    """By the way of every import: no stack is opened in this process."""
    events = decoded({"stack": saved(GREY.astype(np.float32) / 255)})["stack"]
    np.testing.assert_array_equal(np.stack(events[:-1]), GREY)
    assert events[-1].scaled == UNIT
    (refused,) = decoded({"objects": saved(np.array([{}], object))})["objects"]
    assert "Python objects" in str(refused)


def test_a_stack_is_many_images_of_a_generator_and_no_patient(library: Library) -> None:
    from core.images.importing.importer import import_source
    from core.images.sources.source import from_files

    files = {"diffusion/samples.npz": archive(arr_0=GREY / 127.5 - 1), "gan/a.npy": saved(GREY[::-1])}
    report = import_source(from_files(files), "s", library)
    assert report.image_set.counts("label") == {"diffusion": 3, "gan": 3}
    assert {file.group for file in report.image_set.files} == {None}
    assert "1 file read as values from -1 to 1, scaled to 8 bits." in report.notes


def test_labels_within_a_stack_are_generators_and_no_picture_of_another_server(library: Library) -> None:
    from core.images.importing.importer import import_source
    from core.images.sources.source import from_files

    labels = np.array(["gan", "vae", "![x](http://192.0.2.1/a.png)"])
    report = import_source(from_files({"a.npz": archive(images=GREY, labels=labels)}), "s", library)
    assert report.image_set.counts("label") == {"!(x](http://192.0.2.1/a.png)": 1, "gan": 1, "vae": 1}


def test_a_zip_that_is_no_npz() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("a.txt", "x")
    with pytest.raises(UnreadableImage, match="contains 0 arrays"):
        read(buffer.getvalue())
