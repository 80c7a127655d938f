"""What each page shows, without a browser. The numbers are compared with the engine's own."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.attribution.pipeline import Pipeline
from core.clustering import pca, scaling
from core.config import ClusterSpec, PipelineConfig
from core.features import catalog
from core.images.library import Library
from core.store import Store
from core.types import ImageFile, ImageSet
from tests.support.textures import NAME

Open = Callable[..., AppTest]
GENERATORS, REGIONS = "pages/1_Generators.py", "pages/2_Regions.py"
RECONSTRUCTION, WHAT_IF = "pages/3_Reconstruction.py", "pages/4_What-if.py"
COMPARE, PAPER, RUNS = "pages/5_Compare.py", "pages/6_Paper.py", "pages/8_Runs.py"
DATA, SYSTEM = "pages/9_Data.py", "pages/10_System.py"


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def words(page: AppTest) -> str:
    parts = [*page.info, *page.error, *page.warning, *page.caption, *page.success]
    return " ".join(str(part.value) for part in parts)


def embed(library: Library, name: str, backbone: str) -> None:
    """What a job would have done: the page then only reads."""
    Pipeline(Store(), library).attribute(library.get(name), PipelineConfig(catalog.spec(backbone)))


def add_set(library: Library, name: str, images: dict[str, np.ndarray]) -> None:
    files = [ImageFile(path, library.add_pixels(p), label=path.split("/")[0]) for path, p in images.items()]
    library.add(ImageSet(name, "generators", tuple(files)))


@pytest.mark.parametrize("page", [GENERATORS, REGIONS, RECONSTRUCTION, WHAT_IF, COMPARE, PAPER, DATA, SYSTEM])
def test_every_page_opens_on_an_empty_home(page: str, home: Path, open_page: Open) -> None:
    opened = open_page(page)
    assert not opened.exception
    assert page == SYSTEM or "import" in words(opened).lower()


@pytest.mark.parametrize("page", [PAPER, RUNS, DATA, SYSTEM])
def test_every_page_opens_on_a_set(page: str, small: Library, open_page: Open) -> None:
    opened = open_page(page)
    assert not opened.exception
    assert not opened.error


def test_a_large_set_is_grouped_by_a_job(
    small: Library, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three stages of 20 s each would leave the page blank: it tells the time, and waits for a click. Where
    features are too wide for a PCA, nothing waits for a map that never comes, and the answer stands alone."""
    embed(small, NAME, "lbp")
    monkeypatch.setattr(scaling, "STREAM_FROM", 100)
    monkeypatch.setattr(scaling, "PACE", dict.fromkeys(scaling.PACE, (20, 0)))
    page = open_page(GENERATORS, backbone="LBP")
    assert not page.exception
    assert "Clustering 180 images takes about 60 s" in words(page)
    assert page.button(key="start")
    embed(small, NAME, "lbp")
    monkeypatch.setattr(pca, "WIDEST", 2)
    page = open_page(GENERATORS, backbone="LBP")
    assert not page.exception
    assert metrics(page)["k"] == "3"
    assert "PCA of" in words(page)


@pytest.mark.parametrize(
    ("words_of_method", "method"), [("hierarchical", "hierarchical"), ("k-means", "kmeans")]
)
def test_the_page_shows_the_engines_numbers(
    words_of_method: str, method: str, small: Library, open_page: Open
) -> None:
    embed(small, NAME, "lbp")
    page = open_page(GENERATORS, backbone="LBP", cluster=words_of_method)
    config = PipelineConfig(catalog.spec("lbp"), cluster=ClusterSpec(method))
    expected = Pipeline(Store(), small).attribute(small.get(NAME), config)
    assert not page.exception
    shown = metrics(page)
    assert float(shown["ARI"]) == pytest.approx(expected.agreement.scores["ari"].value, abs=0.005)
    assert shown["k"] == "3"


def test_a_configuration_of_the_paper_stands_beside_ours(small: Library, open_page: Open) -> None:
    """Table 2 gives LBP with one feature and hierarchical clustering 0.4435, Table 5 0.3293."""
    config = PipelineConfig(catalog.spec("lbp", options={"output": "number"}))
    Pipeline(Store(), small).attribute(small.get(NAME), config)
    page = open_page(GENERATORS, backbone="LBP", lbp_output="number")
    assert metrics(page)["Paper"] == "0.4435"


def test_one_class_is_told_and_no_score_is_shown(home: Path, open_page: Open) -> None:
    library = Library()
    rng = np.random.default_rng(0)
    add_set(library, "one", {f"gan/{i}.png": rng.integers(0, 256, (32, 32), np.uint8) for i in range(6)})
    embed(library, "one", "lbp")
    page = open_page(GENERATORS, backbone="LBP")
    assert not page.exception
    assert metrics(page)["ARI"] == "undefined"
    assert "one generator, gan" in words(page)


def test_identical_images_are_told(home: Path, open_page: Open) -> None:
    library = Library()
    same = np.full((32, 32), 90, np.uint8)
    add_set(library, "same", {f"{g}/{i}.png": same for g in ("a", "b") for i in range(3)})
    page = open_page(GENERATORS, backbone="LBP")
    for _ in range(100):  # the job embeds one image; each turn of the loop is a run of the page
        if "copies" in words(page):
            break
        page = page.run()
    assert "only 1 of the 6 images have distinct features" in words(page)


def test_k_beyond_the_images_is_one_sentence(small: Library, open_page: Open) -> None:
    embed(small, NAME, "lbp")
    page = open_page(GENERATORS, backbone="LBP", k="999")
    assert not page.exception
    assert "k is 999, but this data set has 180 images. Choose k up to 180." in words(page)
