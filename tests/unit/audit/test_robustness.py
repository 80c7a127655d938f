"""Attribution and identification of disturbed images, and the steps that disturb them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.attribution.pipeline import Pipeline
from core.audit import transforms
from core.audit.robustness import VARIANTS, Disturbed
from core.audit.transforms import STEPS, DeriveSpec
from core.config import FeatureSpec, PipelineConfig
from core.errors import BadChoice, UnknownName
from core.extraction.embedder import Embedder
from core.features.catalog import spec
from core.images.library import Library
from core.inference.runtime import Effort
from core.progress import silent
from core.store import Store
from core.types import ImageSet
from tests.support.samples import generators, make_set, noise

SPECTRUM = spec("residual_spectrum")
LBP = spec("lbp")
UNUSED = np.ones(256)


def disturbed(library: Library, image_set: ImageSet, feature: FeatureSpec = SPECTRUM) -> Disturbed:
    return Disturbed(Embedder(Store(), library, Effort(), silent), image_set, feature)


@pytest.fixture
def textures(library: Library) -> ImageSet:
    return make_set(library, "t", generators(24))


def quiet(library: Library) -> ImageSet:
    """Two smooth generators with a ripple of 2 grey levels; one has a chequered pattern of 1 more."""
    rng = np.random.default_rng(0)
    plain = 120 + 2 * np.cos(np.pi * np.arange(32) / 2)[None].repeat(32, 0)
    made = {}
    for name, base in (("plain", plain), ("chequered", plain + np.indices((32, 32)).sum(0) % 2)):
        made[name] = [(base + rng.normal(0, 0.7, base.shape)).round().astype(np.uint8) for _ in range(60)]
    return make_set(library, "q", made)


# -- the steps ---------------------------------------------------------------------------------------------


def test_a_window_is_a_line_of_grey_levels() -> None:
    """(128 - 128) x 1.2 + 128 - 10 = 118, (28 - 128) x 1.2 + 118 = -2, which is black, 228 and more is
    white."""
    pixels = np.array([[128, 28], [28, 248]], np.uint8)
    made = transforms.apply(pixels, DeriveSpec(("window",)), UNUSED)
    np.testing.assert_array_equal(made, [[118, 0], [0, 255]])


def test_noise_is_as_strong_as_asked_and_the_images_own() -> None:
    """3 grey levels, and the variance of rounding, 1/12; the same pixels get the same noise, others get
    other."""
    flat = np.full((200, 200), 128, np.uint8)
    asked = DeriveSpec(("noise",), noise=3)
    made = transforms.apply(flat, asked, UNUSED)
    assert made.std() == pytest.approx(np.sqrt(9 + 1 / 12), rel=0.02)
    np.testing.assert_array_equal(made, transforms.apply(flat.copy(), asked, UNUSED))
    other = transforms.apply(flat + 1, asked, UNUSED).astype(int) - 1
    assert abs(np.corrcoef(other.ravel(), made.ravel())[0, 1]) < 0.03


def test_blur_takes_noise_down_by_the_sum_of_its_squares() -> None:
    """Independent pixels under weights w have the variance of w squared, summed: of a Gaussian of 1 px in two
    dimensions about 1 / (4 pi)."""
    (pixels,) = noise(1, 200)
    made = transforms.apply(pixels, DeriveSpec(("blur",), blur=1), UNUSED)
    inner = made[8:-8, 8:-8].astype(float).var() / pixels.astype(float).var()
    assert inner == pytest.approx(1 / (4 * np.pi), rel=0.1)


def test_there_and_back_has_the_size_it_had() -> None:
    pixels = np.linspace(0, 255, 60 * 40).reshape(60, 40).astype(np.uint8)
    made = transforms.apply(pixels, DeriveSpec(("resample",), size=32), UNUSED)
    assert made.shape == (60, 40)
    assert abs(made.astype(int) - pixels).mean() < 4  # a ramp stays a ramp
    sharp = noise(1, 64)[0]
    assert transforms.apply(sharp, DeriveSpec(("resample",), size=32), UNUSED).std() < sharp.std() / 1.5


def test_steps_that_disturb_remove_no_confounder() -> None:
    assert [name for name, step in STEPS if step.removes] == ["histogram", "resize", "jpeg"]


@pytest.mark.parametrize("given", [{"blur": 0}, {"noise": -1}, {"noise": 200}])
def test_numbers_out_of_range_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(BadChoice, match="Blur is up to 20 px, noise up to 100 levels"):
        DeriveSpec(("blur",), **given)  # type: ignore[arg-type]


# -- the rows ----------------------------------------------------------------------------------------------


def test_the_set_as_it_is_has_the_pipelines_own_score(library: Library, textures: ImageSet) -> None:
    (row,), _ = disturbed(library, textures).rows([])
    answer = Pipeline(Store(), library).attribute(textures, PipelineConfig(SPECTRUM))
    assert row.ari == pytest.approx(answer.agreement.scores["ari"].value)
    assert (row.step, row.k, row.share) == ("as is", 3, 1)
    assert row.accuracy == row.against_clean  # both are the very same comparison


def test_every_step_is_told_for_all_and_for_half(library: Library, textures: ImageSet) -> None:
    rows, _ = disturbed(library, textures).rows(list(VARIANTS))
    told = [(row.step, row.share) for row in rows[1:]]
    assert told == [(step, share) for step in VARIANTS for share in (1, 0.5)]
    assert rows[1].words == "JPEG 90"


def test_noise_on_half_makes_generators_of_its_own(library: Library) -> None:
    """The generators differ by 1 grey level, the noise is of 3. In two clusters the noisy half is one of
    them, so that each has 30 of either generator: ARI is about 0. Three groups are found: noise, and the two
    generators of the quiet half."""
    asked = disturbed(library, quiet(library), LBP)
    (clean, _, two), _ = asked.rows(["noise"])
    assert (clean.ari, clean.k_found) == (1, 2)
    assert two.k == 2
    assert abs(two.ari) < 0.02
    (_, _, found), _ = asked.rows(["noise"], "auto")
    assert found.k == found.k_found == 3


def test_known_images_that_were_not_disturbed_tell_less_of_those_that_were(library: Library) -> None:
    """Noisy images are as far from both generators' clean ones, but not from each other's noisy ones."""
    rows, _ = disturbed(library, quiet(library), LBP).rows(["noise"])
    everything = rows[1]
    assert everything.accuracy is not None
    assert everything.against_clean is not None
    assert everything.accuracy > everything.against_clean


def test_the_second_time_no_pixel_is_looked_at(
    library: Library, textures: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, cached = disturbed(library, textures).rows(["blur", "window"])
    assert not cached

    def refuse(*_: object) -> np.ndarray:
        raise AssertionError

    monkeypatch.setattr(Embedder, "describe", refuse)
    monkeypatch.setattr(Embedder, "embed", refuse)
    again, cached = disturbed(library, replace(textures, name="other")).rows(["blur", "window"])
    assert cached
    assert again == first


def test_without_labels_groups_are_held_against_those_of_the_set(
    library: Library, textures: ImageSet
) -> None:
    """The set as it is agrees with itself; nothing can be identified."""
    files = tuple(replace(file, label=None) for file in textures.files)
    asked = disturbed(library, replace(textures, files=files))
    rows, _ = asked.rows(["window"])
    assert asked.against == "the groups of the set as it is"
    assert (rows[0].ari, rows[0].accuracy, rows[0].against_clean) == (1, None, None)
    assert rows[1].k == rows[1].k_found


def test_unknown_steps_and_numbers_are_refused(library: Library, textures: ImageSet) -> None:
    asked = disturbed(library, textures)
    with pytest.raises(UnknownName, match=r"There is no step 'sharpen'\. Choose one of: jpeg90"):
        asked.rows(["sharpen"])
    with pytest.raises(BadChoice, match="k is a whole number"):
        asked.rows([], 0)
    with pytest.raises(BadChoice, match="'known' or 'auto'; got 'most'"):
        asked.rows([], "most")
    with pytest.raises(BadChoice, match="has 1"):
        disturbed(library, make_set(library, "one", {"a": noise(1)}))


def test_the_verb_tells_a_line_per_row_and_the_confounders(
    told: Callable[..., Any], ran: Callable[..., Any], textures: ImageSet
) -> None:
    flags = ("--steps", "jpeg75,noise", "--backbone", "residual_spectrum")
    facts = told("robustness", "t", *flags)
    assert [row["step"] for row in facts["rows"]] == ["as is", "jpeg75", "jpeg75", "noise", "noise"]
    assert facts["confounds"] == told("audit", "t")["sentence"]
    _, out, _ = ran("robustness", "t", *flags)
    assert "JPEG 75, half of the images: ARI" in out
    assert f"Confounders: {facts['confounds']}" in out
    assert told("robustness", "t", *flags)["cached"]
