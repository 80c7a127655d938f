"""Can published scores all be true? The arithmetic of confusion matrices, from printed digits.

A printed number stands for all numbers that round to it: 0.461 for 0.4605 to 0.4615; or, if nothing fits
then, that are cut off to it (up to 0.462), as the paper's table 4 does. Where the number of images is
given, integer confusion matrices are enumerated, and fractions decide: the answer is exact. Without it the
scores are functions of three shares of all images (used, correctly and wrongly predicted "used"). All but
kappa are linear constraints on these, so linear programs decide. Kappa is bilinear in them: the prevalence
is halved until each piece is ruled out by a relaxation (McCormick 1976) or has a point that fits.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from core.errors import BadChoice
from core.paper.shares import prevalences
from core.wording import counted

SCORES = ("accuracy", "precision", "recall", "f1", "kappa")
ROUNDED, CUT_OFF = "rounded", "cut off"
MOST = 10_000  # images of unknown split whose matrices are enumerated
SLACK = 1e-6  # matrices that a float arithmetic leaves in for the fractions to decide


@dataclass(frozen=True)
class Printed:
    """A number as it was printed: its value, and the unit of its last digit."""

    value: Fraction
    unit: Fraction

    def limits(self, reading: str) -> tuple[Fraction, Fraction]:
        """Smallest and largest number that may be printed so."""
        up = self.unit if reading == CUT_OFF else self.unit / 2
        return self.value - self.unit / 2, self.value + up


Limits = Mapping[str, tuple[Fraction, Fraction]]


@dataclass(frozen=True)
class Counts:
    """Images: all, and (if known) how many of them are used."""

    n: int
    used: int | None = None


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix; "used" is the positive class."""

    tp: int
    fp: int
    fn: int
    tn: int

    def score(self, name: str) -> Fraction | None:
        """None where it is undefined."""
        tp, fp, fn, tn = self.tp, self.fp, self.fn, self.tn
        n = tp + fp + fn + tn
        above, below = {
            "accuracy": (tp + tn, n),
            "precision": (tp, tp + fp),
            "recall": (tp, tp + fn),
            "f1": (2 * tp, 2 * tp + fp + fn),
            "kappa": (2 * (tp * tn - fp * fn), (tp + fp) * (fp + tn) + (tp + fn) * (fn + tn)),
            "prevalence": (tp + fn, n),
        }[name]
        return Fraction(above, below) if below else None

    def fits(self, limits: Limits) -> bool:
        scores = ((self.score(name), limit) for name, limit in limits.items())
        return all(score is not None and low <= score <= high for score, (low, high) in scores)


@dataclass(frozen=True)
class Consistency:
    """``reading``: how the digits must be read, rounded or cut off. ``example``: a matrix that fits.

    ``prevalence``: lowest and highest share of used images at which the scores can all be true, whatever
    split or prevalence was given; None if there is none. ``any_number``: on some number of images, as none
    was given or none fits on that number.
    """

    possible: bool
    reading: str
    example: Matrix | None
    prevalence: tuple[float, float] | None
    any_number: bool


def parse(name: str, text: str) -> Printed:
    """A score as printed: 0.461, .461, 46.1% or 0,461. Raises BadChoice."""
    plain = text.strip().replace(",", ".")
    found = re.fullmatch(r"([+-]?)(\d*)\.?(\d*)\s*(%?)", plain)
    if not found or not (found[2] or found[3]) or len(plain) > 20:
        raise BadChoice(
            f"The {name} must be a number as it was printed, such as 0.461 or 46.1%; got '{text}'."
        )
    scale = 100 if found[4] else 1
    printed = Printed(
        Fraction(found[1] + (found[2] or "0") + "." + (found[3] or "0")) / scale,
        Fraction(1, 10 ** len(found[3]) * scale),
    )
    if not (-1 if name == "kappa" else 0) <= printed.value <= 1:
        lowest = "-1" if name == "kappa" else "0"
        raise BadChoice(f"The {name} is between {lowest} and 1 (or 100%); got '{text}'.")
    return printed


