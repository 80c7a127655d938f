"""The page of training data by reconstruction, without a browser."""

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.config import AutoencoderSpec, ReconstructionConfig
from core.images.library import Library
from core.jobs import queue
from core.membership.reconstruction.attack import ReconstructionAttack
from core.store import Store
from core.types import ImageSet
from tests.app.test_pages import metrics, words
from tests.unit.membership.test_cluster_distance import leaky

Open = Callable[..., AppTest]
PAGE = "pages/3_Reconstruction.py"
KNOBS = {"ae_size": "32 px", "bottleneck": "32 numbers", "epochs": "30"}
SPEC = AutoencoderSpec(size=32, bottleneck=32, epochs=30)


@pytest.fixture
def library(home: Path) -> Library:
    return Library()


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two sets whose autoencoders are trained."""
    home = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPRINT_HOME", str(home))
        library, store = Library(), Store()
        sets = leaky(library, "my development", 1), leaky(library, "my test", 1)
        ReconstructionAttack(store, library).run(*sets, ReconstructionConfig(SPEC))
        store.close()
    return home


def test_a_link_of_before_opens_the_same_settings(first: Path, home: Path, open_page: Open) -> None:
    """Two settings have new words in the address since version 0.2; the old ones still work."""
    shutil.copytree(first, home, dirs_exist_ok=True)
    page = open_page(PAGE, **{**KNOBS, "bottleneck": "16 numbers"}, decision="place of errors (SSIM)")
    assert not page.exception
    assert page.selectbox(key="decision").value == "ssim"
    assert page.selectbox(key="bottleneck").value == "16"
    assert page.selectbox(key="decision").select("mse").run().selectbox(key="decision").value == "mse"


@pytest.mark.parametrize(
    ("words_of", "decision"), [("mean error (MSE)", "mse"), ("error pattern (SSIM)", "ssim")]
)
def test_the_page_shows_the_engines_numbers(
    words_of: str, decision: str, first: Path, home: Path, open_page: Open
) -> None:
    shutil.copytree(first, home, dirs_exist_ok=True)
    library = Library()
    sets = library.get("my development"), library.get("my test")
    expected = ReconstructionAttack(Store(), library).run(*sets, ReconstructionConfig(SPEC, decision))
    page = open_page(PAGE, **KNOBS, decision=words_of)
    assert not page.exception
    assert expected.test is not None
    assert expected.test.verdict is not None
    assert float(metrics(page)["F1 on test"]) == pytest.approx(
        expected.test.verdict.scores["f1"].value, abs=0.005
    )
    assert expected.sentence in words(page)
    for tab in ("Generated", "Centroids", "ROC", "Scores"):
        page = page.segmented_control(key="tab").set_value(tab).run()
        assert not page.exception
        assert not page.error


def test_long_training_waits_for_a_click(library: Library, open_page: Open) -> None:
    leaky(library, "my development", 1)
    page = open_page(PAGE, epochs="9999")
    assert not page.exception
    assert "takes about" in words(page)
    assert page.button(key="start")


def test_one_generated_image_is_one_sentence(library: Library, open_page: Open) -> None:
    dev = leaky(library, "whole", 1)
    library.add(ImageSet("one", "membership", (dev.generated[0], *dev.real)))
    page = open_page(PAGE, set="one", **KNOBS)
    assert "can't be trained on 1 generated image: it needs at least 4." in words(page)


def test_a_failed_training_says_why(library: Library, open_page: Open) -> None:
    """Generated images that are all the same: known when they are read, in the job."""
    dev = leaky(library, "whole", 1)
    copies = tuple(replace(dev.generated[0], name=f"copy {i}") for i in range(5))
    same = ImageSet("same", "membership", (*copies, *dev.real))
    library.add(same)
    job = queue.start(queue.RECONSTRUCT, [same], ReconstructionConfig(SPEC))
    deadline = time.monotonic() + 120
    while (found := queue.find(job.id)) is not None and found.active and time.monotonic() < deadline:
        threading.Event().wait(0.1)
    page = open_page(PAGE, set="same", **KNOBS)
    assert "All generated images are identical, so an autoencoder has nothing to learn." in words(page)
    assert page.button(key="again")
