"""The image sets of one user: pixels by their hash, and a manifest for each set.

Pixels are kept as plain grey PNG without any of the source file's metadata, once per content however
many sets of however many users hold them, and are checked against their hash whenever they are read. Sets
that others share are here as well, to be read only, by a name that begins with their owner's.
"""

import functools
import io
import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core import paths
from core.access import sharing, users
from core.access.sharing import Share
from core.access.users import LOCAL, User
from core.errors import BadChoice, DamagedData, SetExists, SetNotFound
from core.files import write_atomic
from core.hashing import key, pixels_key
from core.types import ImageFile, ImageSet, Origin, Role

PLAIN = str.maketrans("[]<>`$*", "()()' ·")  # untrusted names must not become links


class Library:
    """All sets of a user under a root; several processes may read and write it."""

    def __init__(self, root: Path | None = None, user: User = LOCAL) -> None:
        self.user, self._root = user, root or paths.root()
        self._images, self._sets = self._root / "images", paths.base(user.id, self._root) / "sets"
        self._mine: frozenset[str] = frozenset()  # images of the sets that were last seen
        for folder in (self._root, self._images, self._sets):
            paths.make_folder(folder)

    # -- sets ------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        return sorted((image_set.name for image_set in self.all()), key=str.casefold)

    def all(self) -> list[ImageSet]:
        """The user's own sets, and those that are shared with the user."""
        own = [self._load(path) for path in sorted(self._sets.glob("*.json"))]
        return own + [self._under(name, path) for name, path in self._shared().items()]

    def get(self, name: str) -> ImageSet:
        """A data set of this user or shared with them; any other does not exist. Raises SetNotFound."""
        path = self._manifest(name)
        if path.exists():
            return self._load(path)
        shared = self._shared().get(name)
        if shared is None:
            raise SetNotFound(name, self.names())
        return self._under(name, shared)

    def pair_of(self, development: ImageSet) -> ImageSet | None:
        """The test set that a development set was imported with, while it is here."""
        if development.part != "development" or development.pair is None:
            return None
        try:
            return self.get(development.pair)
        except SetNotFound:
            return None

    def owns(self, name: str) -> bool:
        return self._manifest(name).exists()

    def add(self, image_set: ImageSet) -> bool:
        """Keep a set; False if it is here already, just so. The same pixels with other labels replace it."""
        check_name(image_set.name)
        path = self._manifest(image_set.name)
        with sharing.alone(self._root):
            if path.exists():
                present = self._load(path)
                if present == image_set:
                    return False
                if present.content != image_set.content:
                    raise SetExists(image_set.name)
            if not all(self._image(sha256).exists() for sha256 in {file.sha256 for file in image_set.files}):
                raise DamagedData(
                    "Images were deleted with another data set during this import. Import them again."
                )
            write_atomic(path, json.dumps(asdict(image_set)).encode())
        return True

    def check_free(self, image_set: ImageSet) -> None:
        """Raises SetExists where another data set has the name."""
        path = self._manifest(image_set.name)
        if path.exists() and self._load(path).content != image_set.content:
            raise SetExists(image_set.name)

    def delete(self, name: str) -> None:
        """Remove an own set, and those of its images that no other set holds, whoever's."""
        doomed = {file.sha256 for file in self.get(name).files}
        path = self._own(name)
        with sharing.alone(self._root):
            sharing.write(path, Share())
            path.unlink(missing_ok=True)
            for sha256 in doomed - self._kept(doomed):
                self._image(sha256).unlink(missing_ok=True)

    def _kept(self, doomed: set[str]) -> set[str]:
        """Images of all sets of all users; while one can't be read, it may hold any of them."""
        every = [*self._root.glob("sets/*.json"), *self._root.glob(f"{paths.USERS}/*/sets/*.json")]
        try:
            return {file.sha256 for manifest in every for file in self._load(manifest).files}
        except (OSError, ValueError, KeyError, TypeError):
            return doomed

    # -- sharing ---------------------------------------------------------------------------------

    def share_of(self, name: str) -> Share:
        """Whom an own set is shared with. Raises BadChoice for another's."""
        return sharing.read(self._own(name))

    def share(self, name: str, change: Callable[[Share], Share]) -> Share:
        """Change whom an own set is shared with."""
        path = self._own(name)
        with sharing.alone(self._root):
            share = change(sharing.read(path))
            sharing.write(path, share)
        return share

    def _own(self, name: str) -> Path:
        """The manifest of an own set; another's is read only."""
        path = self._manifest(name)
        if not path.exists():
            self.get(name)
            raise BadChoice(
                f"The data set '{name}' belongs to another user: you can view it, but not change it."
            )
        return path

    def _shared(self) -> dict[str, Path]:
        """Others' sets that this user may read, each by its owner's name and its own."""
        found: dict[str, Path] = {}
        if self.user.local:
            return found
        for owner, manifest in sharing.shared(self._root):
            if owner != self.user.id and manifest.exists() and sharing.read(manifest).reaches(self.user):
                plain = self._load(manifest).name.translate(PLAIN)
                found.setdefault(f"{_called(owner, self._root)}/{plain}", manifest)
        return found

    def _under(self, name: str, manifest: Path) -> ImageSet:
        facts = manifest.stat()
        return _renamed(name, manifest, facts.st_ino, facts.st_mtime_ns)

    # -- pixels ----------------------------------------------------------------------------------

    def add_pixels(self, pixels: np.ndarray) -> str:
        """Keep uint8 (H, W) grey pixels; returns their hash."""
        sha256 = pixels_key(pixels)
        path = self._image(sha256)
        if not path.exists() or self._read(sha256) is None:
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "PNG", compress_level=1, compress_type=zlib.Z_RLE)
            write_atomic(path, buffer.getvalue(), durable=False)
        return sha256

    def pixels(self, sha256: str) -> np.ndarray:
        """uint8 (H, W) of an image of the user's sets, checked against its hash. Raises DamagedData."""
        pixels = self._read(sha256) if self._is_mine(sha256) else None
        if pixels is None:
            raise DamagedData(
                f"Image {sha256[:12]} is missing or damaged on disk. Delete its data set and import it again."
            )
        return pixels

    # -- inside ----------------------------------------------------------------------------------

    def _read(self, sha256: str) -> np.ndarray | None:
        """The pixels if they are there and whole."""
        try:
            with Image.open(self._image(sha256), formats=("PNG",)) as image:
                pixels = np.asarray(image)
        except (OSError, SyntaxError, ValueError):
            return None
        whole = pixels.ndim == 2 and pixels.dtype == np.uint8 and pixels_key(pixels) == sha256
        return pixels if whole else None

    def _is_mine(self, sha256: str) -> bool:
        """A hash alone opens nothing: one of the user's sets must hold it."""
        if not self.user.local and sha256 not in self._mine:
            self._mine = frozenset(file.sha256 for image_set in self.all() for file in image_set.files)
        return self.user.local or sha256 in self._mine

    def _image(self, sha256: str) -> Path:
        return self._images / sha256[:2] / f"{sha256}.png"

    def _manifest(self, name: str) -> Path:
        return self._sets / f"{key('set', name)[:32]}.json"

    @staticmethod
    def _load(path: Path) -> ImageSet:
        facts = path.stat()
        return _parsed(path, facts.st_ino, facts.st_mtime_ns)


