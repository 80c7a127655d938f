"""The image sets on this machine: pixels by their hash, and a manifest for each set.

Pixels are kept as plain grey PNG without any of the source file's metadata, once per content however
many sets hold them, and are checked against their hash whenever they are read.
"""

import functools
import io
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core import home
from core.errors import BadChoice, DamagedData, SetExists, SetNotFound
from core.files import write_atomic
from core.hashing import key, pixels_key
from core.values import ImageFile, ImageSet, Origin, Role


class Library:
    """All sets under a root; several processes may read and write it."""

    def __init__(self, root: Path | None = None) -> None:
        base = root or home.root()
        self._images, self._sets = base / "images", base / "sets"
        for folder in (base, self._images, self._sets):
            home.make_folder(folder)

    # -- sets ------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        return sorted((image_set.name for image_set in self.all()), key=str.casefold)

    def all(self) -> list[ImageSet]:
        return [self._load(path) for path in sorted(self._sets.glob("*.json"))]

    def get(self, name: str) -> ImageSet:
        path = self._manifest(name)
        if not path.exists():
            raise SetNotFound(name, self.names())
        return self._load(path)

    def add(self, image_set: ImageSet) -> bool:
        """Keep a set; False if it is here already, just so. The same pixels with other labels replace it."""
        check_name(image_set.name)
        path = self._manifest(image_set.name)
        if path.exists():
            present = self._load(path)
            if present == image_set:
                return False
            if present.content != image_set.content:
                raise SetExists(image_set.name)
        write_atomic(path, json.dumps(asdict(image_set)).encode())
        return True

    def delete(self, name: str) -> None:
        """Remove a set, and those of its images that no other set holds."""
        doomed = {file.sha256 for file in self.get(name).files}
        self._manifest(name).unlink(missing_ok=True)
        kept = {file.sha256 for image_set in self.all() for file in image_set.files}
        for sha256 in doomed - kept:
            self._image(sha256).unlink(missing_ok=True)

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
        """uint8 (H, W), checked against its hash. Raises DamagedData."""
        pixels = self._read(sha256)
        if pixels is None:
            raise DamagedData(
                f"Image {sha256[:12]} is missing or damaged on disk. Delete its set and import it again."
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
    return ImageSet(raw["name"], raw["layout"], tuple(map(_file, raw["files"])), raw.get("view"))


def _file(raw: Mapping[str, Any]) -> ImageFile:
    """Manifests from before origins were recorded have none."""
    origin = raw.get("origin")
    return ImageFile(**{**raw, "role": Role(raw["role"]), "origin": Origin(**origin) if origin else None})


def check_name(name: str) -> None:
    if not re.fullmatch(r"[^\x00-\x1f\x7f/\\]{1,80}", name) or name != name.strip():
        raise BadChoice("A set's name has 1 to 80 characters, no slash, and no space at its ends.")
