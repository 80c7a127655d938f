"""What came of a verification, in lines for people."""

from core.release.dossier.reading import SHOWN, plain
from core.release.dossier.verification import Difference, Verification
from core.wording import counted

MOST_SHOWN = 40  # differences


def lines(found: Verification) -> list[str]:
    """The hash first, then the page, then the numbers."""
    if found.intact:
        said = [f"The hash holds ({found.claimed[:12]}): the data were not changed since they were drawn up."]
    else:
        said = [
            f"The dossier was changed since it was drawn up: it says SHA-256 {found.claimed[:12]}, and its "
            f"content has {found.found[:12]}."
        ]
    if found.page_words:
        said.append(found.page_words)
    if not found.recomputed:
        return [*said, f"The numbers were not computed again. {found.hindrance}"]
    if not found.differences:
        return [*said, "The assessment was computed again, and every number is the same."]
    said.append(
        f"The assessment was computed again: {counted(len(found.differences), 'value')} "
        f"{'differs' if len(found.differences) == 1 else 'differ'}."
    )
    said += [f"  {_shown(each)}" for each in found.differences[:MOST_SHOWN]]
    if len(found.differences) > MOST_SHOWN:
        said.append("  and more; --json lists all")
    if found.versions:
        said.append("These versions differ, which may explain it:")
        said += [f"  {_shown(each)}" for each in found.versions]
    return said


def _shown(each: Difference) -> str:
    """Of two sentences, from where they differ."""
    was, now = str(each.was), str(each.now)
    pairs = enumerate(zip(was, now, strict=False))
    alike = next((place for place, (one, other) in pairs if one != other), 0)
    cut = max(0, alike - 20)
    if cut and len(was) > SHOWN:
        was, now = f"…{was[cut:]}", f"…{now[cut:]}"
    was, now = plain(was), plain(now)
    return f"{plain(each.what)}: {was} in the dossier, {now} here"
