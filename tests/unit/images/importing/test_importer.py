import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from core.errors import BadChoice, Cancelled, NothingToImport, SetExists
from core.images.importing.importer import ImportReport, import_path, import_source
from core.images.library import Library
from core.images.sources.source import from_files
from core.progress import Step
from core.types import Role
from tests.support.samples import encoded, noise, write_tree, zipped

A_PLAIN = noise(1)[0]
A, B, C, D = (encoded(pixels) for pixels in noise(4))
SET = {"vae/1.png": A, "vae/2.png": B, "gan/1.png": C}


def take(library: Library, files: Mapping[str, bytes], name: str = "s", **choices: object) -> ImportReport:
    return import_source(from_files(files), name, library, **choices)  # type: ignore[arg-type]


def labels(report: ImportReport) -> dict[str, str | None]:
    return {file.name: file.label for file in report.image_set.files}


def roles(report: ImportReport) -> dict[str, Role]:
    return {file.name: file.role for file in report.image_set.files}


def test_pixels_come_back_as_they_went_in(library: Library) -> None:
    report = take(library, SET)
    assert report.image_set.layout == "generators"
    assert labels(report) == {"gan/1.png": "gan", "vae/1.png": "vae", "vae/2.png": "vae"}
    pixels = noise(4)
    for file, expected in zip(report.image_set.files, (pixels[2], pixels[0], pixels[1]), strict=True):
        assert np.array_equal(library.pixels(file.sha256), expected)
    assert library.get("s") == report.image_set


def test_files_stand_in_natural_order(library: Library) -> None:
    files = {f"g/{number}.png": encoded(pixels) for number, pixels in enumerate(noise(12))}
    names = [file.name for file in take(library, dict(reversed(files.items()))).image_set.files]
    assert names == [f"g/{number}.png" for number in range(12)]


def test_more_than_one_stretch_of_decoding_keeps_names_and_pixels_together(library: Library) -> None:
    """Bytes are fetched 64 at a time; 70 images cross that border."""
    pixels = noise(70, 16)
    report = take(library, {f"g/{i:02}.png": encoded(image) for i, image in enumerate(pixels)})
    assert all(
        np.array_equal(library.pixels(f.sha256), p)
        for f, p in zip(report.image_set.files, pixels, strict=True)
    )


def test_refused_files_are_named_with_the_reason_and_the_rest_is_taken(library: Library) -> None:
    bad = {
        "vae/empty.png": b"",
        "vae/text.png": b"text",
        "gan/tiny.png": encoded(np.zeros((1, 1), np.uint8)),
        "gan/slice.dcm": b"DICM",
        "gan/slice.heic": encoded(A_PLAIN, "ICO"),
        "gan/samples.mdb": b"lmdb",
        "stray.png": D,
        "notes.txt": b"no image, and nobody's business",
    }
    report = take(library, SET | bad)
    assert set(labels(report)) == set(SET)
    reasons = {refusal.file: refusal.reason for refusal in report.refused}
    assert set(reasons) == set(bad) - {"notes.txt"}
    for file, word in [
        ("vae/empty.png", "0 bytes"),
        ("vae/text.png", "not a PNG"),
        ("gan/tiny.png", "1 x 1 pixels"),
        ("gan/slice.dcm", "not a PNG"),
        ("gan/slice.heic", "an image of a format that is not supported (.heic): save it as PNG"),
        ("gan/samples.mdb", "a file of images of a format that is not supported (.mdb): export its images"),
        ("stray.png", "generator is unknown"),
    ]:
        assert word in reasons[file]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "folder is empty"),
        (
            {"notes.txt": b"x", "more.txt": b"y"},
            "There is no PNG, JPEG, TIFF, DICOM, .* image among 2 files",
        ),
        ({"a.heic": b"x"}, "No image could be imported; a.heic: an image of a format that is not"),
        ({"g/a.png": b""}, "No image could be imported; g/a.png: the file is empty"),
    ],
)
def test_nothing_to_import(library: Library, files: dict[str, bytes], reason: str) -> None:
    with pytest.raises(NothingToImport, match=reason):
        take(library, files)
    assert library.names() == []


def test_the_same_again_is_a_no_op(library: Library) -> None:
    assert not take(library, SET).unchanged
    again = take(library, {f"wrapped/{name}": data for name, data in SET.items()})
    assert again.unchanged
    assert library.names() == ["s"]


