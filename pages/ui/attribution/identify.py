"""Which of a data set's generators made an image that is dropped here, a set of them, or none."""

from collections import Counter

import numpy as np
import pandas as pd
import streamlit as st

from core.attribution.identification import Identification, Identified, Known
from core.config import FULL, FeatureSpec, PipelineConfig
from core.errors import ImprintError
from core.extraction.embedder import adapt_to_machine
from core.features import catalog
from core.features.descriptors import DESCRIPTORS, residual_spectrum
from core.hashing import pixels_key
from core.images.library import Library
from core.types import ImageFile, ImageSet
from core.wording import counted, verb
from pages.ui import theme
from pages.ui.attribution import charts, dropped
from pages.ui.attribution.dropped import Dropped
from pages.ui.session import workspace
from pages.ui.widgets import charts as widgets_charts
from pages.ui.widgets import gallery

NONE = "none of these"
ANSWER, SPECTRA = "identified", "known_spectra"  # in the session's state
LARGEST = 10_000  # known images that a page compares with
SAMPLE = 20  # known images of a generator, of which the mean spectrum is shown
LEVEL_HELP = (
    "How often the true generator is in the answer, where it is one of these. Higher: answers name more "
    "generators; lower: more images are “none of these”."
)
ABOUT = (
    "Which generator made this? Drop images to compare them with the labelled generators of “{name}”, by "
    "features of {backbone}{how}. Images are not stored: this session holds them until you clear them or "
    "leave."
)
TABLE_CAPTION = (
    "p: share of the generator's own images that are at least as unlike the others of it. Distance: to the "
    "three nearest images of the generator that fits best; 1 is usual for its own. Select a row to see the "
    "image's neighbours."
)
SPECTRUM_CAPTION = (
    "Residual spectrum: what is left of an image after denoising, by frequency. Of each candidate the mean "
    f"of up to {SAMPLE} images."
)


def draw(image_set: ImageSet, config: PipelineConfig) -> None:
    """The tab."""
    left, right = st.columns([3, 1])
    with right:
        level = float(
            st.number_input("Level", 0.5, 0.99, 0.9, 0.01, key="level", bind="query-params", help=LEVEL_HELP)
        )
        if dropped.held() is not None and st.button("Clear images", key="identify_clear", width="stretch"):
            dropped.clear()
    with left:
        dropped.take()
    st.caption(_about(image_set, config))
    images = dropped.held()
    if images is None:
        return
    try:
        found = _identified(image_set, config.feature, images, level)
    except ImprintError as error:
        st.info(str(error))
        return
    if found is not None:
        _answer(image_set, images, found)


def _about(image_set: ImageSet, config: PipelineConfig) -> str:
    how = " of the full image" if config.crop != FULL else ""
    how += ", not whitened" if config.whiten else ""
    return ABOUT.format(name=image_set.name, backbone=catalog.title(config.feature.backbone), how=how)


def _identified(
    image_set: ImageSet, feature: FeatureSpec, images: Dropped, level: float
) -> Identification | None:
    """Computed once for what is asked; None, with a sentence, where the known images aren't ready."""
    asked = (image_set.name, image_set.truth, feature, level, dropped.number())
    before, found = st.session_state.get(ANSWER, (None, None))
    if before == asked:
        return found
    embedder = workspace.pipeline().embedder
    known = [file.sha256 for file in image_set.generated if file.label is not None]
    if len(known) > LARGEST:
        st.info(f"More than {LARGEST:,} known images take too long for a page. {dropped.IMPORT}")
        return None
    if known and embedder.plan(adapt_to_machine(feature)[0], sorted(set(known))).missing:
        st.info(
            "Identification looks at full images, which are not embedded yet. Choose the crop “full image”."
        )
        return None
    with st.spinner(f"Comparing with {counted(len(known), 'known image')}"):
        found = Known(embedder, image_set, feature).identify_pixels(images.names, images.images, level)
    st.session_state[ANSWER] = asked, found
    return found


def answer_words(image: Identified) -> str:
    """``warpmix``, ``eigen or vae``, ``none of these``."""
    return " or ".join(image.possible) or NONE


def summary(found: Identification) -> str:
    counts = Counter(map(answer_words, found.images))
    return ", ".join(f"{count} {words}" for words, count in counts.most_common())


def known_words(found: Identification, count: int) -> str:
    """How well the known images themselves are told apart."""
    return (
        f"Of the {counted(count, 'known image')} of {counted(len(found.generators), 'generator')}, each left "
        f"out in turn, {found.covered:.1%} have their own generator in the answer (level {found.level:.0%}). "
        f"It names {found.size:.2f} generators on average; the one that fits best is right in "
        f"{found.right:.1%}."
    )


