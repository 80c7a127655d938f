"""The page System: a network of the user's own, and repair."""

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from core.features.custom import registry
from core.images.library import Library
from core.store import Store
from tests.unit.features.custom import onnx_files

Open = Callable[..., AppTest]
SYSTEM, GENERATORS = "pages/10_System.py", "pages/1_Generators.py"


def words(page: AppTest) -> str:
    return " ".join(str(part.value) for part in (*page.error, *page.warning, *page.success, *page.caption))


def looked_at(page: AppTest, path: Path) -> AppTest:
    page.text_input(key="own_path").set_value(str(path))
    return next(button for button in page.button if button.label == "Inspect").click().run()


def test_an_onnx_file_is_shown_then_added_then_a_backbone(
    small: Library, tmp_path: Path, open_page: Open
) -> None:
    path = tmp_path / "my net.onnx"
    path.write_bytes(onnx_files.convolution())
    page = looked_at(open_page(SYSTEM), path)
    assert not page.exception
    assert "140 parameters" in words(page)
    ports = next(each.value for each in page.dataframe if "port" in each.value)
    assert ports["shape"].tolist() == ["any x 3 x any x any", "any x 5 x any x any", "any x 5"]
    assert registry.names() == []
    page.number_input(key="own_size").set_value(32)
    page = next(button for button in page.button if button.label == "Add").click().run()
    assert not page.exception
    assert registry.names() == ["my-net.onnx"]
    weights = next(each.value for each in page.dataframe if "SHA-256" in each.value)
    row = weights[weights["file"] == "my-net.onnx"].iloc[0]
    assert row["state"] == "ready"
    assert row["SHA-256"] == registry.network("my-net.onnx").sha256
    generators = open_page(GENERATORS, backbone="my-net (ONNX)")
    assert not generators.exception
    assert "my-net (ONNX)" in generators.selectbox(key="backbone").options
    assert generators.selectbox(key="backbone").value == "my-net.onnx"


def test_a_file_that_is_refused_is_one_sentence_and_is_not_kept(
    home: Path, tmp_path: Path, open_page: Open
) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"\x80\x04 a pickle")
    page = looked_at(open_page(SYSTEM), path)
    assert not page.exception
    assert "a pickle, which may hold code and is never opened" in words(page)
    assert not list((home / "weights").glob("*.onnx"))
    page = looked_at(page, tmp_path / "gone.onnx")
    assert "can't be read: No such file" in words(page)


def test_repair_tells_what_it_did(home: Path, open_page: Open) -> None:
    store = Store()
    store._index.set("entry:odd", "no json")
    store.close()
    page = open_page(SYSTEM)
    page.button(key="repair").click().run()
    assert not page.exception
    assert "and 1 index row removed." in words(page)
