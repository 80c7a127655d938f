"""The data sets of one user: images stored by their hash, and one manifest per data set.

Images are stored as grey PNG files without any metadata of the source file, once per content across all data
sets and users, and are checked against their hash whenever they are read. Data sets that others share with
the user are included, read-only, under a name that begins with their owner's.
"""

import functools
import io
import json
import re
import secrets
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

SECRET, SECRET_SIZE = "patients.key", 32  # bytes
PLAIN_BYTES = 2**16  # a PNG of one grey level takes less, whatever its size: 4 kB per million pixels
PLAIN = str.maketrans("[]<>`$*", "()()' ·")  # so that untrusted names are not rendered as Markdown


class Library:
    """All data sets of a user under a root; several processes may read and write it."""

    def __init__(self, root: Path | None = None, user: User = LOCAL) -> None:
        self.user, self._root = user, root or paths.root()
        self._images, self._sets = self._root / "images", paths.base(user.id, self._root) / "sets"
        self._mine: frozenset[str] = frozenset()  # hashes of the user's images when last read
        for folder in (self._root, self._images, self._sets):
            paths.make_folder(folder)

    # -- data sets -------------------------------------------------------------------------------

    def names(self) -> list[str]:
        return sorted((image_set.name for image_set in self.all()), key=str.casefold)

    def all(self) -> list[ImageSet]:
        """The user's own data sets, and those shared with the user."""
        own = [self._load(path) for path in sorted(self._sets.glob("*.json"))]
        return own + [self._as_shared(name, path) for name, path in self._shared().items()]

    def get(self, name: str) -> ImageSet:
        """A data set of this user, or one shared with them. Raises SetNotFound for any other."""
        path = self._manifest(name)
        if path.exists():
            return self._load(path)
        shared = self._shared().get(name)
        if shared is None:
            raise SetNotFound(name, self.names())
        return self._as_shared(name, shared)

    def pair_of(self, development: ImageSet) -> ImageSet | None:
        """The test set that was imported with a development set, if it still exists."""
        if development.part != "development" or development.pair is None:
            return None
        try:
            return self.get(development.pair)
        except SetNotFound:
            return None

    def real_images(self, content: str) -> tuple[str, ...]:
        """Hashes of the real images of a set with this ``real_content``. Raises BadChoice without one."""
        for image_set in self.all():
            if image_set.real_content == content:
                return image_set.real_images
        raise BadChoice(
            "The real images by which features are whitened are not here. Import them, under any name, or "
            "choose other ones."
        )

    def secret(self) -> bytes:
        """The key of the hashes of patients' identifiers, made on first use; the same for all users."""
        path = self._root / SECRET
        if not path.exists():
            with sharing.alone(self._root):
                if not path.exists():
                    write_atomic(path, secrets.token_bytes(SECRET_SIZE))
                    path.chmod(0o600)
        return path.read_bytes()

    def owns(self, name: str) -> bool:
        return self._manifest(name).exists()

    def add(self, image_set: ImageSet) -> bool:
        """Add a data set; False if it already exists unchanged. The same images with other labels replace it.

        Raises BadChoice (invalid name), SetExists (other images have this name) and DamagedData.
        """
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
        """Raises SetExists if a data set with other images has the name."""
        path = self._manifest(image_set.name)
        if path.exists() and self._load(path).content != image_set.content:
            raise SetExists(image_set.name)

    def delete(self, name: str) -> None:
        """Delete an own data set, and its images that no data set of any user still uses."""
        its = {file.sha256 for file in self.get(name).files}
        path = self._own(name)
        with sharing.alone(self._root):
            sharing.write(path, Share())
            path.unlink(missing_ok=True)
            for sha256 in its - self._used(its):
                self._image(sha256).unlink(missing_ok=True)

    def _used(self, images: set[str]) -> set[str]:
        """Images of all data sets of all users; all of ``images`` if a manifest can't be read."""
        every = [*self._root.glob("sets/*.json"), *self._root.glob(f"{paths.USERS}/*/sets/*.json")]
        try:
            return {file.sha256 for manifest in every for file in self._load(manifest).files}
        except (OSError, ValueError, KeyError, TypeError):
            return images

    # -- sharing ---------------------------------------------------------------------------------

    def share_of(self, name: str) -> Share:
        """With whom an own data set is shared. Raises BadChoice for a data set of another user."""
        return sharing.read(self._own(name))

    def share(self, name: str, change: Callable[[Share], Share]) -> Share:
        """Change with whom an own data set is shared; returns the new share."""
        path = self._own(name)
        with sharing.alone(self._root):
            share = change(sharing.read(path))
            sharing.write(path, share)
        return share

    def _own(self, name: str) -> Path:
        """The manifest of an own data set. Raises BadChoice for one of another user, SetNotFound."""
        path = self._manifest(name)
        if not path.exists():
            self.get(name)
            raise BadChoice(
                f"The data set '{name}' belongs to another user: you can view it, but not change it."
            )
        return path

    def _shared(self) -> dict[str, Path]:
        """Manifests of data sets that others share with this user, by owner's name and data set name."""
        found: dict[str, Path] = {}
        if self.user.local:
            return found
        for owner, manifest in sharing.shared(self._root):
            if owner != self.user.id and manifest.exists() and sharing.read(manifest).reaches(self.user):
                plain = self._load(manifest).name.translate(PLAIN)
                found.setdefault(f"{_owner_title(owner, self._root)}/{plain}", manifest)
        return found

    def _as_shared(self, name: str, manifest: Path) -> ImageSet:
        facts = manifest.stat()
        return _renamed(name, manifest, facts.st_ino, facts.st_mtime_ns)

    # -- pixels ----------------------------------------------------------------------------------

    def add_pixels(self, pixels: np.ndarray) -> str:
        """Store grey pixels, uint8 (H, W); returns their hash."""
        sha256 = pixels_key(pixels)
        path = self._image(sha256)
        if not path.exists() or self._read(sha256) is None:
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "PNG", compress_level=1, compress_type=zlib.Z_RLE)
            write_atomic(path, buffer.getvalue(), durable=False)
        return sha256

    def pixels(self, sha256: str) -> np.ndarray:
        """The pixels, uint8 (H, W), of an image in the user's data sets. Raises DamagedData."""
        pixels = self._read(sha256) if self._is_mine(sha256) else None
        if pixels is None:
            raise DamagedData(
                f"Image {sha256[:12]} is missing or damaged on disk. Delete its data set and import it again."
            )
        return pixels

    def one_grey(self, sha256: str) -> bool:
        """Whether all pixels of an image have the same grey level; False where it is missing."""
        try:
            if self._image(sha256).stat().st_size > PLAIN_BYTES:
                return False
        except OSError:
            return False
        pixels = self._read(sha256)
        return pixels is not None and bool(pixels.min() == pixels.max())

    # -- inside ----------------------------------------------------------------------------------

    def _read(self, sha256: str) -> np.ndarray | None:
        """The pixels, or None if they are missing or do not match their hash."""
        try:
            with Image.open(self._image(sha256), formats=("PNG",)) as image:
                pixels = np.asarray(image)
        except (OSError, SyntaxError, ValueError):
            return None
        intact = pixels.ndim == 2 and pixels.dtype == np.uint8 and pixels_key(pixels) == sha256
        return pixels if intact else None

    def _is_mine(self, sha256: str) -> bool:
        """Knowing a hash is not enough: one of the user's data sets must contain the image."""
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
    """A manifest, cached until it is rewritten: pages read all of them on every rerun."""
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
    """The same object as long as the manifest is unchanged, so that values cached on it are kept."""
    return replace(_parsed(path, inode, changed), name=name)


def _file(raw: Mapping[str, Any]) -> ImageFile:
    """Older manifests have no origin."""
    origin = raw.get("origin")
    return ImageFile(**{**raw, "role": Role(raw["role"]), "origin": Origin(**origin) if origin else None})


def _owner_title(owner: str, root: Path) -> str:
    """An owner's name with their code, as names alone are not unique."""
    if owner == paths.LOCAL:
        return "Server"
    person = users.find(owner, root)
    return f"{person.title or 'User'} {person.code}"


def check_name(name: str) -> None:
    """Raises BadChoice if a data set can't have this name."""
    if not re.fullmatch(r"[^\x00-\x1f\x7f/\\]{1,80}", name) or name != name.strip():
        raise BadChoice("A data set name has 1 to 80 characters, no slash, and no space at the start or end.")
