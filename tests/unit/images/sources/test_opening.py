import struct
from pathlib import Path

import pytest

from core.errors import NothingToImport
from core.images.sources.opening import open_source
from core.images.sources.source import from_files
from tests.support.samples import write_tree, zipped

FILES = {
    "a/2.png": b"two",
    "a/10.png": b"ten",
    "__MACOSX/a/._2.png": b"junk",
    "a/.DS_Store": b"junk",
    ".git/1.png": b"junk",
    "a/Thumbs.db": b"junk",
}


def test_folder_zip_and_memory_are_read_alike_and_without_junk(tmp_path: Path) -> None:
    (tmp_path / "f.zip").write_bytes(zipped(FILES))
    with open_source(write_tree(tmp_path / "f", FILES)) as folder, open_source(tmp_path / "f.zip") as archive:
        for source in (folder, archive, from_files(FILES)):
            assert source.paths == ("a/2.png", "a/10.png")
            assert [source.read(path) for path in source.paths] == [b"two", b"ten"]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("missing", None, "There is no file or folder"),
        ("text.zip", b"no zip", "text.zip is not a zip archive, or is damaged or truncated"),
        ("text", b"no zip", "neither a folder nor a zip"),
        ("cut.zip", zipped({"a.png": b"x" * 999})[:60], "damaged or truncated"),
        ("end.zip", b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 1, 1, 46, 9, 0), "damaged|zip archive"),
    ],
    ids=["missing", "text", "no ending", "cut off", "only its end"],
)
def test_a_path_that_is_no_source(tmp_path: Path, name: str, data: bytes | None, reason: str) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(NothingToImport, match=reason), open_source(tmp_path / name):
        pass