def counts_of(used: int | None, not_used: int | None, images: int | None) -> Counts | None:
    """Numbers of images as far as they are known. Raises BadChoice if they don't go together."""
    if (used is None) != (not_used is None):
        raise BadChoice(
            "Give the numbers of used and of not used images, or that of all images if the split is unknown."
        )
    if used is None or not_used is None:
        return None if images is None else Counts(images)
    if min(used, not_used) < 0:
        raise BadChoice("The numbers of used and not used images must be 0 or more.")
    if images not in (None, used + not_used):
        raise BadChoice("The number of all images is not the sum of used and not used images.")
    return Counts(used + not_used, used)


def check(scores: Mapping[str, Printed], counts: Counts | None = None) -> Consistency:
    """Whether the scores (``SCORES`` and prevalence) can all be true. Raises BadChoice without any score."""
    if not set(scores) & set(SCORES):
        raise BadChoice("Give at least one of accuracy, precision, recall, F1 and kappa.")
    if counts is not None and (counts.n < 1 or not 0 <= (counts.used or 0) <= counts.n):
        raise BadChoice("The numbers of images must be 0 or more, and at least 1 together.")
    for reading in (ROUNDED, CUT_OFF):
        found = _read(scores, counts, reading)
        if found is not None:
            return found
    of_n = (_needed(scores, counts, reading) for reading in (ROUNDED, CUT_OFF) if counts)
    of_any = (_needed(scores, None, reading) for reading in (ROUNDED, CUT_OFF))
    whole = next((each for each in of_n if each), None)
    return Consistency(
        False, CUT_OFF, None, whole or next((each for each in of_any if each), None), whole is None
    )


def _read(scores: Mapping[str, Printed], counts: Counts | None, reading: str) -> Consistency | None:
    """None if the scores can't be true when their digits are read so."""
    limits = {name: printed.limits(reading) for name, printed in scores.items()}
    if counts is None or (counts.used is None and counts.n > MOST):
        shares = prevalences(_floats(limits))
        return None if shares is None else Consistency(True, reading, None, shares, True)
    splits = range(counts.n + 1) if counts.used is None else [counts.used]
    example = next((each for used in splits if (each := _matrix(limits, used, counts.n - used))), None)
    if example is None:
        return None
    return Consistency(True, reading, example, _needed(scores, counts, reading), counts.n > MOST)


def _needed(scores: Mapping[str, Printed], counts: Counts | None, reading: str) -> tuple[float, float] | None:
    """The prevalences at which the scores alone can be true, on as many images if their number is known."""
    limits = {name: scores[name].limits(reading) for name in SCORES if name in scores}
    if counts is None or counts.n > MOST:
        return prevalences(_floats(limits))
    fitting = [used for used in range(counts.n + 1) if _matrix(limits, used, counts.n - used)]
    return (fitting[0] / counts.n, fitting[-1] / counts.n) if fitting else None


def _floats(limits: Limits) -> dict[str, tuple[float, float]]:
    return {name: (float(low), float(high)) for name, (low, high) in limits.items()}


def _matrix(limits: Limits, used: int, not_used: int) -> Matrix | None:
    """A matrix with so many used and not used images that fits, or None."""
    for tp, fp in _candidates(limits, used, not_used):
        matrix = Matrix(tp, fp, used - tp, not_used - fp)
        if matrix.fits(limits):
            return matrix
    return None


