import pytest

from core.errors import BadChoice, NothingToImport, UnknownName
from core.images.importing.layouts import (
    Place,
    arrange,
    detect,
    read_groups,
    read_labels,
)
from core.images.importing.structure import read
from core.types import Role


@pytest.mark.parametrize(
    ("paths", "labels", "layout"),
    [
        (["vae/1.png", "gan/1.png"], False, "generators"),
        (["generated/1.png", "real_used/1.png"], False, "membership"),
        (["used/1.png", "not_used/1.png"], True, "membership"),
        (["generated_1/1.png", "real_unknown_1/1.png"], False, "membership"),
        (["generated/1.png", "vae/1.png"], False, "generators"),
        (["1.png", "2.png"], False, "flat"),
        (["1.png"], True, "flat"),
        (["vae/1.png"], True, "flat"),
    ],
)
def test_detect(paths: list[str], labels: bool, layout: str) -> None:
    assert detect(read(paths), labels) == layout


def test_generators() -> None:
    places = arrange("generators", ["vae/1.png", "vae/deep/2.png", "3.png"], {})
    assert places["vae/1.png"] == places["vae/deep/2.png"] == Place(Role.GENERATED, "vae")
    assert "generator is unknown" in str(places["3.png"].refused)


def test_membership() -> None:
    places = arrange("membership", ["generated/1.png", "Real-Used/a/2.png", "other/3.png", "4.png"], {})
    assert places["generated/1.png"] == Place(Role.GENERATED)
    assert places["Real-Used/a/2.png"] == Place(Role.REAL_USED)
    for lost in ("other/3.png", "4.png"):
        assert "is outside the folders with a known role" in str(places[lost].refused)


def test_flat_finds_a_label_by_path_by_name_or_by_stem() -> None:
    labels = {"a/1.png": "vae", "2.png": "gan", "3": "flow", "5.png": "real_used"}
    places = arrange("flat", ["a/1.png", "a/2.png", "3.png", "4.png", "5.png"], labels)
    assert [place.label for place in places.values()] == ["vae", "gan", "flow", None, None]
    assert places["5.png"].role is Role.REAL_USED


def test_a_layout_that_fits_nothing_says_so() -> None:
    with pytest.raises(NothingToImport, match="'membership' does not fit: every file is outside the folders"):
        arrange("membership", ["a/1.png", "b/2.png"], {})
    with pytest.raises(UnknownName, match="generators, membership, flat"):
        arrange("spiral", ["a/1.png"], {})


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
