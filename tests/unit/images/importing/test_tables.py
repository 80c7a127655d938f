import json
from pathlib import Path

import pytest

from core.errors import BadChoice
from core.images.importing.tables import match, read_file, read_groups, read_labels


def test_a_table_names_images_by_path_by_name_or_by_stem() -> None:
    table = {"a/1.png": "vae", "2.png": "gan", "3": "flow", "5.nii": "x"}
    found = match(table, ["a/1.png", "a/2.png", "3.png", "4.png", "5.nii.gz"], "labels")
    assert found.values == {"a/1.png": "vae", "a/2.png": "gan", "3.png": "flow", "5.nii.gz": "x"}
    assert (found.unmatched, found.loose) == ((), 0)


def test_another_case_ending_or_folder_is_accepted_with_a_note() -> None:
    """Windows paths, a converted ending, capitals: each fits one image only."""
    table = {r"C:\scans\g\IMG_1.PNG": "vae", "img_2.jpg": "gan", "no.png": "x"}
    found = match(table, ["g/img_1.png", "g/IMG_2.png"], "labels")
    assert found.values == {"g/img_1.png": "vae", "g/IMG_2.png": "gan"}
    assert found.remarks("labels", quote=True) == [
        "1 row of the table of labels matches no image (first: 'no.png').",
        "2 images of the table of labels were matched by another letter case, folder or ending of the name.",
    ]


def test_the_folder_decides_between_equal_names() -> None:
    table = {"D:/x/used/1.PNG": "p0", "D:/x/unused/1.PNG": "p1"}
    found = match(table, ["used/1.png", "unused/1.png"], "patient groups")
    assert found.values == {"used/1.png": "p0", "unused/1.png": "p1"}


def test_a_name_that_fits_several_images_is_not_guessed() -> None:
    paths = ["used/1.png", "unused/1.png"]
    with pytest.raises(BadChoice, match=r"names '1\.png', but 2 images have this name. Use paths"):
        match({"1.png": "p0"}, paths, "labels")
    assert match({"1.PNG": "p0"}, paths, "labels").values == {}


def test_a_label_is_no_picture_of_another_server() -> None:
    """Pages of Markdown would fetch it."""
    assert read_labels("a.png,![x](http://192.0.2.1/a.png)", "t") == {"a.png": "!(x](http://192.0.2.1/a.png)"}


TABLE = {"a.png": "vae", "b.png": "gan"}


@pytest.mark.parametrize(
    "text",
    [
        "a.png,vae\nb.png,gan\n",
        "file,label\na.png,vae\nb.png,gan\n",
        "Label,Image\r\nvae,a.png\r\ngan,b.png\r\n",
        "file;generator\na.png;vae\nb.png;gan",
        "a.png\tvae\nb.png\tgan",
        "\ufefffile,label\na.png,vae\nb.png,gan",
        '"file","label"\n"a.png","vae"\n\n"b.png"," gan "\n',
        "id,file,label\n1,a.png,vae\n2,b.png,gan",
        "a.png,vae\nb.png,gan\nc.png,\n",
        "a.png,vae\nb.png,gan\na.png,vae\n",
        "file,label\ra.png,vae\rb.png,gan\r",
    ],
    ids=["bare", "header", "crlf", "semicolon", "tab", "bom", "quoted", "more", "unlabelled", "twice", "cr"],
)
def test_labels_in_the_shapes_that_tables_come_in(text: str) -> None:
    assert read_labels(text, "labels.csv") == TABLE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "two columns"),
        ("a.png\nb.png", "two columns"),
        ("file,colour\na.png,red", "has no label column"),
        ("thing,label\na.png,red", "has no file column"),
        ("a.png,vae\na.png,gan", "'a.png' has two labels, 'vae' and 'gan'"),
        ("number,file,label\n1,a.png,vae\n2,b.png", "columns"),
    ],
    ids=["empty", "one column", "no label", "no file", "conflict", "ragged"],
)
def test_a_table_that_is_no_table_of_labels(text: str, reason: str) -> None:
    with pytest.raises(BadChoice, match=reason) as error:
        read_labels(text, "labels.csv")
    assert str(error.value).startswith("labels.csv: ")


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("file,group\na.png,7\nb.png,7", {"a.png": "7", "b.png": "7"}),
        ("\ufeffgroup;image;split\n7;a.png;train\n8;b.png", {"a.png": "7"}),
        ("file,label\na.png,vae", None),
        ("group,label\n1,vae", None),
        ("", None),
    ],
)
def test_groups(text: str, groups: dict[str, str] | None) -> None:
    """A table of groups has a file and a group column; a ragged row is passed over."""
    assert read_groups(text) == groups


def test_stylegans_labels() -> None:
    """``dataset_tool.py`` writes pairs of path and class, or null for a set without classes."""
    pairs = {"labels": [["00000/img0.png", 3], ["00000/img1.png", [0, 1]]]}
    assert read_labels(json.dumps(pairs), "t") == {"00000/img0.png": "3", "00000/img1.png": "[0, 1]"}
    for none in ("null", "3", '{"background": 0}'):  # the last is nnU-Net's
        assert read_labels(f'{{"labels": {none}}}', "t") == {}


def test_hugging_faces_metadata() -> None:
    rows = '{"file_name": "a.png", "label": 1}\n{"file_name": "b.png", "generator": "gan"}\n'
    assert read_labels(rows, "t") == {"a.png": "1", "b.png": "gan"}
    assert read_groups('{"file_name": "a.png", "patient": 7}') == {"a.png": "7"}
    with pytest.raises(BadChoice, match="t: not valid JSON"):
        read_labels('{"file_name"', "t")
    with pytest.raises(BadChoice, match="t: not valid JSON"):
        read_labels('{"a":' * 100_000, "t")


def test_a_table_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadChoice, match=r"The table of labels none\.csv can't be read"):
        read_file(tmp_path / "none.csv")