def test_other_content_under_the_name_is_refused_and_the_first_kept(library: Library) -> None:
    first = take(library, SET).image_set
    with pytest.raises(SetExists, match="'s' with different content already exists"):
        take(library, SET | {"gan/2.png": D})
    assert library.get("s") == first


def test_other_labels_for_the_same_pixels_replace_the_set(library: Library) -> None:
    take(library, SET)
    report = take(library, {name.replace("vae", "flow"): data for name, data in SET.items()})
    assert not report.unchanged
    assert library.get("s").counts("label") == {"flow": 2, "gan": 1}


def test_duplicates_are_found_by_pixels_and_told(library: Library) -> None:
    """The TIFF holds the same pixels as the PNG; two copies lie in one group, across classes."""
    report = take(library, SET | {"gan/copy.tif": encoded(noise(1)[0], "TIFF")})
    assert [[f.name for f in group] for group in report.image_set.duplicates] == [
        ["gan/copy.tif", "vae/1.png"]
    ]
    assert "1 exact duplicate, 1 of them across classes, which distorts every score." in report.notes


def test_a_training_image_among_the_generated_ones_is_told(library: Library) -> None:
    one, two, three = (encoded(pixels) for pixels in noise(3))
    files = {
        "generated/a.png": one,
        "generated/b.png": two,
        "real_used/c.png": one,
        "real_not_used/d.png": three,
    }
    said = (
        "1 training image is also among the generated images, pixel for pixel: if the folders are right, that"
    )
    assert said in " ".join(take(library, files).notes)


def test_identical_images_are_one_group(library: Library) -> None:
    report = take(library, {f"g/{i}.png": A for i in range(5)})
    assert [len(group) for group in report.image_set.duplicates] == [5]
    assert "4 exact duplicates." in report.notes


def test_sizes_and_darkness_are_told(library: Library) -> None:
    """12-bit values in 16 bits reach 4095, and 4095 / 257 = 15.9: nearly black."""
    files = {"g/a.png": A, "g/b.png": encoded(np.full((16, 20), 4095, np.uint16))}
    notes = take(library, files).notes
    assert any(note.startswith("Images have 2 different sizes (32 x 32 (1), 20 x 16 (1))") for note in notes)
    assert any(note.startswith("1 image is almost black") for note in notes)


MEMBERSHIP = {
    "generated/1.png": (A, Role.GENERATED),
    "real_used/1.png": (B, Role.REAL_USED),
    "real_not_used/1.png": (C, Role.REAL_NOT_USED),
    "real_unknown/1.png": (D, Role.REAL_UNKNOWN),
}


@pytest.mark.parametrize("wrapper", ["", "DB1/", "deep/DB1/"])
def test_membership(library: Library, wrapper: str) -> None:
    report = take(library, {wrapper + name: data for name, (data, _) in MEMBERSHIP.items()})
    assert report.image_set.layout == "membership"
    assert roles(report) == {name: role for name, (_, role) in MEMBERSHIP.items()}


@pytest.mark.parametrize("wrapper", ["", "DB1/"])
def test_groups_beside_the_folders(library: Library, wrapper: str) -> None:
    files = {name: data for name, (data, _) in MEMBERSHIP.items()} | {
        "groups.csv": b"file,group\nreal_used/1.png,7\n",
    }
    report = take(library, {wrapper + name: data for name, data in files.items()})
    assert {f.name: f.group for f in report.image_set.files if f.group} == {"real_used/1.png": "7"}


LABELS = b"\xef\xbb\xbfimage;generator\n1.png;vae\n2;gan\n9.png;gan\n"
FLAT = {"1.png": A, "2.png": B, "3.png": C}


@pytest.mark.parametrize("wrapper", ["", "my set/"])
def test_flat_with_a_table_beside(library: Library, wrapper: str) -> None:
    """One row names no image, one image has no row; both are told."""
    files = {wrapper + name: data for name, data in (FLAT | {"labels.csv": LABELS}).items()}
    report = take(library, files)
    assert report.image_set.layout == "flat"
    assert list(labels(report).values()) == ["vae", "gan", None]
    assert f"Labels were read from {wrapper}labels.csv." in report.notes
    assert "1 row of the table of labels matches no image (first: '9.png')." in report.notes
    assert "1 image has no label, so the generator is unknown." in report.notes


