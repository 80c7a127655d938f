"""The page Release, without a browser: every outcome, whom it exposes, and the set that remains."""

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import paths
from core.images.library import Library
from core.jobs import queue
from core.jobs.queue import Job
from core.release import power
from core.release.assessment import Assessor
from core.release.config import ReleaseConfig
from core.release.result import CANNOT_TELL, FOUND, NOT_FOUND, Release
from core.store import Store
from core.types import ImageFile, ImageSet, Role
from pages.ui.background import job_progress
from tests.app.test_pages import words
from tests.support.samples import make_set
from tests.unit.membership.test_cluster_distance import leaky

Open = Callable[..., AppTest]
PAGE = "pages/11_Release.py"
PEOPLE = 16  # patients of each kind, of 2 slices


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all tests of this file: a network is prepared once, and an assessment takes seconds."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def library(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setenv("IMPRINT_HOME", str(shared))
    monkeypatch.setattr(power, "TRIALS", 10)  # of 50: these take longer than all else
    return Library()


def assessed(library: Library, *sets: ImageSet, **choice: object) -> Release:
    """What a job would have done: the page then only reads."""
    config = ReleaseConfig(**choice)  # type: ignore[arg-type]
    return Assessor(Store(), library).assess(sets, config)


def leak(library: Library, name: str = "leak", copied: float = 1, unknown: bool = False) -> ImageSet:
    """Used and not used slices have names of one kind: any other would be a confounder."""
    if name in library.names():
        return library.get(name)
    made = leaky(library, f"{name}, named by role", copied, PEOPLE, unknown=unknown)
    real = sorted(made.real, key=lambda file: file.sha256)
    files = tuple(replace(file, name=f"real/{place:03}.png") for place, file in enumerate(real))
    neutral = ImageSet(name, "membership", (*made.generated, *files))
    library.add(neutral)
    library.delete(made.name)
    return neutral


