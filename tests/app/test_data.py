"""The page Data: what is brought is on disk at once, looked at, and kept only when a person says so."""

import gc
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest
from streamlit.typing import UploadedFile

from core.images.library import Library
from core.images.sources.allowed_folders import VARIABLE
from core.images.sources.uploads import Incoming
from core.types import Role
from tests.app.test_pages import DATA, words
from tests.support.samples import encoded, noise, write_tree, zipped
from tests.unit.images.scans import ct, dicom

Open = Callable[..., AppTest]
FILES = {f"{g}/{i}.png": encoded(p) for g in "ab" for i, p in enumerate(noise(3, 32, ord(g)))}
SERVER, FOLDER = "On this server", "A folder"


@pytest.fixture
def managers(monkeypatch: pytest.MonkeyPatch) -> list[MemoryUploadedFileManager]:
    """Every place where Streamlit has held uploads."""
    made: list[MemoryUploadedFileManager] = []
    begin = MemoryUploadedFileManager.__init__

    def noted(self: MemoryUploadedFileManager, *arguments: object, **more: object) -> None:
        begin(self, *arguments, **more)  # type: ignore[arg-type]
        made.append(self)

    monkeypatch.setattr(MemoryUploadedFileManager, "__init__", noted)
    return made


def held(managers: list[MemoryUploadedFileManager]) -> int:
    return sum(len(files) for manager in managers for files in manager.file_storage.values())


def in_memory() -> list[str]:
    """Uploads whose bytes are still there, whoever holds them."""
    alive = [each for each in gc.get_objects() if issubclass(type(each), UploadedFile)]
    return [each.name for each in alive if not each.closed]


def uploaded(page: AppTest, files: dict[str, bytes]) -> AppTest:
    uploader = page.file_uploader[0]
    for name, data in files.items():
        uploader.upload(name, data)
    return page.run()


def waiting(home: Path) -> list[Path]:
    return list((home / "incoming").iterdir())


def at(page: AppTest, path: object) -> AppTest:
    page.button_group(key="way").set_value(SERVER).run()
    page.text_input(key="path").set_value(str(path))
    return page.button(key="look").click().run()


def button(page: AppTest, label: str):
    return next(each for each in page.button if each.label == label)


def role(page: AppTest, folder: str):
    return next(each for each in page.selectbox if each.label == f"Role of {folder}")


def keep(page: AppTest, name: str) -> AppTest:
    page.text_input(key="name").set_value(name)
    return button(page, "Keep").click().run()


def test_an_upload_is_on_disk_and_out_of_memory_before_it_is_kept(
    home: Path, open_page: Open, managers: list[MemoryUploadedFileManager]
) -> None:
    page = uploaded(open_page(DATA), {"set.zip": zipped(FILES)})
    assert not page.exception
    assert not page.error
    assert managers
    assert held(managers) == 0
    assert in_memory() == []
    (folder,) = waiting(home)
    assert (folder / "000001").stat().st_size == len(zipped(FILES))
    assert "6 files, all decoded. Files: 6 generated. Generators: 2." in words(page)
    assert Library().names() == []
    assert list((home / "images").rglob("*.png")) == []
    page = keep(page, "mine")
    assert "mine was imported: 6 images, layout: one folder per generator." in words(page)
    assert Library().get("mine").counts("label") == {"a": 3, "b": 3}
    assert waiting(home) == []


def test_a_role_is_changed_by_hand(home: Path, open_page: Open) -> None:
    page = uploaded(open_page(DATA), FILES)
    role(page, "b").set_value("real, not used").run()
    assert "Files: 3 generated, 3 real, not used. Generators: 1." in words(page)
    next(each for each in page.text_input if each.label == "Generator of a").set_value("StyleGAN").run()
    page = keep(page, "mine")
    made = Library().get("mine")
    assert made.layout == "hand"
    assert made.counts("role") == {"generated": 3, "real_not_used": 3}
    assert made.counts("label") == {"StyleGAN": 3}
    assert {file.role for file in made.files if file.name.startswith("b/")} == {Role.REAL_NOT_USED}


def test_folders_of_odd_names_are_shown_and_kept_as_they_are(home: Path, open_page: Open) -> None:
    """Of 300 characters, of HTML, of Markdown, beside more folders than a page shows."""
    odd = ["x" * 300, "<b>bold</b>", "*star*_under_`code`", ":red[colour]", "$x^2$", "a=b:c"]
    image = FILES["a/0.png"]
    page = uploaded(open_page(DATA), {f"{name}/1.png": image for name in [*odd, *map(str, range(20))]})
    assert not page.exception
    role(page, "0").set_value("leave out").run()
    page.number_input(key="folders_page").set_value(2).run()
    assert not page.exception
    keep(page, "mine")
    assert not page.exception
    made = Library().get("mine")
    assert made.layout == "hand"
    expected = {*odd, *map(str, range(1, 20))} - {"<b>bold</b>"} | {"<b>bold<"}  # its slash ends the folder
    assert set(made.counts("label")) == expected


def test_a_folder_is_left_out(home: Path, open_page: Open) -> None:
    page = uploaded(open_page(DATA), FILES)
    role(page, "b").set_value("leave out").run()
    keep(page, "mine")
    assert Library().get("mine").counts("label") == {"a": 3}


