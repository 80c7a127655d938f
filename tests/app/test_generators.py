"""The page Generators: the number of generators by splits, whitening by real images, who made an image."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

from core.attribution.identification import Known
from core.attribution.pipeline import Attribution, Pipeline
from core.config import ClusterSpec, PipelineConfig
from core.engine import Engine
from core.extraction.embedder import Embedder
from core.features import catalog
from core.images.library import Library
from core.inference.runtime import Effort
from core.progress import silent
from core.stages.number_of_groups import FoundGroups
from core.store import Store
from core.types import ImageFile, ImageSet, Role
from pages.ui.attribution import dropped, groups
from pages.ui.report import builder
from tests.app.test_data import held, in_memory, managers  # noqa: F401 (a fixture)
from tests.app.test_pages import GENERATORS, add_set, metrics, words
from tests.support.samples import encoded, make_set
from tests.support.textures import ENLARGED_BY, NAME, texture, textures

Open = Callable[..., AppTest]
LBP = catalog.spec("lbp")
NUMBER, IDENTIFY = "Number of generators", "Identify"


def auto(whiten: str = "", k: object = "auto") -> PipelineConfig:
    return PipelineConfig(LBP, cluster=ClusterSpec(k=k), whiten=whiten)  # type: ignore[arg-type]


def embed(library: Library, name: str, config: PipelineConfig) -> Attribution:
    """What a job would have done: the page then only reads."""
    return Pipeline(Store(), library).attribute(library.get(name), config)


def add_real(library: Library, name: str = "Hospital", count: int = 20) -> ImageSet:
    """Slices marked as real, of another seed than any generator's."""
    rng = np.random.default_rng(99)
    kind = ENLARGED_BY["lanczos"]
    hashes = [library.add_pixels(texture(rng, kind)) for _ in range(count)]
    files = [ImageFile(f"real/{i}.png", sha, Role.REAL_UNKNOWN) for i, sha in enumerate(hashes)]
    image_set = ImageSet(name, "flat", tuple(files))
    library.add(image_set)
    return image_set


def frame(page: AppTest, column: str):
    return next(each.value for each in page.dataframe if column in each.value.columns)


# -- the number of generators -----------------------------------------------------------------------------


def test_the_splits_are_shown_with_their_standing(small: Library, open_page: Open) -> None:
    """Three ways of enlarging: the engine's own splits, a row each; two stand, as three groups need."""
    spectrum = catalog.spec("residual_spectrum")
    result = embed(small, NAME, PipelineConfig(spectrum, cluster=ClusterSpec(k="auto")))
    assert result.groups is not None
    page = open_page(GENERATORS, backbone="Residual spectrum", k="auto")
    page.button_group(key="tab").set_value(NUMBER).run()
    assert not page.exception
    assert metrics(page)["k"] == str(result.k) == "3"
    assert f"**{groups.sentence(result.groups)}**" in [each.value for each in page.markdown]
    table = frame(page, "in random parts")
    assert list(table["result"]) == ["stands" if s.stands else "does not stand" for s in result.groups.splits]
    assert list(table["result"]).count("stands") == 2
    assert list(frame(page, "found again")["cluster"]) == ["c1", "c2", "c3"]
    assert "Where the limits lie" in words(page)


def test_one_generator_is_one_group_and_looks_whole(home: Path, open_page: Open) -> None:
    """One texture cut in two has no gap: k is 1, the map and the table are drawn, the reason is said."""
    library = Library()
    images = {name: pixels for name, pixels in textures(60).items() if name.startswith("nearest")}
    add_set(library, "one", images)
    assert embed(library, "one", auto()).k == 1
    page = open_page(GENERATORS, backbone="LBP", k="auto")
    assert not page.exception
    assert not page.error
    assert metrics(page)["k"] == "1"
    assert metrics(page)["ARI"] == "undefined"
    assert "One group: no split stands" in words(page)
    assert "one generator, nearest" in words(page)
    assert list(frame(page, "c1").columns) == ["c1"]
    page.button_group(key="tab").set_value(NUMBER).run()
    assert not page.exception
    assert any("One group: no split stands" in each.value for each in page.markdown)
    assert "60 images" in words(page)  # fewer than 150, which is said
    page.button_group(key="colour").set_value("cluster").run()
    assert not page.exception
    for tab in ("Scores", "Dendrogram", "Images"):
        page.button_group(key="tab").set_value(tab).run()
        assert not page.exception


def test_the_silhouette_has_its_curve(small: Library, open_page: Open) -> None:
    embed(small, NAME, auto(k="silhouette"))
    page = open_page(GENERATORS, backbone="LBP", k="silhouette")
    assert "Selection of k" in page.button_group(key="tab").options
    assert NUMBER not in page.button_group(key="tab").options
    page.button_group(key="tab").set_value("Selection of k").run()
    assert not page.exception
    assert "largest mean silhouette" in words(page)