def _candidates(limits: Limits, used: int, not_used: int) -> Iterator[tuple[int, int]]:
    """Given true positives, every score bounds the false positives (n is a number of images):

    accuracy: fp = tp + not used - accuracy n; precision: fp = tp / precision - tp; F1: fp = 2 tp / F1 - tp -
    used; kappa: fp (2 used + kappa (not used - used)) =
    2 tp not used - kappa (tp (not used - used) + n used).
    """
    low = {name: float(limit[0]) for name, limit in limits.items()}
    high = {name: float(limit[1]) for name, limit in limits.items()}
    n = used + not_used
    if "prevalence" in limits and not low["prevalence"] * n - SLACK <= used <= high["prevalence"] * n + SLACK:
        return
    first, last = 0, used
    if "recall" in limits:
        first = max(first, int(np.ceil(low["recall"] * used - SLACK)))
        last = min(last, int(np.floor(high["recall"] * used + SLACK)))
    tp = np.arange(first, last + 1, dtype=float)
    least, most = np.zeros(len(tp)), np.full(len(tp), float(not_used))
    if "accuracy" in limits:
        least = np.maximum(least, tp + not_used - high["accuracy"] * n)
        most = np.minimum(most, tp + not_used - low["accuracy"] * n)
    for name, factor, less in (("precision", 1, 0), ("f1", 2, used)):
        if name in limits:
            least = np.maximum(least, factor * tp / max(high[name], 1e-12) - tp - less)
            most = np.minimum(most, factor * tp / low[name] - tp - less) if low[name] > 0 else most
    if "kappa" in limits:
        for kappa, sign in ((low["kappa"], 1), (high["kappa"], -1)):
            slope = sign * (2 * used + kappa * (not_used - used))
            right = sign * (2 * tp * not_used - kappa * (tp * (not_used - used) + used * n))
            if slope > 0:
                most = np.minimum(most, right / slope)
            elif slope < 0:
                least = np.maximum(least, right / slope)
            else:
                most = np.where(right < -SLACK * n * n, -1, most)
    first_fp, last_fp = np.ceil(least - SLACK).astype(int), np.floor(most + SLACK).astype(int)
    for place in np.flatnonzero(first_fp <= last_fp):
        for fp in range(max(first_fp[place], 0), min(last_fp[place], not_used) + 1):
            yield int(tp[place]), fp


def sentences(found: Consistency, counts: Counts | None) -> list[str]:
    """The answer in words, with an example or what would have to be the case."""
    on = _images(counts)
    if not found.possible:
        needed = "No prevalence makes them true, on any number of images."
        if found.prevalence:
            other = ", and another number of images" if found.any_number and counts else ""
            needed = f"They would need a prevalence of {_percent(*found.prevalence)} used images{other}."
        return [f"These scores can't all be true{on}, whether rounded or cut off.", needed]
    cut = ", if digits were cut off rather than rounded" if found.reading == CUT_OFF else ""
    said = [f"These scores can all be true{on}{cut}."]
    if found.example:
        tp, fp, fn, tn = (getattr(found.example, name) for name in ("tp", "fp", "fn", "tn"))
        said.append(
            f"For example: {tp:,} used and {fp:,} not used images predicted “used”; {fn:,} used and {tn:,} "
            "not used images predicted “not used”."
        )
    if found.prevalence:
        said.append(f"They need a prevalence of {_percent(*found.prevalence)} used images.")
    return said


def _images(counts: Counts | None) -> str:
    if counts is None:
        return ""
    if counts.used is None:
        return f" on {counted(counts.n, 'image')}"
    return f" on {counts.used:,} used and {counted(counts.n - counts.used, 'not used image')}"


def _percent(low: float, high: float) -> str:
    """Rounded outwards, to as many digits as tell the two apart."""
    digits = next((d for d in (0, 1, 2) if (high - low) * 100 >= 10 ** (1 - d)), 2)
    first = math.floor(low * 100 * 10**digits + SLACK) / 10**digits
    last = math.ceil(high * 100 * 10**digits - SLACK) / 10**digits
    return f"{first:g}%" if first == last else f"{first:g}% to {last:g}%"


def as_json(found: Consistency) -> dict[str, Any]:
    example = found.example
    names = (*SCORES, "prevalence")
    scores = {name: example.score(name) for name in names} if example else {}
    return {
        "possible": found.possible,
        "reading": found.reading if found.possible else None,
        "example": None
        if example is None
        else {"tp": example.tp, "fp": example.fp, "fn": example.fn, "tn": example.tn},
        "scores": {name: None if score is None else round(float(score), 6) for name, score in scores.items()},
        "prevalence": None if found.prevalence is None else list(found.prevalence),
        "any_number": found.any_number,
    }
