"""The report without a browser: the engine's numbers, nothing that loads, and names that stay text."""

import base64
import hashlib
import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from core.config import AutoencoderSpec, ClusterSpec, MembershipConfig, PipelineConfig, ReconstructionConfig
from core.engine import Answer, Engine
from core.experiments import run_file
from core.features import catalog
from core.images.library import Library
from core.inference.runtime import Effort
from core.numeric.statistics import Score
from core.store import Store
from core.types import ImageSet
from pages.ui import theme
from pages.ui.attribution.tabs import SCORE_WORDS
from pages.ui.membership.tabs import SCORE_WORDS as CALL_WORDS
from pages.ui.report import builder
from tests.support.samples import ROOT, generators, make_set
from tests.unit.membership.test_cluster_distance import leaky

HOSTILE = "<script>alert('set') & \"x\"<b onload=y>"
BOLD = "<b>bold</b><img src=http://evil.example/x>"
PIXELS = catalog.spec("pixels", options={"side": 8})
BY_KMEANS = PipelineConfig(PIXELS, cluster=ClusterSpec("kmeans", k=2))


class Seen(HTMLParser):
    """Elements with their attributes, and the text of each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)
        if tag in ("td", "th", "tr", "pre", "script"):
            self.texts.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        if self.texts and self.texts[-1][0] == inside and inside in ("td", "th", "pre", "script"):
            self.texts[-1] = (inside, self.texts[-1][1] + data)
        else:
            self.texts.append((inside, data))

    def of(self, tag: str) -> list[str]:
        return [text for kind, text in self.texts if kind == tag]

    def rows(self) -> Iterator[list[str]]:
        """Cells of each row of each table."""
        row: list[str] | None = None
        for kind, text in self.texts:
            if kind == "tr":
                if row:
                    yield row
                row = []
            elif row is not None and kind in ("td", "th"):
                row.append(text)
        if row:
            yield row

    def row(self, head: str, width: int) -> list[str]:
        """The cells after the head, of the row with so many of them."""
        return next(row[1:] for row in self.rows() if row[0] == head and len(row) == width + 1)


@pytest.fixture
def engine(home: Path) -> Engine:
    return Engine(Store(), Library(), Effort(8, 2))


def named(engine: Engine) -> ImageSet:
    """Three textures; the names are hostile."""
    images = generators()
    return make_set(engine.library, HOSTILE, {BOLD: images["rough"], "plain": images["smooth"]})


def reported(engine: Engine, sets: Sequence[ImageSet], *configs: object) -> tuple[Seen, list[Answer], str]:
    answers = [engine.answer(sets, config) for config in configs]  # type: ignore[arg-type]
    text = builder.build(engine, sets, answers)
    return Seen(text), answers, text


def pair(engine: Engine, unknown: bool = False) -> list[ImageSet]:
    library = engine.library
    return [leaky(library, "my development", 1), leaky(library, "my test", 1, unknown=unknown)]


# -- nothing loads, and names stay text -------------------------------------------------------------------


@pytest.mark.parametrize("configs", [[PipelineConfig(PIXELS)], [PipelineConfig(PIXELS), BY_KMEANS]])
def test_hostile_names_are_shown_and_do_nothing(configs: list[PipelineConfig], engine: Engine) -> None:
    seen, _, text = reported(engine, [named(engine)], *configs)
    assert HOSTILE in "".join(seen.of("h1"))
    executable = [a for tag, a in seen.elements if tag == "script" and a.get("type") != "application/json"]
    assert executable == [{}, {}]
    assert not [name for _, a in seen.elements for name in a if name.startswith("on")]
    assert not [
        tag for tag, _ in seen.elements if tag in ("link", "iframe", "object", "embed", "base", "form")
    ]
    assert "<b>bold" not in text
    # Plotly reads tags in names, so they come to it as entities.
    scripts = [a for tag, a in seen.elements if tag == "script"]
    drawn = [text for text, a in zip(seen.of("script"), scripts, strict=True) if a]
    assert drawn
    for text_of in drawn:
        traces = json.dumps(json.loads(text_of)["data"])
        assert html.escape(BOLD, quote=False) in traces
        assert "<b>" not in traces


def test_everything_that_could_load_is_within_the_file(engine: Engine) -> None:
    seen, _, _ = reported(engine, [named(engine)], PipelineConfig(PIXELS))
    loads = [
        a[name] for _, a in seen.elements for name in ("src", "href", "srcset", "data", "action") if name in a
    ]
    assert loads
    assert all(str(value).startswith("data:") for value in loads)
    assert {str(a["src"])[:16] for tag, a in seen.elements if tag == "img"} == {"data:image/webp;"}
    assert "url(" not in "".join(seen.of("style"))
    assert "@import" not in "".join(seen.of("style"))


def test_the_policy_names_the_two_scripts_and_forbids_the_rest(engine: Engine) -> None:
    seen, _, _ = reported(engine, [named(engine)], PipelineConfig(PIXELS))
    policy = next(str(a["content"]) for _, a in seen.elements if a.get("http-equiv"))
    rules = {words[0]: words[1:] for words in (part.split() for part in policy.split(";"))}
    assert rules["default-src"] == ["'none'"]
    assert rules["img-src"] == ["data:", "blob:"]
    scripts = seen.of("script")[-2:]
    hashes = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in scripts]
    assert rules["script-src"] == [f"'sha256-{each}'" for each in hashes]


def test_the_machine_is_not_in_it(engine: Engine, home: Path) -> None:
    _, _, text = reported(engine, [named(engine)], PipelineConfig(PIXELS))
    assert str(home) not in text
    assert str(ROOT) not in text


def test_headings_step_down_by_one(engine: Engine) -> None:
    for configs in ([PipelineConfig(PIXELS)], [PipelineConfig(PIXELS), BY_KMEANS]):
        seen, _, _ = reported(engine, [named(engine)], *configs)
        levels = [int(tag[1]) for tag, _ in seen.elements if tag in ("h1", "h2", "h3", "h4")]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


# -- the numbers are the engine's -------------------------------------------------------------------------


def same(cells: Sequence[str], score: Score) -> None:
    """Value, interval and chance as shown, in three digits."""
    if score.value is None:
        assert cells[0] == "undefined"
        return
    assert float(cells[0]) == pytest.approx(score.value, abs=0.00051)
    assert cells[1] == theme.spread(score)
    assert cells[2] == theme.number(score.chance)


def test_a_run_has_every_score_with_interval_and_chance(engine: Engine) -> None:
    seen, (answer,), _ = reported(engine, [named(engine)], PipelineConfig(PIXELS))
    scores = {**answer.agreement.scores, "silhouette": answer.silhouette}
    for name, words in SCORE_WORDS.items():
        same(seen.row(words, 3), scores[name])
    assert theme.p_value(answer.agreement.p_value) in "".join(seen.of("p"))


def test_a_question_for_training_data_has_them_for_both_parts(engine: Engine) -> None:
    seen, (answer,), _ = reported(engine, pair(engine), MembershipConfig(PIXELS))
    remark = 1  # 1% of so few images is less than one, which is said
    for name, words in CALL_WORDS.items():
        cells = seen.row(words, 6 + remark)
        same(cells[:3], answer.test.verdict.scores[name])
        same(cells[3:6], answer.dev.verdict.scores[name])
    assert answer.sentence in seen.of("p")
    assert seen.row("test", 5)[1] == theme.number(answer.test.verdict.baselines["everything_used"])


def test_the_whole_configuration_is_told(engine: Engine) -> None:
    config = MembershipConfig(PIXELS, distance="avg", k=3, rule="median", seed=7)
    seen, _, _ = reported(engine, pair(engine), config)
    told = {row[0]: row[1] for row in seen.rows() if len(row) == 2}
    assert told["Settings"] == "side 8"
    assert told["Distance"] == "mean distance to the cluster centroids (given)"
    assert told["Clusters k"] == "3 (given)"
    assert told["Rule"].startswith("Median (given)")
    assert (told["Linkage"], told["Seed"]) == ("Ward", "7")


def test_reconstruction(engine: Engine) -> None:
    config = ReconstructionConfig(AutoencoderSpec(size=32, bottleneck=8, epochs=3))
    seen, (answer,), _ = reported(engine, pair(engine), config)
    same(seen.row("F1", 7)[:3], answer.test.verdict.scores["f1"])
    told = {row[0]: row[1] for row in seen.rows() if len(row) == 2}
    assert "3 epochs" in told["Training"]
    assert "Mean error images of the development set" in " ".join(seen.of("p"))


def test_unknown_truth_gives_predictions_and_no_scores(engine: Engine) -> None:
    seen, (answer,), _ = reported(engine, pair(engine, unknown=True), MembershipConfig(PIXELS))
    assert answer.sentence in seen.of("p")
    assert "unlabelled" in seen.of("small")
    assert "safe" not in answer.sentence


def test_without_labels_the_groups_stand_on_their_own(engine: Engine) -> None:
    known = named(engine)
    unknown = ImageSet("unknown", "generators", tuple(replace(f, label=None) for f in known.files))
    engine.library.add(unknown)
    seen, _, _ = reported(engine, [unknown], PipelineConfig(PIXELS))
    words = " ".join(seen.of("p"))
    assert "no image has a generator label" in words
    assert "No image is misplaced" not in words


# -- runs and comparisons -----------------------------------------------------------------------------------


def test_the_run_file_within_is_the_run(engine: Engine) -> None:
    image_set = named(engine)
    seen, (answer,), _ = reported(engine, [image_set], PipelineConfig(PIXELS))
    assert run_file.from_json(json.loads(seen.of("pre")[0])) == run_file.make_run([image_set], answer)
    link = next(a for tag, a in seen.elements if tag == "a")
    assert base64.b64decode(str(link["href"]).partition(",")[2]).decode() == seen.of("pre")[0]
    assert "python -m core run run.json" in seen.of("code")


def test_a_comparison_says_what_differs_and_which_images_changed(engine: Engine) -> None:
    images = generators()
    image_set = make_set(engine.library, "three", images)
    first = PipelineConfig(PIXELS)
    second = replace(first, cluster=ClusterSpec(k=2))
    seen, answers, _ = reported(engine, [image_set], first, second)
    words = " ".join(seen.of("p"))
    assert seen.row("Clusters k", 2) == ["3, one per labelled generator", "2, given"]
    assert "A has the higher ARI on these images" in words
    assert "of 18 images changed" in words
    assert len(seen.of("pre")) == 2
    moved = [text for text in seen.of("figcaption") if "→" in text]
    assert 0 < len(moved) <= 24
    ari = seen.row("ARI", 2)[0].split("\n")
    assert ari[1] == theme.spread(answers[0].agreement.scores["ari"])


def test_the_same_twice_shows_no_difference(engine: Engine) -> None:
    seen, _, _ = reported(engine, [named(engine)], PipelineConfig(PIXELS), PipelineConfig(PIXELS))
    words = " ".join(seen.of("p"))
    assert "The configurations are the same." in words
    assert "No image changed." in words
    assert "no significant difference in ARI" in words


def test_two_attacks_are_compared(engine: Engine) -> None:
    other = ReconstructionConfig(AutoencoderSpec(size=32, bottleneck=8, epochs=3))
    seen, _, _ = reported(engine, pair(engine), MembershipConfig(PIXELS), other)
    assert seen.row("Autoencoder", 2)[0] == "–"
    assert len([row for row in seen.rows() if row[0].startswith("B − A")]) == 3
