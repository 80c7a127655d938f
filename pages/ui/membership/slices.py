"""Evidence about one real slice: lung mask, crop, distances, and the nearest generated images."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.errors import ImprintError
from core.membership import evidence
from core.membership.cluster_distance import Membership
from core.membership.evaluation import AttackResult, PartResult
from core.membership.evidence import Evidence
from core.regions.crops import NEEDS_LUNGS
from core.types import ImageFile, ImageSet, Role
from core.wording import counted, verb
from pages.ui.session import workspace
from pages.ui.theme import GREY, PALETTE, ROLES
from pages.ui.widgets import gallery
from pages.ui.widgets.controls import CROP_WORDS
from pages.ui.widgets.gallery import role

SIDE = 300  # px sent for an image that is drawn at 150
OUTLINE = (230, 159, 0)


def browser(sets: tuple[ImageSet, ImageSet | None], result: Membership) -> None:
    """The slices sorted by distance, and the evidence for the selected one (at first the nearest)."""
    left, right = st.columns([1, 1.75])
    with left:
        part, place = pick(result, "distance")
    with right:
        try:
            _evidence(set_of(sets, result, part), result, part, place)
        except ImprintError as error:
            st.info(str(error))


def pick(result: AttackResult, distance: str) -> tuple[PartResult, int]:
    """A part of the result, and the index of the slice selected in a table sorted by distance."""
    part = _part(result)
    order = np.argsort(part.distance, kind="stable")
    return part, _table(part, order, "test" if part is result.test else "development", distance)


def set_of(sets: tuple[ImageSet, ImageSet | None], result: AttackResult, part: PartResult) -> ImageSet:
    return sets[1] if part is result.test and sets[1] is not None else sets[0]


def _part(result: AttackResult) -> PartResult:
    if result.test is None:
        return result.dev
    name = st.segmented_control(
        "Slices of",
        ["Test", "Development"],
        default="Test",
        key="slices_of",
        required=True,
        label_visibility="collapsed",
    )
    return result.test if name == "Test" else result.dev


def _table(part: PartResult, order: np.ndarray, kind: str, distance: str) -> int:
    rows = [
        {
            "slice": part.files[i].name.rsplit("/", 1)[-1],
            "ground truth": role(part.files[i]),
            "predicted": "used" if part.predicted[i] else "not used",
            distance: float(part.distance[i]) if np.isfinite(part.distance[i]) else None,
        }
        for i in order
    ]
    event = st.dataframe(
        pd.DataFrame(rows),
        key=f"slices_{kind}",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=330,
        column_config={distance: st.column_config.NumberColumn(format="%.4g")},
    )
    st.caption(f"Sorted by {distance}, the most suspicious slice first. Select a row to see its evidence.")
    picked = event["selection"]["rows"]
    return int(order[picked[0] if picked and picked[0] < len(order) else 0])


def _evidence(image_set: ImageSet, result: Membership, part: PartResult, place: int) -> None:
    file = part.files[place]
    _, k, _ = result.chosen
    embedder = workspace.cluster_distance_attack().embedder
    crop = result.config.crops()[0]
    view = evidence.view_slice(embedder, file.sha256, crop)
    colour = ROLES[role(file)]
    tiles = [
        gallery.figure(view.pixels, [file.name, f"ground truth: {role(file)}"], colour, file.name, SIDE),
        gallery.figure(
            _outlined(view.pixels, view.lungs),
            ["lungs" if view.lungs.any() else "no lung found"],
            GREY,
            "lungs",
            SIDE,
        ),
    ]
    if crop.kind != "full":
        tiles.append(gallery.figure(view.cropped, [f"crop: {CROP_WORDS[crop.kind]}"], GREY, "crop", SIDE))
    gallery.row(tiles, large=True)
    found = evidence.gather_evidence(embedder, image_set, result.config, k, file)
    st.caption(describe_evidence(found, part, place))
    cropped = crop.kind in NEEDS_LUNGS and st.toggle("Crop the generated images too", key="as_cropped")
    gallery.row([_neighbour(each, cropped, result) for each in found.neighbours], large=False)
    st.caption(
        "Nearest generated images: a memorised slice has a near-copy here. Similarity alone is not proof."
    )


def _neighbour(each: evidence.Neighbour, cropped: bool, result: Membership) -> str:
    attack = workspace.cluster_distance_attack()
    pixels = attack.embedder.library.pixels(each.file.sha256)
    if cropped:
        crop = result.config.crops()[0]
        pixels = evidence.view_slice(attack.embedder, each.file.sha256, crop).cropped
    return neighbour(each, pixels)


def neighbour(each: evidence.Neighbour, pixels: np.ndarray) -> str:
    """HTML of a generated image near the slice."""
    words = [each.file.name, f"distance {each.distance:.4g}, cluster {each.cluster + 1}"]
    return gallery.figure(pixels, words, PALETTE[2], each.file.name)


def describe_evidence(found: Evidence, part: PartResult, place: int) -> str:
    nearer = share_nearer(part.files, part.distance, place)
    images = counted(found.size, "generated image")
    return (
        f"Minimum distance to {found.k} cluster centroids: {found.min:.4g} (cluster {found.cluster + 1}, "
        f"{images}); mean distance: {found.avg:.4g}. {nearer}"
    )


def excluded_words(count: int) -> str:
    """A sentence about real slices that have no distance."""
    return f"{counted(count, 'slice')} in which no lung was found {verb(count, 'is', 'are')} excluded."


def share_nearer(
    files: Sequence[ImageFile], distance: np.ndarray, place: int, how: str = "at least as near"
) -> str:
    """How many of the other slices that were not used have at most the distance of the slice at ``place``."""
    others = np.array([file.role is Role.REAL_NOT_USED for file in files])
    others[place] = False
    if not others.any():
        return ""
    count = int((distance[others] <= distance[place]).sum())
    return (
        f"{count} of {counted(int(others.sum()), 'slice')} labelled “not used” "
        f"{verb(count, 'is', 'are')} {how}."
    )


def _outlined(pixels: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3): the image with the lungs outlined."""
    from scipy.ndimage import binary_dilation

    width = max(1, round(max(pixels.shape) / 150))
    border = binary_dilation(lungs, iterations=width) & ~lungs
    picture = np.repeat(pixels[..., None], 3, 2)
    picture[border] = OUTLINE
    return picture