def brighter(library: Library, image_set: ImageSet, name: str) -> ImageSet:
    """The same images, all but those that were not used brighter."""

    def lit(file: ImageFile) -> ImageFile:
        if file.role is Role.REAL_NOT_USED:
            return file
        pixels = np.clip(library.pixels(file.sha256).astype(int) // 2 + 120, 0, 255).astype(np.uint8)
        return replace(file, sha256=library.add_pixels(pixels))

    made = replace(image_set, name=name, files=tuple(map(lit, image_set.files)))
    library.add(made)
    return made


def without(library: Library, image_set: ImageSet, role: Role, name: str) -> ImageSet:
    files = tuple(file for file in image_set.files if file.role is not role)
    made = replace(image_set, name=name, files=files)
    library.add(made)
    return made


def pictures(page: AppTest) -> str:
    return " ".join(html.unescape(each.proto.body) for each in page.get("html"))


def text(page: AppTest) -> str:
    return " ".join([words(page), pictures(page), *(each.value for each in page.markdown)])


def banner(elements: Sequence[object]) -> str:
    return str(elements[0].value).replace("**", "")  # type: ignore[attr-defined]


def test_it_opens_on_an_empty_home(home: Path, open_page: Open) -> None:
    page = open_page(PAGE)
    assert not page.exception
    assert "Import a folder or an archive" in words(page)


def test_an_exposure_is_shown_in_red_with_the_engines_sentence(library: Library, open_page: Open) -> None:
    image_set = leak(library)
    found = assessed(library, image_set)
    assert found.verdict == FOUND
    page = open_page(PAGE, set="leak")
    assert not page.exception
    assert banner(page.error) == found.sentence
    assert not page.success
    assert page.error[0].value.startswith("**Exposure found**")
    assert f"Reported on leak: {2 * PEOPLE} generated images" in words(page)
    assert "Released to: not declared." in words(page)


def test_each_attack_has_a_row_with_the_engines_numbers(library: Library, open_page: Open) -> None:
    found = assessed(library, leak(library))
    table = open_page(PAGE, set="leak").dataframe[0].value.set_index("attack")
    assert len(table) == len(found.attacks) == 6
    for row in found.attacks:
        title = f"{row.title} ★" if found.headline and row.attack == found.headline.attack else row.title
        assert float(table.loc[title, "AUC"].split(" ")[0]) == pytest.approx(row.auc, abs=0.006)
        assert table.loc[title, "source"] == row.source


def test_who_is_exposed_is_shown_by_patient_with_a_check(library: Library, open_page: Open) -> None:
    """As many cards as a page has, a patient of the smallest p-value first; the next page has others."""
    found = assessed(library, leak(library))
    risk = found.at_risk
    assert risk.n_images > 12
    page = open_page(PAGE, set="leak")
    shown = pictures(page)
    assert shown.count('class="person"') == 12
    first = re.findall(r"Patient group (.*?)</b>", shown)[0]
    assert first in {each.group for each in risk.groups if each.p_value == risk.groups[0].p_value}
    assert "nearest generated" in shown
    assert f"{risk.n_images} slices and {risk.n_groups} patient groups" in text(page)
    assert f"Check: {risk.false_images} of the {risk.n_images} named" in words(page)
    again = pictures(page.number_input(key="exposed_page").set_value(2).run())
    assert again != shown
    assert again.count('class="person"') == min(12, risk.n_images - 12)


def test_the_remaining_set_is_saved_and_can_be_assessed(library: Library, open_page: Open) -> None:
    """It lacks what exposes somebody and nothing else; the link leads to its own assessment."""
    image_set = leak(library, "half", 0.5)
    exposing = set(assessed(library, image_set, rate=0.2).at_risk.exposing)
    assert 0 < len(exposing) < 2 * PEOPLE
    page = open_page(PAGE, set="half", rate="20%")
    assert f"{len(exposing)} of {2 * PEOPLE} generated images" in text(page)
    page = page.toggle(key="show_exposing").set_value(True).run()
    assert pictures(page).count('class="gallery"') == 1
    page = page.button(key="keep").click().run()
    assert not page.exception
    left = library.get("half without exposing images")
    assert len(left.files) == len(image_set.files) - len(exposing)
    assert "set=half+without+exposing+images&test=No+test+set&rate=20%25" in pictures(page)


def test_nothing_found_is_neutral_and_never_called_safe(library: Library, open_page: Open) -> None:
    """Nothing was copied: the engine says "not found", or that so few can't tell; the page says the same."""
    found = assessed(library, leak(library, "clean", 0))
    assert found.verdict == NOT_FOUND
    page = open_page(PAGE, set="clean")
    assert not page.exception
    assert not page.error
    assert not page.success
    assert banner(page.info) == found.sentence
    assert "safe" not in text(page).lower()
    assert "Nobody is named" in words(page)
    assert "Power. Mildly changed copies" in words(page)


def test_a_difference_that_is_no_memory_is_amber(library: Library, open_page: Open) -> None:
    """Used slices and generated images are brighter, so that the attack is no better than the mean grey."""
    found = assessed(library, brighter(library, leak(library), "bright"))
    assert found.verdict == CANNOT_TELL
    page = open_page(PAGE, set="bright")
    assert not page.exception
    assert not page.error
    assert banner(page.warning) == found.sentence
    assert "Blind baselines that tell used slices as well: Mean intensity" in words(page)


def test_without_images_that_were_not_used_nothing_can_be_told(library: Library, open_page: Open) -> None:
    made = without(library, leak(library), Role.REAL_NOT_USED, "used only")
    found = assessed(library, made)
    assert found.verdict == CANNOT_TELL
    page = open_page(PAGE, set="used only")
    assert not page.exception
    assert banner(page.warning) == found.sentence
    assert "Nobody can be named" in words(page)
    assert "Not tested: attribute inference" in words(page)


def test_an_unlabelled_test_set_has_names_and_no_check(library: Library, open_page: Open) -> None:
    """Development is reported on, those of the test set are named, and no label says who is named wrongly."""
    sets = leak(library, "my development"), leak(library, "my test", 1, unknown=True)
    found = assessed(library, *sets)
    assert found.reported == "development"
    page = open_page(PAGE, set="my development", test="my test")
    assert not page.exception
    assert "Reported on the development set my development" in words(page)
    assert found.at_risk.n_images > 0
    assert pictures(page).count('class="person"') > 0
    assert "unknown, p =" in pictures(page)
    assert "Check:" not in words(page)


def test_exact_copies_come_first(library: Library, open_page: Open) -> None:
    """One generated image is a used slice pixel for pixel: in the sentence, and as the first picture, where
    the difference is black and nothing was moved."""
    image_set = leak(library, "clean", 0)
    used = next(file for file in image_set.files if file.role is Role.REAL_USED)
    copy = ImageFile("generated/copy.png", used.sha256)
    copied = replace(image_set, name="copied", files=(*image_set.files, copy))
    library.add(copied)
    found = assessed(library, copied)
    assert found.verdict == FOUND
    page = open_page(PAGE, set="copied")
    assert not page.exception
    assert "pixel for pixel" in page.error[0].value
    first = pictures(page).partition('class="person"')[2].partition('class="person"')[0]
    assert "exact copy" in first
    assert "copy.png" in first
    assert "as they are" in first
    assert "1 slice of 1 patient group** has an exact copy among" in text(page)


def test_patients_that_are_not_known_are_said_to_be(library: Library, open_page: Open) -> None:
    image_set = leak(library)
    files = tuple(replace(file, group=None) for file in image_set.files)
    library.add(replace(image_set, name="no patients", files=files))
    assessed(library, library.get("no patients"))
    page = open_page(PAGE, set="no patients")
    assert not page.exception
    assert "no patients are known" in words(page)
    assert "patients unknown" in words(page)
    assert "Patient not known" in pictures(page)


def test_the_context_is_stated_and_computes_nothing_anew(library: Library, open_page: Open) -> None:
    """The assessment was made without one."""
    assessed(library, leak(library))
    page = open_page(PAGE, set="leak")
    page = page.selectbox(key="context").set_value("weights").run()
    assert not page.exception
    assert "Released to: the generator's weights are released as well as its images." in words(page)
    assert "Attacks on the weights themselves were not run" in words(page)


def test_a_long_assessment_is_announced_and_waits_for_a_click(
    library: Library, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.ui.background.job_progress.START_UNASKED", 0)
    leak(library, "new", 0.5)
    page = open_page(PAGE, set="new")
    assert not page.exception
    assert f"6 attacks and their controls run on “new”: do the {2 * PEOPLE} generated images" in words(page)
    assert "Assessing the release takes about" in words(page)
    assert page.button(key="start")
    assert not list(paths.folder("jobs").glob("*.json"))


def test_what_can_not_be_assessed_is_one_sentence(library: Library, open_page: Open) -> None:
    made = without(library, leak(library), Role.GENERATED, "no generated")
    make_set(library, "generators only")
    page = open_page(PAGE, set=made.name)
    assert not page.exception
    assert "0 generated images" in page.error[0].value
    page = open_page(PAGE, set="generators only")
    assert "“generators only” has no real images" in words(page)


def test_an_attack_that_lacks_a_reference_is_named(library: Library, open_page: Open) -> None:
    """Without a reference it is not run; with one, the reference is the placebo and the attack has a row."""
    image_set, other = leak(library), leak(library, "clean", 0)
    choice = {"attacks": ("block10/calibrated",)}
    assessed(library, image_set, **choice)
    page = open_page(PAGE, set="leak", attacks="block10/calibrated")
    page = page.multiselect(key="attacks").set_value(["block10/calibrated"]).run()
    assert not page.exception
    assert "needs a reference set" in words(page)
    assessed(library, image_set, other, reference=True, **choice)
    page = page.selectbox(key="reference").set_value("clean").run()
    assert not page.exception
    assert len(page.dataframe[0].value) == 7
    assert "the images of the reference set" in words(page)


def test_other_assessed_sets_are_on_the_plane(library: Library, open_page: Open) -> None:
    """Both were assessed alone with the same settings; a set that was not has no point."""
    assessed(library, leak(library))
    assessed(library, leak(library, "clean", 0))
    page = open_page(PAGE, set="leak")
    chart = page.get("plotly_chart")[-1].proto.spec
    assert "clean" in chart
    assert "Large: this data set." in words(page)
    page = page.selectbox(key="plane_axis").set_value("coverage").run()
    assert not page.exception
    assert "Coverage (higher is more diverse)" in page.get("plotly_chart")[-1].proto.spec


def test_the_pages_for_a_closer_look_are_a_click_away(library: Library, open_page: Open) -> None:
    assessed(library, leak(library))
    links = pictures(open_page(PAGE, set="leak"))
    for address in ("Audit?set=leak", "Regions?set=leak&test=No+test+set", "Reconstruction?set=leak"):
        assert address in links


def test_progress_names_the_attack_and_counts_it() -> None:
    """Two of six attacks are done: the third runs. Where images are counted, it says what for."""
    job = Job("id", queue.RELEASE, ("set",), "running", 0.0)
    attack = replace(job, stage="Registered pixels, nearest", done=2, total=6)
    assert job_progress._progress(attack) == "Registered pixels, nearest (3 of 6)"
    images = replace(job, stage="features: Pixels", done=64, total=200, rate=50.0, left=3.0)
    assert job_progress._progress(images) == "features: Pixels: 64 of 200, 50 images/s, 3 s left"
