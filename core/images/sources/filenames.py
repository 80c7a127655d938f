"""File names as display text: no path on this machine, and numbers where names may identify a patient."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

JUNK = re.compile(r"(^|/)(__MACOSX|Thumbs\.db|desktop\.ini|\.[^/]*)(/|$)")  # written by systems, not people
# Control characters, and those that reverse or hide text.
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def display_name(name: str) -> str:
    """An untrusted file name as it is shown: forward slashes, and ``?`` for unsafe characters."""
    return without_image_syntax(UNSAFE.sub("?", name.replace("\\", "/")))


def without_image_syntax(text: str) -> str:
    """Untrusted text without Markdown's image syntax, which would make a browser load from another site."""
    return text.replace("![", "!(")


def identity(name: str) -> str:
    """Equal for names that some file systems can't distinguish: by letter case or Unicode composition."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


class Names:
    """Names of imported files: unchanged, or (``rename``) numbers in the order of ``paths``."""

    def __init__(self, paths: Iterable[str], rename: bool) -> None:
        self._numbers = {path: f"{number:06}" for number, path in enumerate(paths, 1)} if rename else {}

    def of(self, path: str) -> str:
        """The name under which any file is reported."""
        return self._numbers.get(path, path)

    def beside(self, path: str, inner: str, folder: str) -> str:
        """The name of an imported file: ``inner``, or a number in ``folder`` (its class) if renamed."""
        if path not in self._numbers:
            return inner
        return str(PurePosixPath(folder, self._numbers[path]))