def test_discarding_forgets_the_upload(home: Path, open_page: Open) -> None:
    page = uploaded(open_page(DATA), FILES)
    button(page, "Discard").click().run()
    assert not page.exception
    assert waiting(home) == []
    assert Library().names() == []
    assert page.file_uploader


def test_what_is_refused_and_left_behind_is_shown(home: Path, open_page: Open) -> None:
    """By reason and by name; values never. A scan offers windows and axes."""
    files = {**FILES, "a/broken.png": b"no", "a/1.dcm": dicom(ct(), PatientName="Doe^John")}
    page = uploaded(open_page(DATA), files)
    assert "1 file would be rejected" in words(page)
    dropped, refused = (table.value for table in page.dataframe)
    assert dropped.values.tolist() == [["PatientName", 1]]
    assert refused["file"].tolist() == ["a/broken.png"]
    assert "John" not in str(page)
    page.selectbox(key="window").set_value("bone").run()
    page = keep(page, "mine")
    assert Library().get("mine").view == "window 480/2500"
    assert "Scans are displayed with window 480/2500." in words(page)


def test_a_name_that_is_taken_leaves_the_upload_waiting(home: Path, open_page: Open) -> None:
    page = keep(uploaded(open_page(DATA), FILES), "mine")
    page = uploaded(page, {"a/1.png": encoded(noise(1, 32, 9)[0])})
    page = keep(page, "mine")
    assert "A data set 'mine' with different content already exists." in words(page)
    assert len(waiting(home)) == 1
    keep(page, "other")
    assert Library().names() == ["mine", "other"]


def test_an_upload_that_went_is_told(home: Path, open_page: Open) -> None:
    page = uploaded(open_page(DATA), FILES)
    Incoming().tidy(-1)
    page = keep(page, "mine")
    assert "The upload no longer exists" in words(page)
    button(page, "Discard").click().run()
    assert not page.exception


def test_nothing_of_it_is_an_image(home: Path, open_page: Open) -> None:
    page = uploaded(open_page(DATA), {"a.heic": b"x"})
    assert "a.heic: an image of a format that is not supported" in words(page)
    button(page, "Discard").click().run()
    assert waiting(home) == []


def test_a_name_that_is_a_picture_in_markdown_is_none_on_the_page(home: Path, open_page: Open) -> None:
    page = uploaded(open_page(DATA), {"![x](http://192.0.2.1/a.png).heic": b"x"})
    assert "!(x](http://192.0.2.1/a.png).heic: an image of a format that is not supported" in words(page)


def test_labels_come_from_a_table(home: Path, open_page: Open, managers: list) -> None:
    page = uploaded(open_page(DATA), {name.replace("/", ""): data for name, data in FILES.items()})
    table = "file,label\n" + "".join(f"{name.replace('/', '')},{name[0]}\n" for name in FILES)
    page = uploaded(page, {"labels.csv": table.encode()})
    assert not page.exception
    assert held(managers) == 0
    assert in_memory() == []
    assert role(page, "not in a folder").value == "from the table"
    keep(page, "mine")
    assert Library().get("mine").counts("label") == {"a": 3, "b": 3}


def test_two_tabs_have_an_upload_each(home: Path, open_page: Open) -> None:
    first, second = uploaded(open_page(DATA), FILES), uploaded(open_page(DATA), {"c/1.png": FILES["a/0.png"]})
    assert len(waiting(home)) == 2
    button(second, "Discard").click().run()
    keep(first, "mine")
    assert len(Library().get("mine")) == 6


# -- folders of the server --------------------------------------------------------------------------


def test_a_folder_by_path_is_looked_at_kept_and_the_set_deleted(
    home: Path, tmp_path: Path, open_page: Open
) -> None:
    folder = write_tree(tmp_path / "in", {**FILES, "a/broken.png": b"no image"})
    page = at(open_page(DATA), folder)
    assert not page.exception
    assert Library().names() == []
    page = keep(page, "mine")
    assert "mine was imported: 6 images" in words(page)
    assert "1 file rejected" in words(page)
    assert Library().names() == ["mine"]
    assert (folder / "a" / "0.png").exists()
    page.button(key="delete").click().run()
    assert Library().names() == []


def test_where_folders_are_listed_no_other_is_open(
    home: Path,
    tmp_path_factory: pytest.TempPathFactory,
    open_page: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = tmp_path_factory.mktemp("server")
    write_tree(server / "open", {f"set/{name}": data for name, data in FILES.items()})
    write_tree(server / "closed", FILES)
    monkeypatch.setenv(VARIABLE, str(server / "open"))
    page = open_page(DATA)
    page.button_group(key="way").set_value(SERVER).run()
    assert page.selectbox(key="path").options == [str(server / "open"), str(server / "open" / "set")]
    page.selectbox(key="path").set_value(str(server / "open" / "set")).run()
    page = page.button(key="look").click().run()
    assert "6 files, all decoded." in words(page)


def test_a_path_that_is_not_open_is_one_sentence(
    home: Path, tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "gone"))
    page = at(open_page(DATA), tmp_path)
    assert "No folder of the server may be imported." in words(page)


def test_an_import_of_nothing_says_what_to_do(home: Path, open_page: Open) -> None:
    assert "Enter or select a folder or an archive on this machine." in words(at(open_page(DATA), " "))
