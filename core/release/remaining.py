"""What remains of a set when the images that expose somebody are taken out. A filter is no proof."""

from dataclasses import replace

from core.errors import BadChoice
from core.images.library import Library
from core.release.result import AtRisk
from core.types import ImageSet, Role
from core.wording import counted

WARNING = (
    "Taking out the images that an attack points at is no proof: near-duplicates that it missed stay, and "
    "what is missing may itself show who was there. Assess what remains, with test data that did not choose "
    "what was taken out."
)


def keep_remaining(library: Library, image_set: ImageSet, at_risk: AtRisk, name: str | None) -> ImageSet:
    """A new data set without the exposing generated images. Raises BadChoice if there is none to take out, or
    none is left."""
    exposing = set(at_risk.exposing)
    if not exposing:
        raise BadChoice(f"No generated image of '{image_set.name}' points at anybody, so none is taken out.")
    kept = tuple(
        file for file in image_set.files if file.role is not Role.GENERATED or file.sha256 not in exposing
    )
    left = sum(file.role is Role.GENERATED for file in kept)
    if left < 2:
        raise BadChoice(
            f"Of '{image_set.name}' only {counted(left, 'generated image')} would remain. Train another "
            "generator instead."
        )
    title = name or f"{image_set.name} without exposing images"[:80]
    made = replace(image_set, name=title, files=kept, part=None, pair=None)
    library.add(made)
    return made
