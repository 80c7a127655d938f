"""Opens a folder or an archive; each archive in a folder is read like a folder of its name."""

import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from core.errors import NothingToImport, UnreadableImage
from core.images.sources import entries
from core.images.sources.source import Source, combined, from_folder, inside, without
from core.images.sources.tar_archive import is_tar, open_tar
from core.images.sources.zip_archive import from_zip, open_zip

READ = (*entries.ZIPS, *entries.TARS)
SHARD = re.compile(r"(^|[-_.]|(?<=/))\d{4,}$")  # WebDataset numbers its shards: train-000000.tar


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """The source at a path. Raises NothingToImport for anything but a folder, a zip or a tar archive."""
    if path.is_dir():
        with expanded(from_folder(path), lambda name: inside(path, name)) as source:
            yield source
    elif not path.exists():
        raise NothingToImport(f"There is no file or folder {path}.")
    elif is_archive(path.name) or zipfile.is_zipfile(path):
        with open_archive(path, path.name) as source:
            yield source
    else:
        raise NothingToImport(f"{path.name} is neither a folder nor a zip or tar archive.")


@contextmanager
def open_archive(path: Path, name: str) -> Iterator[Source]:
    """The entries of an archive; ``name`` is used in errors. Raises NothingToImport."""
    if is_tar(Path(name)):
        with open_tar(path, name) as source:
            yield source
    else:
        with open_zip(path, name) as archive:
            yield from_zip(archive)


def is_archive(name: str) -> bool:
    """Whether a name is that of an archive that can be read."""
    return name.lower().endswith(READ)


@contextmanager
def expanded(source: Source, path_of: Callable[[str], Path]) -> Iterator[Source]:
    """A source in which each archive is replaced by its entries, below a folder of its name.

    ``path_of``: where an archive is on disk; may raise UnreadableImage. Raises NothingToImport if an archive
    is damaged: a part must not pass for the whole.
    """
    archives = [name for name in source.paths if is_archive(name)]
    others = [name for name in source.paths if _is_other_archive(name)]
    refused = tuple((name, "an archive of a kind that can't be read: unpack it first") for name in others)
    plain = without(source, {*archives, *others}, refused)
    parts, taken = [("", plain)], set(plain.paths)
    with ExitStack() as opened:
        for name in archives:
            try:
                part = opened.enter_context(open_archive(path_of(name), name))
            except UnreadableImage as error:
                raise NothingToImport(f"{name} is {error}.") from None
            named = _folders(name, part)
            folder = next(
                each for each in named if taken.isdisjoint(_below(each, path) for path in part.paths)
            )
            taken.update(_below(folder, path) for path in part.paths)
            parts.append((folder, part))
        yield combined(parts) if archives else plain


def without_ending(name: str) -> str:
    """A name without the ending of an archive, if it has one."""
    endings = sorted(READ, key=len, reverse=True)
    ending = next((each for each in endings if name.lower().endswith(each)), "")
    return name[: len(name) - len(ending)]


def _is_other_archive(name: str) -> bool:
    low = name.lower()
    return low.endswith(entries.OTHERS) and not (low.endswith(".nii.gz") or is_archive(low))


def _folders(name: str, source: Source) -> Iterator[str]:
    """Folders for an archive's entries, the best first: that of its shards, its own, or with its ending."""
    own = without_ending(name)
    parent, _, plain = own.rpartition("/")
    if all(path.startswith(f"{plain}/") for path in source.paths):
        yield parent  # all of it is in a folder of its name already
    if name.lower().endswith(entries.TARS):
        yield SHARD.sub("", own).rstrip("/")
    yield own
    yield name


def _below(folder: str, path: str) -> str:
    return f"{folder}/{path}" if folder else path
