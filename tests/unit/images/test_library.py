from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import BadChoice, DamagedData, SetExists, SetNotFound
from core.images.library import Library, check_name
from core.types import ImageSet, Role
from tests.support.samples import make_set, noise


def image_files(home: Path) -> list[Path]:
    return sorted((home / "images").rglob("*.png"))


def test_a_set_survives_a_restart(library: Library) -> None:
    """Roles, labels and groups, read by another Library over the same folder."""
    made = make_set(library, "Ünïcode – set", {"a": noise(2)})
    first, second = made.files
    changed = replace(made, files=(replace(first, role=Role.REAL_USED, label=None, group="7"), second))
    assert library.add(changed)
    assert Library().get("Ünïcode – set") == changed


def test_names_are_sorted_and_deleted_ones_gone(library: Library) -> None:
    for name, seed in (("b", 1), ("A", 2), ("c", 3)):
        make_set(library, name, {"g": noise(1, seed=seed)})
    assert library.names() == ["A", "b", "c"]
    library.delete("b")
    assert library.names() == ["A", "c"]


def test_an_unknown_set_lists_the_known(library: Library) -> None:
    with pytest.raises(SetNotFound, match="No data set has been imported yet"):
        library.get("x")
    make_set(library, "here", {"g": noise(1)})
    with pytest.raises(SetNotFound, match=r"There is no data set 'x'\. Data sets: here\."):
        library.delete("x")


def test_pixels_are_kept_once_and_without_metadata(library: Library, home: Path) -> None:
    (pixels,) = noise(1)
    assert library.add_pixels(pixels) == library.add_pixels(pixels.copy())
    (path,) = image_files(home)
    with Image.open(path) as image:
        assert (image.mode, image.info) == ("L", {})
        assert np.array_equal(np.asarray(image), pixels)


def test_deleting_a_set_keeps_the_images_of_others(library: Library, home: Path) -> None:
    """Three distinct images, one of them in both sets."""
    one, two, three = noise(3)
    make_set(library, "first", {"g": [one, two]})
    make_set(library, "second", {"g": [two, three]})
    assert len(image_files(home)) == 3
    library.delete("first")
    assert len(image_files(home)) == 2
    assert np.array_equal(library.pixels(library.get("second").files[0].sha256), two)
    library.delete("second")
    assert image_files(home) == []


def test_add_tells_whether_anything_changed(library: Library) -> None:
    made = make_set(library, "s", {"g": noise(2)})
    assert not library.add(made)
    relabelled = ImageSet("s", "flat", tuple(replace(file, label="other") for file in made.files))
    assert library.add(relabelled)
    with pytest.raises(SetExists):
        library.add(replace(made, files=made.files[:1]))


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "remove", "other"])
def test_damaged_pixels_are_never_served(library: Library, home: Path, damage: str) -> None:
    pixels, other = noise(2)
    sha256 = library.add_pixels(pixels)
    (path,) = image_files(home)
    data = path.read_bytes()
    if damage == "remove":
        path.unlink()
    elif damage == "other":
        Image.fromarray(other).save(path)
    else:
        path.write_bytes(
            {"flip": data[:99] + b"\0\0" + data[101:], "truncate": data[:300], "empty": b""}[damage]
        )
    with pytest.raises(DamagedData, match="Delete its data set and import it again"):
        library.pixels(sha256)


@pytest.mark.parametrize("shared", [False, True])
def test_the_advice_for_damaged_pixels_works(library: Library, home: Path, shared: bool) -> None:
    """Delete its data set and import it again; also where another set holds the image."""
    images = {"g": noise(1)}
    made = make_set(library, "s", images)
    if shared:
        make_set(library, "other", images)
    (path,) = image_files(home)
    path.write_bytes(b"damaged")
    library.delete("s")
    make_set(library, "s", images)
    assert np.array_equal(library.pixels(made.files[0].sha256), images["g"][0])


def test_folders_are_the_owners_alone(library: Library, home: Path) -> None:
    library.add_pixels(noise(1)[0])
    folders = [home, *(path for path in home.rglob("*") if path.is_dir())]
    assert {oct(path.stat().st_mode & 0o777) for path in folders} == {"0o700"}


@pytest.mark.parametrize("name", ["a", "a b", "ü", "x" * 80, "..", "*"])
def test_good_names(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize("name", ["", " ", "a/b", "..\\x", "\x00", "a\x7f", "x" * 81, "end "])
def test_bad_names(name: str) -> None:
    with pytest.raises(BadChoice):
        check_name(name)