def test_flat_by_choice_finds_the_table_beside_a_folder_of_images(library: Library) -> None:
    files = {f"images/{name}": data for name, data in FLAT.items()} | {"labels.csv": LABELS}
    report = take(library, files, layout="flat")
    assert list(labels(report).values()) == ["vae", "gan", None]


def test_flat_with_two_tables_uses_none_and_says_so(library: Library) -> None:
    report = take(library, FLAT | {"a.csv": LABELS, "b.csv": LABELS})
    assert set(labels(report).values()) == {None}
    assert "There are 2 tables next to the images, so none was used: specify one." in report.notes


def test_flat_without_a_table_has_no_labels(library: Library) -> None:
    assert set(labels(take(library, FLAT)).values()) == {None}


def test_a_given_table_goes_before_what_lies_beside(library: Library, tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_bytes(b"\xef\xbb\xbf1.png,a\n2.png,b\n3.png,b\n")
    folder = write_tree(tmp_path / "f", FLAT | {"labels.csv": LABELS})
    report = import_path(folder, "s", library, labels=table)
    assert report.image_set.counts("label") == {"a": 1, "b": 2}


@pytest.mark.parametrize("data", [None, b"\xff\xfe\x00not utf8"], ids=["missing", "no text"])
def test_a_table_that_cannot_be_read(library: Library, tmp_path: Path, data: bytes | None) -> None:
    folder, table = write_tree(tmp_path / "f", FLAT), tmp_path / "t.csv"
    if data is not None:
        table.write_bytes(data)
    with pytest.raises(BadChoice, match=r"table of labels t\.csv can't be read"):
        import_path(folder, "s", library, labels=table)


def test_a_zip_in_a_zip_of_folders(library: Library, tmp_path: Path) -> None:
    """Two wrapping folders and macOS' shadow files; a folder's and its zip's set are the same set."""
    nested = {f"top/in/{name}": data for name, data in SET.items()} | {"__MACOSX/top/._1.png": b"junk"}
    (tmp_path / "s.zip").write_bytes(zipped(nested))
    report = import_path(tmp_path / "s.zip", "s", library)
    assert import_path(write_tree(tmp_path / "f", SET), "s", library).unchanged
    assert report.refused == ()


def test_a_climbing_archive_writes_nothing_outside_the_home(
    library: Library, home: Path, tmp_path: Path
) -> None:
    """Of the four, one neither climbs nor is absolute: one image and one manifest in the home."""
    climbing = {"../../../evil/1.png": A, "/abs/2.png": B, "../home.png": C, "ok/3.png": D}
    (tmp_path / "s.zip").write_bytes(zipped(climbing))
    refused = import_path(tmp_path / "s.zip", "s", library).refused
    assert {refusal.file for refusal in refused} == set(climbing) - {"ok/3.png"}
    outside = {path for path in tmp_path.rglob("*") if not path.is_relative_to(home)}
    assert outside == {tmp_path / "s.zip"}
    assert not Path("/abs").exists()
    inside = [path.relative_to(home).parts[0] for path in home.rglob("*") if path.is_file()]
    assert sorted(inside) == ["images", "sets"]


def test_a_file_name_that_is_not_utf_8(library: Library, tmp_path: Path) -> None:
    """Linux names are bytes; Python shows those that are not UTF-8 by lone surrogates."""
    write_tree(tmp_path / "f", {"g/1.png": A})
    (tmp_path / "f" / "g" / os.fsdecode(b"caf\xe9.png")).write_bytes(B)
    assert len(import_path(tmp_path / "f", "s", library).image_set) == 2
    assert len(library.get("s")) == 2


@pytest.mark.parametrize("name", ["", " a", "a ", "a/b", "a\\b", "a\nb", "x" * 81])
def test_a_bad_name_is_refused_before_anything_is_read(library: Library, name: str) -> None:
    with pytest.raises(BadChoice, match="1 to 80 characters"):
        take(library, SET, name=name)


def test_a_listener_may_stop_an_import_and_no_set_is_left(library: Library) -> None:
    def stop(step: Step) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        take(library, SET, listener=stop)
    assert library.names() == []


def test_the_development_set(library: Library, shared_data: Path) -> None:
    """Its README: 3 x 200 slices, the folder is the generator."""
    image_set = import_path(shared_data / "attribution-dev", "dev", library).image_set
    assert image_set.counts("label") == {"eigen": 200, "vae": 200, "warpmix": 200}