@functools.lru_cache(64)
def _parsed(path: Path, inode: int, changed: int) -> ImageSet:
    """A manifest as it was written at that moment: a page asks for all of them at every turn."""
    raw = json.loads(path.read_text("utf-8"))
    return ImageSet(
        raw["name"],
        raw["layout"],
        tuple(map(_file, raw["files"])),
        raw.get("view"),
        raw.get("part"),
        raw.get("pair"),
    )


@functools.lru_cache(64)
def _renamed(name: str, path: Path, inode: int, changed: int) -> ImageSet:
    """The same object while the manifest is the same, so that what is known of its files stays known."""
    return replace(_parsed(path, inode, changed), name=name)


def _file(raw: Mapping[str, Any]) -> ImageFile:
    """Manifests from before origins were recorded have none."""
    origin = raw.get("origin")
    return ImageFile(**{**raw, "role": Role(raw["role"]), "origin": Origin(**origin) if origin else None})


def _called(owner: str, root: Path) -> str:
    """An owner's name as it stands before that of a set; a title alone may be anybody's."""
    if owner == paths.LOCAL:
        return "Server"
    person = users.find(owner, root)
    return f"{person.title or 'User'} {person.code}"


def check_name(name: str) -> None:
    if not re.fullmatch(r"[^\x00-\x1f\x7f/\\]{1,80}", name) or name != name.strip():
        raise BadChoice("The name of a data set has 1 to 80 characters, no slash, and no space at its ends.")