@pytest.mark.parametrize(
    ("ks", "said"),
    [
        ([4] * 20, "4 groups; no other number was found in 5% or more of the random parts."),
        ([4] * 12 + [3] * 4 + [5] * 4, "4 groups; 3 and 5 can't be ruled out."),
        ([4] * 12 + [3] * 8, "4 groups; 3 can't be ruled out."),
    ],
)
def test_the_sentence_names_what_can_not_be_ruled_out(ks: list[int], said: str, small: Library) -> None:
    """A number is possible from one part in twenty on (number_of_groups.RARE)."""
    found = embed(small, NAME, auto()).groups
    assert found is not None
    four = replace(found, labels=np.arange(180) % 4, stability=replace(found.stability, ks=tuple(ks)))
    assert groups.sentence(four) == said


def test_images_that_change_are_the_least_stable_first(small: Library) -> None:
    """Of all 180, two are with their cluster in 50% and 80% of the parts; one was in no part at all."""
    result = embed(small, NAME, auto())
    assert isinstance(result.groups, FoundGroups)
    shares = np.ones(180)
    shares[[7, 3, 5]] = 0.5, 0.8, np.nan
    stability = replace(result.groups.stability, images=shares)
    files, notes = groups.unstable(replace(result, groups=replace(result.groups, stability=stability)))
    assert [file.name for file in files] == [result.files[7].name, result.files[3].name]
    assert notes[files[0].name].endswith("in 50% of parts")


def test_the_report_has_splits_and_limits(small: Library, home: Path) -> None:
    engine = Engine(Store(), small, Effort(8, 2))
    image_set = small.get(NAME)
    answer = engine.answer([image_set], auto())
    text = builder.build(engine, [image_set], [answer])
    assert "found by splits of the tree that stand" in text
    assert "does not stand" in text
    assert "Where the limits lie" in text


def test_the_report_of_one_group_is_whole(home: Path) -> None:
    library = Library()
    images = {name: pixels for name, pixels in textures(60).items() if name.startswith("nearest")}
    add_set(library, "one", images)
    engine = Engine(Store(), library, Effort(8, 2))
    image_set = library.get("one")
    text = builder.build(engine, [image_set], [engine.answer([image_set], auto())])
    assert "Scores are undefined because" in text
    assert "One group: no split stands" in text


# -- whitening --------------------------------------------------------------------------------------------


def test_a_link_whitens_by_the_set_it_names(small: Library, open_page: Open) -> None:
    """The run that is recorded has the real images' content, and its configuration says the set's name."""
    real = add_real(small)
    embed(small, NAME, auto(real.real_content))
    page = open_page(GENERATORS, set=NAME, backbone="LBP", k="auto", real="Hospital")
    assert not page.exception
    assert not page.error
    select = next(each for each in page.selectbox if each.label == "Whiten by real images")
    assert select.options == ["none", "Hospital"]
    page.button_group(key="tab").set_value("History").run()
    assert "whitened by real images of Hospital" in frame(page, "backbone")["more"][0]
    runs = open_page("pages/8_Runs.py")
    assert any(
        "whitened by real images of Hospital" in text
        for text in frame(runs, "configuration")["configuration"]
    )


def test_a_link_to_real_images_that_are_not_here_says_so(small: Library, open_page: Open) -> None:
    embed(small, NAME, auto())
    page = open_page(GENERATORS, backbone="LBP", real="![x](http://evil.example)")
    assert not page.exception
    assert "real images by which this link whitens the features are not here" in words(page)
    assert "evil" not in words(page)
    assert "ARI" not in metrics(page)
    next(each for each in page.selectbox if each.label == "Whiten by real images").set_value("none").run()
    assert "ARI" in metrics(page)


def test_a_run_opens_whitened_and_an_unwhitened_one_does_not(small: Library, open_page: Open) -> None:
    from pages.ui.widgets import permalinks

    real = add_real(small)
    assert permalinks.address(auto(real.real_content).flat())["real"] == "Hospital"
    assert permalinks.address(auto("f" * 64).flat())["real"] == "not here (ffffffffffff)"
    assert permalinks.address(auto().flat())["real"] == "none"


# -- who made this? ---------------------------------------------------------------------------------------


def drop(page: AppTest, files: dict[str, bytes]) -> AppTest:
    page.button_group(key="tab").set_value(IDENTIFY).run()
    for name, data in files.items():
        page.file_uploader[0].upload(name, data)
    return page.run()


