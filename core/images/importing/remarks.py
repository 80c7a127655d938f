"""Remarks on an import, as sentences: image sizes, duplicates, windows, and what was read from headers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from core.images.formats.decoded import (
    BURNED_IN,
    NO_RESCALE,
    NOT_HU,
    OFFSET_HU,
    OWN_WINDOW,
    SHIFTED,
    UNSAID,
    Facts,
)
from core.images.formats.windowing import DEFAULT, View
from core.types import ImageSet, Role
from core.wording import counted, verb

DARK = 32  # of 255; a CT slice in any window has brighter pixels
LISTED = 12  # keywords listed in a sentence; the report has all of them
NOTED = {  # what is said of the files that have a note; with their number
    OWN_WINDOW: "{is_} shown through the window in {its} own header, as {it} {is_} not CT",
    SHIFTED: "{has} values that do not end at the lowest bit (HighBit); they were shifted",
    NO_RESCALE: (
        "{is_} CT without slope and intercept: {its} stored values were taken for HU. If they are not, give "
        "--slope and --intercept"
    ),
    NOT_HU: (
        "{has} no values below 0, so no air: they may not be HU, and the window may show them too bright. "
        "Give --slope and --intercept (such as --intercept -1024), or another window"
    ),
    OFFSET_HU: "{is_} recognised as HU + 32768 in 16 bits, and shown through the window",
}
ORIENTATION = {
    "axial": "from head to feet, front at the top, the patient's right at the left",
    "coronal": "from front to back, head at the top, the patient's right at the left",
    "sagittal": "from right to left, head at the top, front at the left",
}


class Tally:
    """Counts over the files of an import. ``dropped``: files by keyword of an unread header field."""

    def __init__(self) -> None:
        self.shapes: Counter[tuple[int, ...]] = Counter()
        self.formats: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.burned_in: Counter[str] = Counter()
        self.scaled: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()
        self.dark = self.windowed = self.private = 0

    def add(self, facts: Facts, images: Sequence[np.ndarray]) -> None:
        self.shapes.update(pixels.shape for pixels in images)
        self.dark += sum(int(pixels.max()) < DARK for pixels in images)
        self.formats[facts.origin.format] += 1
        self.windowed += facts.windowed
        self.dropped.update(facts.dropped)
        self.private += facts.private
        self.burned_in[facts.burned_in] += 1
        self.scaled[facts.scaled] += 1
        self.notes.update(facts.notes)

    def shown(self, view: View) -> str | None:
        """The view as far as it was applied, such as ``window -600/1500, cut axial``; None if it was not."""
        window = [f"window {view.shown}"] if self.windowed else []
        return ", ".join(window + ([f"cut {view.axis}"] if self.formats["NIfTI"] else [])) or None

    def remarks(self, view: View) -> list[str]:
        return [*self._pixels(), *self._scans(view), *self._headers()]

    def _pixels(self) -> list[str]:
        remarks = []
        if len(self.shapes) > 1:
            sizes = ", ".join(f"{w} x {h} ({n})" for (h, w), n in self.shapes.most_common(3))
            remarks.append(
                f"Images have {len(self.shapes)} different sizes ({sizes}): size alone may identify a "
                "generator."
            )
        if self.dark:
            remarks.append(
                f"{counted(self.dark, 'image')} {verb(self.dark, 'is', 'are')} almost black (maximum below "
                f"{DARK} of 255), as with 12-bit values in 16-bit files: rescale them before the import."
            )
        return remarks

    def _scans(self, view: View) -> list[str]:
        remarks = [
            f"{counted(count, 'file')} read as values from {values}, scaled to 8 bits."
            for values, count in sorted(self.scaled.items())
            if values
        ]
        if self.windowed:
            chosen = "as selected" if view.window else f"{DEFAULT}, the default"
            remarks.append(
                f"{counted(self.windowed, 'scan')} displayed with the window {view.shown} "
                f"(centre/width, HU for CT): {chosen}."
            )
        for note in (each for each in NOTED if self.notes[each]):
            count = self.notes[note]
            words = NOTED[note].format(
                its=verb(count, "its", "their"),
                it=verb(count, "it", "they"),
                is_=verb(count, "is", "are"),
                has=verb(count, "has", "have"),
            )
            remarks.append(f"{counted(count, 'file')} {words}.")
        if self.formats["NIfTI"]:
            remarks.append(
                f"{counted(self.formats['NIfTI'], 'NIfTI volume')} cut along the {view.axis} axis: "
                f"{ORIENTATION[view.axis]}."
            )
        return remarks

    def _headers(self) -> list[str]:
        remarks = []
        if self.formats["DICOM"]:
            remarks.append(
                f"Only technical fields were read from {counted(self.formats['DICOM'], 'DICOM header')}, and "
                "the identifiers of patient and study, which are kept as keyed hashes. "
                f"Ignored (values not read): {self._left()}. This does not cover what the pixels show."
            )
        said, unsaid = self.burned_in[BURNED_IN], self.burned_in[UNSAID]
        if said or unsaid:
            declared = f"{counted(said, 'file')} {verb(said, 'declares', 'declare')} it (BurnedInAnnotation)"
            silent = f"{counted(unsaid, 'screen capture')} {verb(unsaid, 'does', 'do')} not say"
            remarks.append(
                f"There may be text in the pixels: {declared}, {silent}. Only the tag was read, not the "
                "pixels, so check the images."
            )
        return remarks

    def _left(self) -> str:
        names = sorted(self.dropped)
        more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
        listed = f" ({', '.join(names[:LISTED])}{more})" if names else ""
        return f"{counted(len(names), 'kind')} of field{listed} and {self.private} private or unknown ones"


def on_unlabelled(labels: Mapping[str, str], given: Iterable[str | None]) -> list[str]:
    """``labels``: the table of labels; ``given``: the labels of all generated images."""
    unlabelled = sum(label is None for label in given)
    if not (labels and unlabelled):
        return []
    has = verb(unlabelled, "has", "have")
    return [f"{counted(unlabelled, 'image')} {has} no label, so the generator is unknown."]


def on_copies(image_set: ImageSet) -> list[str]:
    if not image_set.duplicates:
        return []
    copies = sum(len(group) - 1 for group in image_set.duplicates)
    apart = sum(len({(f.role, f.label) for f in group}) > 1 for group in image_set.duplicates)
    across = f", {apart} of them across classes, which distorts every score" if apart else ""
    found = [f"{counted(copies, 'exact duplicate')}{across}."]
    both = {Role.GENERATED, Role.REAL_USED}
    if leaked := sum(both <= {file.role for file in group} for group in image_set.duplicates):
        is_both = (
            f"{counted(leaked, 'training image')} {verb(leaked, 'is', 'are')} also among the generated images"
        )
        found.append(f"{is_both}, pixel for pixel: if the folders are right, that is a leak.")
    return found
