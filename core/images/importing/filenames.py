"""File names as display text: no path on this machine, and numbers where names may identify a patient."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

# Control characters, and those that turn or hide text on a screen.
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def display_name(name: str) -> str:
    return without_image_syntax(UNSAFE.sub("?", name.replace("\\", "/")))


def without_image_syntax(text: str) -> str:
    """Untrusted text without Markdown's image syntax, by which a page would fetch from elsewhere."""
    return text.replace("![", "!(")


def identity(name: str) -> str:
    """The same for names that some file system takes for one: by letter case or Unicode's composed forms."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


class Names:
    """What an import calls its files: as they are, or (``rename``) by their number in natural order."""

    def __init__(self, paths: Iterable[str], rename: bool) -> None:
        self._numbers = {path: f"{number:06}" for number, path in enumerate(paths, 1)} if rename else {}

    def of(self, path: str) -> str:
        return self._numbers.get(path, path)

    def beside(self, path: str, inner: str, folder: str) -> str:
        """A file that is taken, ``inner`` below the wrapping folders; ``folder`` tells its class."""
        if path not in self._numbers:
            return inner
        return str(PurePosixPath(folder, self._numbers[path]))