def stored(library: Library) -> list[Path]:
    """Pixels, and features and results."""
    return sorted(each for end in ("png", "safetensors") for each in library._root.rglob(f"*.{end}"))


def new_image(kind: str, seed: int = 500) -> np.ndarray:
    return texture(np.random.default_rng(seed), ENLARGED_BY[kind])


def test_dropped_images_are_told_as_the_engine_tells_them(
    small: Library,
    open_page: Open,
    managers: list[MemoryUploadedFileManager],  # noqa: F811
) -> None:
    """A new image of a known generator, and noise, which is none; nothing of them is stored."""
    embed(small, NAME, auto())
    images = [new_image("nearest"), np.random.default_rng(1).integers(0, 256, (128, 128), np.uint8)]
    page = open_page(GENERATORS, backbone="LBP")
    before = stored(small)
    page = drop(
        page,
        {"mine.png": encoded(images[0]), "noise.png": encoded(images[1]), "text.png": b"no image"},
    )
    assert not page.exception
    known = Known(Embedder(Store(), small, Effort(), silent), small.get(NAME), LBP)
    expected = known.identify_pixels(["mine.png", "noise.png"], images, 0.9)
    shown = frame(page, "answer")
    assert list(shown["image"]) == ["mine.png", "noise.png"]
    assert list(shown["answer"]) == [
        " or ".join(each.possible) or "none of these" for each in expected.images
    ]
    assert shown["answer"][1] == "none of these"
    assert shown["p, nearest"][0] == f"{expected.images[0].p_values['nearest']:.3f}"
    assert "noisier than any known image" in shown["warning"][1]
    assert f"{expected.covered:.1%} have their own generator" in words(page)
    assert "1 file can't be read" in words(page)
    assert held(managers) == 0
    assert in_memory() == []
    assert stored(small) == before
    page.button(key="identify_clear").click().run()
    assert not [each for each in page.dataframe if "answer" in each.value.columns]


def test_another_level_gives_another_answer(small: Library, open_page: Open) -> None:
    """60 known images a generator: no p-value is below 1 / 61, so at 0.99 none is ruled out."""
    embed(small, NAME, auto())
    page = drop(open_page(GENERATORS, backbone="LBP"), {"mine.png": encoded(new_image("nearest"))})
    page.number_input(key="level").set_value(0.99).run()
    assert frame(page, "answer")["answer"][0] == "bilinear or lanczos or nearest"
    assert "no image can be ruled out" in words(page)


def test_an_image_of_the_set_itself_is_told(small: Library, open_page: Open) -> None:
    """It is its own nearest neighbour, at distance 0."""
    embed(small, NAME, auto())
    own = small.pixels(small.get(NAME).files[0].sha256)
    page = drop(open_page(GENERATORS, backbone="LBP"), {"own.png": encoded(own)})
    assert "One of the images is in the data set itself, so its answer says nothing: own.png." in words(page)
    page = drop(page, {"new.png": encoded(new_image("nearest"))})
    assert "in the data set itself" not in words(page)


def test_too_many_images_are_to_be_imported(small: Library, open_page: Open) -> None:
    embed(small, NAME, auto())
    data = encoded(new_image("nearest"))
    page = drop(open_page(GENERATORS, backbone="LBP"), {f"{i}.png": data for i in range(dropped.MOST + 1)})
    assert not page.exception
    assert "at most 29 are compared here. Import them as a data set" in words(page)
    assert not [each for each in page.dataframe if "answer" in each.value.columns]


def test_what_is_unlabelled_or_of_too_few_images_is_one_sentence(home: Path, open_page: Open) -> None:
    library = Library()
    few = {kind: [new_image(kind, seed) for seed in range(5)] for kind in ("nearest", "lanczos")}
    make_set(library, "few", few)
    embed(library, "few", auto())
    page = drop(open_page(GENERATORS, backbone="LBP"), {"mine.png": encoded(new_image("nearest"))})
    assert not page.exception
    assert "'few' has fewer of lanczos (5), nearest (5)" in words(page)


def test_a_stack_of_too_many_slices_is_refused_while_it_is_decoded() -> None:
    """30 pages of one TIFF are 30 images, one more than are compared."""
    from PIL import Image

    pages = [Image.fromarray(new_image("nearest", seed)) for seed in range(30)]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    with pytest.raises(Exception, match="More than 29 images"):
        dropped.read([("stack.tif", data)])
    ten = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:10])
    found = dropped.read([("stack.tif", ten), ("set.zip", b"PK")])
    assert found.names[:2] == ("stack.tif 1", "stack.tif 2")
    assert len(found.images) == 10
    assert found.refused == (("set.zip", "an archive: import it on the Data page"),)
