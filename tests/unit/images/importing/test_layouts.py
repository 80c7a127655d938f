import pytest

from core.errors import NothingToImport, UnknownName
from core.images.importing.layouts import (
    Place,
    arrange,
    detect,
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


def test_flat_takes_labels_and_roles_from_the_table() -> None:
    labels = {"a/1.png": "vae", "a/2.png": "gan", "3.png": "flow", "5.png": "real_used"}
    places = arrange("flat", ["a/1.png", "a/2.png", "3.png", "4.png", "5.png"], labels)
    assert [place.label for place in places.values()] == ["vae", "gan", "flow", None, None]
    assert places["5.png"].role is Role.REAL_USED


def test_a_layout_that_fits_nothing_says_so() -> None:
    with pytest.raises(NothingToImport, match="'membership' does not fit: every file is outside the folders"):
        arrange("membership", ["a/1.png", "b/2.png"], {})
    with pytest.raises(UnknownName, match="generators, membership, flat"):
        arrange("spiral", ["a/1.png"], {})