def rows(found: Identification) -> list[dict[str, str]]:
    """A row for each image: answer, p-value of each generator, distance, warning."""
    return [
        {
            "image": image.name,
            "answer": answer_words(image),
            **{f"p, {name}": f"{image.p_values[name]:.3f}" for name in found.generators},
            "distance": f"{-image.score:.2f}",
            "warning": image.warning,
        }
        for image in found.images
    ]


def _answer(image_set: ImageSet, images: Dropped, found: Identification) -> None:
    st.text(f"{counted(len(found.images), 'image')}: {summary(found)}")
    event = st.dataframe(
        pd.DataFrame(rows(found)),
        hide_index=True,
        height="content" if len(found.images) <= 8 else 300,
        key="identified_table",
        on_select="rerun",
        selection_mode="single-row",
    )
    count = len({file.sha256 for file in image_set.generated if file.label is not None})
    st.caption(f"{TABLE_CAPTION} {known_words(found, count)}")
    for remark in (*_known_already(image_set, images), *found.notes, *images.notes):
        st.caption(remark)
    if images.refused:
        st.warning(f"{counted(len(images.refused), 'file')} can't be read.")
        st.dataframe(pd.DataFrame(images.refused, columns=["file", "reason"]), hide_index=True)
    picked = event["selection"]["rows"]
    place = picked[0] if picked and picked[0] < len(found.images) else 0
    _detail(image_set, found, found.images[place], images.images[place])


def _known_already(image_set: ImageSet, images: Dropped) -> list[str]:
    """An image that is compared with itself is near its generator whatever it is."""
    known = {file.sha256 for file in image_set.generated if file.label is not None}
    same = [
        name for name, pixels in zip(images.names, images.images, strict=True) if pixels_key(pixels) in known
    ]
    if not same:
        return []
    are = verb(len(same), "One of the images is", f"{len(same)} of the images are")
    answers = verb(len(same), "its answer says", "their answers say")
    return [f"{are} in the data set itself, so {answers} nothing: {', '.join(same)}."]


def candidates(image: Identified) -> tuple[str, ...]:
    """Generators to look at: those that can't be ruled out, or the one that fits best."""
    return image.possible or (image.generator,)


def _detail(image_set: ImageSet, found: Identification, image: Identified, pixels: np.ndarray) -> None:
    library = workspace.library()
    marks = theme.marks(found.generators)
    own, nearest, spectrum = st.columns([0.55, 1.6, 1.6])
    with own:
        colour = marks[image.generator].colour if len(image.possible) == 1 else theme.GREY
        st.caption("The image")
        gallery.row([gallery.figure(pixels, [image.name, answer_words(image)], colour, image.name)])
    with nearest:
        for name in candidates(image):
            st.caption(f"Nearest of {name}, p = {image.p_values[name]:.3f}")
            files = image.nearest[name]
            gallery.row([_tile(library, file, marks[name]) for file in files])
        if image.warning:
            st.warning(f"This image is {image.warning}.")
    with spectrum:
        st.plotly_chart(
            charts.spectra(_spectra(image_set, library, image, pixels, marks)),
            key="spectra_chart",
            config=widgets_charts.CONFIG,
            alt="Residual spectrum of the image and of the candidates",
        )
        st.caption(SPECTRUM_CAPTION)


def _tile(library: Library, file: ImageFile, mark: theme.Mark) -> str:
    return gallery.figure(library.pixels(file.sha256), [f"{mark.glyph} {file.name}"], mark.colour, file.name)


def _spectra(
    image_set: ImageSet,
    library: Library,
    image: Identified,
    pixels: np.ndarray,
    marks: dict[str, theme.Mark],
) -> dict[str, tuple[np.ndarray, str, int]]:
    lines = {
        name: (_mean_spectrum(image_set, library, name), marks[name].colour, 2) for name in candidates(image)
    }
    return {**lines, "this image": (_spectrum(pixels), theme.GREY, 3)}


def _mean_spectrum(image_set: ImageSet, library: Library, generator: str) -> np.ndarray:
    """Of images that are drawn by their hash; kept for the session."""
    kept: dict[tuple[str, str], np.ndarray] = st.session_state.setdefault(SPECTRA, {})
    name = (image_set.truth, generator)
    if name not in kept:
        hashes = sorted({file.sha256 for file in image_set.generated if file.label == generator})[:SAMPLE]
        kept[name] = np.mean([_spectrum(library.pixels(sha256)) for sha256 in hashes], axis=0)
    return kept[name]


def _spectrum(pixels: np.ndarray) -> np.ndarray:
    options = DESCRIPTORS.get("residual_spectrum").options
    return residual_spectrum(pixels, {name: option.default for name, option in options.items()})
