"""The grey levels of each class of a data set, and warnings where classes can't be compared by them.

Whatever distinguishes the classes' files (depth, window, range) also distinguishes their pixels, and would be
mistaken for a generator's fingerprint or for a leak.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.images import grey_values
from core.images.formats.decoded import Facts
from core.images.formats.windowing import View
from core.images.grey_values import Grey
from core.wording import counted, verb

SAMPLED = 2**14  # pixels of an image that are counted
SATURATED = 0.5  # share of white pixels
LISTED = 6  # classes in a sentence
ADVICE = "Give slope, intercept or a window that fits the values."


@dataclass
class Class:
    """Counts over the images of one class; ``greys``: as ``grey_values`` measures each; shares are sums."""

    images: int = 0
    flat: int = 0
    black: float = 0
    white: float = 0
    windowed: int = 0
    greys: list[np.ndarray] = field(default_factory=list)
    formats: Counter[str] = field(default_factory=Counter)
    ranges: Counter[str] = field(default_factory=Counter)

    def add(self, facts: Facts, images: Sequence[np.ndarray]) -> None:
        self.formats[f"{facts.origin.format} {facts.origin.bits} bit"] += len(images)
        self.ranges[facts.scaled] += len(images)
        self.windowed += len(images) if facts.windowed else 0
        for pixels in images:
            step = max(1, int(np.ceil(np.sqrt(pixels.size / SAMPLED))))
            counts = np.bincount(pixels[::step, ::step].ravel(), minlength=256)
            self.images += 1
            self.flat += bool(counts.max() == counts.sum() and pixels.min() == pixels.max())
            self.greys.append(grey_values.measure(counts))
            self.black += counts[0] / counts.sum()
            self.white += counts[255] / counts.sum()

    @property
    def typical(self) -> Grey:
        return grey_values.typical(np.stack(self.greys))

    def facts(self, name: str) -> dict[str, object]:
        """As JSON; shares are means over images."""
        return {
            "class": name,
            "images": self.images,
            "formats": dict(sorted(self.formats.items())),
            "ranges": {said: count for said, count in sorted(self.ranges.items()) if said},
            "windowed": self.windowed,
            "levels": int(self.typical.levels),
            "black": round(self.black / self.images, 4),
            "white": round(self.white / self.images, 4),
            "single_grey": self.flat,
        }


class GreyReport:
    """The classes of one data set, by name: a role, or the generator of generated images."""

    def __init__(self) -> None:
        self._classes: dict[str, Class] = {}

    def add(self, name: str, facts: Facts, images: Sequence[np.ndarray]) -> None:
        self._classes.setdefault(name, Class()).add(facts, images)

    def facts(self) -> list[dict[str, object]]:
        return [each.facts(name) for name, each in sorted(self._classes.items())]

    def remarks(self, view: View) -> list[str]:
        """What each class is, if they differ, and what makes them incomparable."""
        return [*self._described(view), *self._incomparable(), *self._saturated(view), *self._flat()]

    def _described(self, view: View) -> list[str]:
        words = {name: _words(each, view) for name, each in sorted(self._classes.items())}
        if len(set(words.values())) < 2:
            return []
        listed = "; ".join(f"{name}: {said}" for name, said in list(words.items())[:LISTED])
        more = f"; and {len(words) - LISTED} more" if len(words) > LISTED else ""
        return [f"The files of the classes differ, which alone may tell them apart. {listed}{more}."]

    def _incomparable(self) -> list[str]:
        greys = {name: each.typical for name, each in sorted(self._classes.items())}
        found = grey_values.incomparable(greys)
        if found is None:
            return []
        poor, rich = (greys[name] for name in found)
        if grey_values.quantised(poor, rich):
            few = counted(int(poor.levels), "grey level")
            many = f"those of {found[1]} {int(rich.levels)}"
            return [f"Images of {found[0]} use {few} (median), {many}: they can't be compared. {ADVICE}"]
        both = ", ".join(grey.words(name) for name, grey in zip(found, (poor, rich), strict=True))
        return [f"Images of {found[0]} and {found[1]} can't be compared: {both}. {ADVICE}"]

    def _saturated(self, view: View) -> list[str]:
        found = [
            f"{each.white / each.images:.0%} of {name}"
            for name, each in sorted(self._classes.items())
            if each.white / each.images > SATURATED
        ]
        if not found:
            return []
        return [
            f"More than half of the pixels are white ({_listed(found)}): if the values are not HU, the "
            f"window {view.shown} does not fit them."
        ]

    def _flat(self) -> list[str]:
        found = [
            f"{each.flat} of {counted(each.images, 'image')} of {name}"
            for name, each in sorted(self._classes.items())
            if each.flat
        ]
        flat = sum(each.flat for each in self._classes.values())
        has = verb(flat, "has", "have")
        return [f"{_listed(found)} {has} a single grey level: nothing can be told from it."] if found else []


def _words(each: Class, view: View) -> str:
    windowed = f", window {view.shown}" if each.windowed else ""
    ranges = [said for said in sorted(each.ranges) if said]
    scaled = f", values {' and '.join(ranges)}" if ranges else ""
    return f"{' and '.join(sorted(each.formats))}{scaled}{windowed}"


def _listed(found: Iterable[str]) -> str:
    every = list(found)
    more = f", and {len(every) - LISTED} more" if len(every) > LISTED else ""
    return ", ".join(every[:LISTED]) + more
