"""The blind baselines: each uses a single property of an image that should not predict its label.

A baseline is a row of the registry: a title, what it sees, and a function that returns its value for one
image, a number or a word. The value is None where it does not exist; ``lacking`` is the reason.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.audit.image_statistics import ImageStatistics
from core.registry import Registry
from core.types import ImageFile

VERSION = 1
NOT_RECORDED = "not recorded when the data set was imported"
NUMBER = re.compile(r"[0-9]{1,15}")

Value = float | str | None


@dataclass(frozen=True)
class Baseline:
    title: str
    sees: str
    of: Callable[[ImageFile, ImageStatistics], Value]
    lacking: str = NOT_RECORDED


BASELINES: Registry[Baseline] = Registry("baseline")


def _stem(file: ImageFile) -> str:
    return PurePosixPath(file.name).stem


def _pattern(file: ImageFile, statistics: ImageStatistics) -> Value:
    return NUMBER.sub("#", _stem(file))


def _number(file: ImageFile, statistics: ImageStatistics) -> Value:
    found = NUMBER.findall(_stem(file))
    return float(found[-1]) if found else None


def _size(file: ImageFile, statistics: ImageStatistics) -> Value:
    return f"{statistics.width:.0f} x {statistics.height:.0f} px"


def _format(file: ImageFile, statistics: ImageStatistics) -> Value:
    return file.origin.format if file.origin else None


def _bits(file: ImageFile, statistics: ImageStatistics) -> Value:
    return f"{file.origin.bits} bit" if file.origin else None


def _bytes(file: ImageFile, statistics: ImageStatistics) -> Value:
    return float(file.origin.bytes) if file.origin else None


for name, row in {
    "mean": Baseline("Mean intensity", "the mean grey level", lambda _, statistics: statistics.mean),
    "darkest": Baseline(
        "Darkest grey", "the grey level of the darkest 1%", lambda _, statistics: statistics.darkest
    ),
    "brightest": Baseline(
        "Brightest grey", "the grey level of the brightest 1%", lambda _, statistics: statistics.brightest
    ),
    "levels": Baseline(
        "Grey levels used", "how many of the 256 grey levels occur", lambda _, statistics: statistics.levels
    ),
    "border": Baseline(
        "Constant border",
        "width in px of the border of constant grey",
        lambda _, statistics: statistics.border,
    ),
    "jpeg": Baseline(
        "JPEG traces", "an 8 x 8 block grid in the pixels", lambda _, statistics: statistics.jpeg
    ),
    "size": Baseline("Image size", "width and height", _size),
    "format": Baseline("File format", "the format of the file, such as PNG or JPEG", _format),
    "bits": Baseline("Bit depth", "bits per pixel in the file", _bits),
    "bytes": Baseline("File size", "bytes of the file", _bytes),
    "pattern": Baseline("Name", "the file name without its digits", _pattern),
    "number": Baseline(
        "Number in the name", "the last number in the file name", _number, "no number in the file name"
    ),
}.items():
    BASELINES.register(name, row)
