"""Archives that somebody made to hurt: names that lead out, links, bombs, twins, and tables that lie."""

import io
import stat
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

from tests.support.samples import encoded, zipped
from tests.unit.images.crafted_files import GREY, Case, patched


def entries(*rows: tuple[str, bytes, dict[str, Any]]) -> bytes:
    """An archive whose entries' ZipInfo is bent: ``mode``, ``packing``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data, bent in rows:
            info = zipfile.ZipInfo(name)
            info.external_attr = (bent.get("mode", stat.S_IFREG) | 0o644) << 16
            info.compress_type = bent.get("packing", zipfile.ZIP_DEFLATED)
            archive.writestr(info, data)
    return buffer.getvalue()


def flagged(data: bytes, flags: int) -> bytes:
    return patched(
        patched(data, 6, struct.pack("<H", flags)), data.index(b"PK\1\2") + 8, struct.pack("<H", flags)
    )


def archives() -> Iterator[Case]:
    good, names = encoded(GREY), (
        *("/etc/passwd.png", "//server/a.png", "C:\\a.png", "c:/a.png", "../a.png", "../../../../tmp/a.png"),
        *("a/../../b.png", "..\\..\\b.png", "a/..", "a\\..\\..\\b.png"),
    )  # fmt: skip
    for name in names:
        yield f"zip with {name}", entries((name, good, {}))
    for name in (
        "a\0.png",
        "a\nb.png",
        "\x1b[2Ja.png",
        "a\x7f.png",
        "\u202egnp.a",
        "a" * 5000 + ".png",
        " .png",
        "CON.png",
    ):
        yield f"zip with {name[:9]!r}", entries(("g/" + name, good, {}))
    yield "zip with a link", entries(("a.png", b"/etc/passwd", {"mode": stat.S_IFLNK}))
    yield "zip with a pipe", entries(("a.png", b"", {"mode": stat.S_IFIFO}))
    yield "zip with a device", entries(("a.png", b"", {"mode": stat.S_IFCHR}))
    yield "zip, encrypted", flagged(entries(("a.png", good, {})), 1)
    yield "zip, strongly encrypted", flagged(entries(("a.png", good, {})), 0x41)
    yield "zip in a zip", entries(("a.zip", zipped({"a.png": good}), {}))
    yield "zip in a zip that calls itself a PNG", entries(("a.png", zipped({"a.png": good}), {}))
    yield "zip, bzip2", entries(("a.png", good, {"packing": zipfile.ZIP_BZIP2}))
    yield "zip, LZMA", entries(("a.png", good, {"packing": zipfile.ZIP_LZMA}))
    yield "zip, twins by case", entries(("g/a.png", good, {}), ("G/A.PNG", good, {}))
    yield "zip, twins by Unicode", entries(("g/\u00e9.png", good, {}), ("g/e\u0301.png", good, {}))
    yield "zip, a bomb of 1000:1", entries(("a.png", bytes(2**24), {}))
    yield "zip, 20,001 entries", zipped([(f"g/{i}.png", b"") for i in range(20_001)])
    whole = zipped({"g/a.png": good})
    at = whole.index(b"PK\1\2")
    for place, what in ((20, "packed"), (24, "unpacked")):
        for size in (0, 1, 2**31, 2**32 - 2):
            yield (
                f"zip whose entry says {size} bytes {what}",
                patched(whole, at + place, struct.pack("<I", size)),
            )
    yield "zip whose entry lies beyond its end", patched(whole, at + 42, struct.pack("<I", 2**31))
    yield "zip whose entry is its own directory", patched(whole, at + 42, struct.pack("<I", at))
    yield "zip of another method", patched(whole, at + 10, struct.pack("<H", 99))
    yield "zip with a wrong checksum", patched(whole, at + 16, bytes(4))
    yield "zip, cut off", whole[:-30]
    yield "zip of its end alone", whole[-22:]
    yield "zip with a directory of 4 GB", patched(whole, len(whole) - 10, struct.pack("<I", 2**32 - 2))
    yield (
        "zip with a directory of 20 MB",
        patched(bytes(2**25) + whole, 2**25 + len(whole) - 10, struct.pack("<I", 20 * 2**20)),
    )
    yield "zip with nothing in it", zipped({})
