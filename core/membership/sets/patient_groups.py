"""Which real images are not independent of each other: slices of one patient, and copies.

File names decide nothing: known groups are numbered by their own names, and all else by the hashes of the
pixels, so that the same pixels in other files get the same folds, bootstrap draws and permutations.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from core.types import ImageFile


def group_numbers(files: Sequence[ImageFile], alike: Mapping[str, str] | None = None) -> np.ndarray:
    """int (n,): the patient group of each image.

    Copies without a group are one group; where exactly one patient has the same pixels, they are that
    patient's. ``alike`` names groups of near-duplicates by hash, for images without a group.
    """
    alike = alike or {}
    patients: dict[str, set[str]] = {}
    for file in files:
        patients.setdefault(file.sha256, set()).update([file.group] if file.group else [])
    names = [_name(file, patients[file.sha256], alike.get(file.sha256, file.sha256)) for file in files]
    number = {name: place for place, name in enumerate(sorted(set(names)))}
    return np.array([number[name] for name in names], np.int64)


def _name(file: ImageFile, patients: set[str], alone: str) -> tuple[bool, str]:
    """Patients come before single images."""
    if file.group:
        return False, file.group
    return (False, next(iter(patients))) if len(patients) == 1 else (True, alone)


def ranks(files: Sequence[ImageFile], groups: np.ndarray) -> np.ndarray:
    """int (n,): the place of each image in the order of hashes; of copies, by role and group."""
    order = sorted(range(len(files)), key=lambda i: (files[i].sha256, files[i].role, int(groups[i])))
    found = np.zeros(len(files), np.int64)
    found[order] = np.arange(len(files))
    return found
