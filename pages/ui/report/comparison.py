"""The report of a comparison: configurations side by side, each compared with the first."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.attribution.pipeline import Attribution
from core.engine import Answer, Engine, kind_of
from core.experiments.comparison import SHOWN, Comparison, compare
from core.numeric.statistics import Score
from core.types import ImageFile, ImageSet
from pages.ui import theme
from pages.ui.attribution import cards, tabs
from pages.ui.compare import charts, views
from pages.ui.membership import cards as membership_cards
from pages.ui.membership import tabs as membership_tabs
from pages.ui.report import parts, text
from pages.ui.theme import digits
from pages.ui.widgets import charts as widgets_charts
from pages.ui.widgets import config_text, gallery

MOST_CHANGED = 24


def names_of(answers: Sequence[Answer]) -> list[str]:
    """A, B, C ..."""
    return [chr(ord("A") + place) for place in range(len(answers))]


def body(engine: Engine, sets: Sequence[ImageSet], answers: Sequence[Answer]) -> str:
    names = names_of(answers)
    first, *others = answers
    comparisons = {name: compare(first, other) for name, other in zip(names[1:], others, strict=True)}
    return "".join(
        [
            _answer(comparisons),
            *(parts.section(f"Data: {each.name}", parts.facts(text.data(each))) for each in sets),
            parts.section("Configurations", *_configurations(names, answers)),
            _scores(names, answers),
            _differences(comparisons),
            _pictures(engine, sets, names, answers, comparisons),
            _changed(engine, names[0], comparisons, isinstance(first, Attribution)),
            parts.section("Limits", parts.listed(_limits(sets, answers))),
        ]
    )


def _answer(comparisons: Mapping[str, Comparison]) -> str:
    said = []
    for name, comparison in comparisons.items():
        score, difference = next(iter(comparison.differences.items()))
        n, changed = len(comparison.files), len(comparison.changed)
        said.append(
            f"{name} against A: {views.describe_difference(SHOWN[score], difference, name)} "
            f"{changed:,} of {n:,} images changed."
        )
    return "".join(parts.words(each, kind="answer") for each in said)


# -- what they are --------------------------------------------------------------------------------------


def _configurations(names: Sequence[str], answers: Sequence[Answer]) -> list[str]:
    """What differs first, then what they share."""
    methods = [dict(text.method(answer)) for answer in answers]
    settings = list(dict.fromkeys(setting for method in methods for setting in method))
    values = {setting: [method.get(setting, "–") for method in methods] for setting in settings}
    different = [
        {"": setting, **dict(zip(names, values[setting], strict=True))}
        for setting in settings
        if len(set(values[setting])) > 1
    ]
    same = [(setting, values[setting][0]) for setting in settings if len(set(values[setting])) == 1]
    return [
        parts.heading("Differences"),
        parts.table(different, "sides") if different else parts.words("The configurations are the same."),
        *([parts.heading("Shared settings"), parts.facts(same)] if same else []),
    ]


# -- how well -------------------------------------------------------------------------------------------


def _scores(names: Sequence[str], answers: Sequence[Answer]) -> str:
    tables = [_scores_of(answer) for answer in answers]
    labels = list(dict.fromkeys(label for found in tables for label in found))
    rows = [
        {"": label, **{name: _cell(found.get(label)) for name, found in zip(names, tables, strict=True)}}
        for label in labels
    ]
    caption = "Below each value: its 95% interval, and the value expected by chance."
    said = [_remarks(name, answer) for name, answer in zip(names, answers, strict=True)]
    return parts.section(
        "Scores", parts.table(rows, "sides", corner="score"), parts.words(caption, kind="note"), *said
    )


def _remarks(name: str, answer: Answer) -> str:
    """Remarks on one of them."""
    if isinstance(answer, Attribution):
        said = cards.list_remarks(answer, tried=0)
    else:
        said = [each for each in membership_cards.common(answer) if each]
    return parts.words(f"{name}:", *said) if said else ""


def _scores_of(answer: Answer) -> dict[str, Score | str]:
    """Every score by its title, with the p-value and the baseline."""
    if isinstance(answer, Attribution):
        scores = {**answer.agreement.scores, "silhouette": answer.silhouette}
        found: dict[str, Score | str] = {title: scores[name] for name, title in tabs.SCORE_WORDS.items()}
        return {**found, "p-value of the ARI": _p(answer.agreement.p_value)}
    found = {}
    for title, part in (("test", answer.test), ("development", answer.dev)):
        if part and part.verdict:
            for name, label in membership_tabs.SCORE_WORDS.items():
                found[f"{label}, {title}"] = part.verdict.scores[name]
            found[f"Baseline F1, {title}"] = theme.number(part.verdict.baselines["everything_used"])
            found[f"p-value of the AUC, {title}"] = _p(part.p_value)
    return found


def _p(value: float | None) -> str:
    return "undefined" if value is None else theme.p_value(value)


def _cell(score: Score | str | None) -> str:
    if score is None or isinstance(score, str):
        return score or "–"
    if score.value is None:
        return f"undefined: {score.undefined}" if score.undefined else "undefined"
    value = digits(score.value, score.low, score.high)
    chance = "" if score.chance is None else f"\nby chance {digits(score.chance)}"
    return f"{value}\n{theme.spread(score)}{chance}"


def _differences(comparisons: Mapping[str, Comparison]) -> str:
    rows = [
        {
            "difference": f"{name} − A, {SHOWN[score]}",
            "value": "undefined" if found.value is None else f"{found.value:+.3f}",
            "95% interval": theme.spread(found),
            "interpretation": views.describe_difference(SHOWN[score], found, name),
        }
        for name, comparison in comparisons.items()
        for score, found in comparison.differences.items()
    ]
    caption = (
        "Paired bootstrap: both are scored on the same resampled images, so effects that they share cancel. "
        "An interval that includes 0 shows no difference; it does not show that there is none."
    )
    return parts.section("Differences", parts.table(rows), parts.words(caption, kind="note"))


# -- pictures -------------------------------------------------------------------------------------------


def _pictures(
    engine: Engine,
    sets: Sequence[ImageSet],
    names: Sequence[str],
    answers: Sequence[Answer],
    comparisons: Mapping[str, Comparison],
) -> str:
    first = answers[0]
    if isinstance(first, Attribution):
        groups = [first.clusters, *(comparison.after for comparison in comparisons.values())]
        shown = [
            _map(engine, sets[0], name, first, answer, clusters)
            for name, answer, clusters in zip(names, answers, groups, strict=True)
            if isinstance(answer, Attribution)
        ]
        caption = "Shape: generator. Colour: cluster (labels matched with A)."
        return parts.section("Maps", parts.beside(*shown), parts.words(caption, kind="note"))
    shown = [
        _ranks(comparisons[name], name, first, other)
        for name, other in zip(names[1:], answers[1:], strict=True)
    ]
    caption = (
        "Each slice by the rank of its distance; low ranks are suspicious. Slices off the diagonal are "
        "ranked differently."
    )
    return parts.section("Ranks", *shown, parts.words(caption, kind="note"))


def _map(
    engine: Engine,
    image_set: ImageSet,
    name: str,
    first: Attribution,
    answer: Attribution,
    clusters: np.ndarray,
) -> str:
    agreement = first.agreement
    marks = theme.marks(agreement.generators)
    most = int(max(clusters.max(), first.clusters.max())) + 1
    colours = theme.cluster_colours(most, agreement.matching, agreement.generators)
    points = engine.pipeline.map(image_set, answer.config, "pca")
    axes = ("component 1", "component 2")
    figure = widgets_charts.scatter_map(points, answer.files, clusters, marks, colours, axes)
    caption = f"{name}: {config_text.config_words(answer.config.flat())}"
    return parts.plot(figure, f"Map of configuration {name} by PCA", caption, parts.HALF)


def _ranks(comparison: Comparison, name: str, first: Answer, other: Answer) -> str:
    assert not isinstance(first, Attribution)
    assert not isinstance(other, Attribution)
    ranks = [views.ranks(answer.reported.distance) for answer in (first, other)]
    roles = [gallery.role(file) for file in comparison.files]
    figure = charts.ranks(ranks[0], ranks[1], comparison.files, roles, ("A", name))
    return parts.plot(figure, f"Rank of each slice by distance under A and under {name}")


# -- images ---------------------------------------------------------------------------------------------


def _changed(engine: Engine, first: str, comparisons: Mapping[str, Comparison], clusters: bool) -> str:
    shown = []
    for name, comparison in comparisons.items():
        head = parts.heading(f"From {first} to {name}")
        if not len(comparison.changed):
            shown.append(parts.kept(head, parts.words("No image changed.")))
            continue
        moves = parts.table(views.moves(comparison, clusters), "counts")
        said, tiles = _tiles(engine, comparison, clusters)
        shown += [parts.kept(head, moves, said), tiles]
    return parts.section("Images that changed", *shown)


def _tiles(engine: Engine, comparison: Comparison, clusters: bool) -> tuple[str, str]:
    """Some images of each move, and what they show."""
    places = _spread(comparison)
    kind = gallery.generator_of if clusters else gallery.role
    kinds = [kind(file) for file in comparison.files]
    marks = theme.marks(kinds) if clusters else theme.role_marks()
    tiles = []
    for place in places:
        file: ImageFile = comparison.files[place]
        mark = marks[kinds[place]]
        captions = [parts.signed(mark, file.name), views.move(comparison, place, clusters)]
        pixels = engine.library.pixels(file.sha256)
        tiles.append(gallery.figure(pixels, captions, mark.colour, f"{file.name}, {kinds[place]}"))
    count, of = len(places), len(comparison.changed)
    said = f"{count} of the {of:,} images that changed." if count < of else ""
    framed = f"Border colour and marker: {'generator' if clusters else 'ground truth'}."
    return parts.words(said, framed, kind="note"), parts.gallery(tiles)


def _spread(comparison: Comparison) -> list[int]:
    """At most MOST_CHANGED places, each kind of move in turn, so rare ones are shown."""
    changed = comparison.changed
    ways = np.stack([comparison.before[changed], comparison.after[changed]])
    kinds = np.unique(ways, axis=1, return_inverse=True)[1].ravel()
    turn = np.zeros(len(changed), int)
    for kind in np.unique(kinds):
        turn[kinds == kind] = np.arange((kinds == kind).sum())
    chosen = changed[np.lexsort((kinds, turn))[:MOST_CHANGED]]
    return np.sort(chosen).tolist()


def _limits(sets: Sequence[ImageSet], answers: Sequence[Answer]) -> list[str]:
    """The limits of each, once."""
    said = [
        "These configurations were selected for comparison, so a difference may be one picked out of many: "
        "confirm it on other images."
    ]
    count = sum({kind_of(answer.config): text.count_evaluated(sets, answer) for answer in answers}.values())
    for answer in answers:
        said += (
            text.attribution_limits(answer, count)
            if isinstance(answer, Attribution)
            else text.membership_limits(sets, answer, count)
        )
    return list(dict.fromkeys(said))
