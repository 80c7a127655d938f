"""The report of a model attribution."""

import numpy as np

from core.attribution import misassigned
from core.attribution.misassigned import Confusion, Pair
from core.attribution.pipeline import Attribution
from core.engine import Engine
from core.images.library import Library
from core.paper import reference
from core.stages.number_of_groups import FoundGroups
from core.types import ImageFile, ImageSet
from core.wording import counted
from pages.ui import theme
from pages.ui.attribution import cards, charts, groups, tabs
from pages.ui.report import parts, text
from pages.ui.theme import digits
from pages.ui.widgets import charts as widgets_charts
from pages.ui.widgets import gallery

SHOWN_TYPICAL = 6
PAIRS = 3


def body(engine: Engine, image_set: ImageSet, answer: Attribution) -> str:
    count = text.count_evaluated([image_set], answer)
    return "".join(
        [
            _answer(answer),
            parts.section("Data", parts.facts(text.data(image_set))),
            parts.section("Method", parts.facts(text.method(answer))),
            _scores(answer, count),
            _pictures(engine, image_set, answer),
            _evidence(engine, answer),
            parts.section("Limits", parts.listed(text.attribution_limits(answer, count))),
        ]
    )


def _answer(answer: Attribution) -> str:
    agreement, ari = answer.agreement, answer.agreement.scores["ari"]
    if ari.undefined:
        said = f"Scores are undefined because {ari.undefined}. The clusters are shown without scores."
    else:
        said = _said(answer)
    shown = [
        ("ARI", _value("ari", answer), theme.spread(ari)),
        ("NMI", _value("nmi", answer), theme.spread(agreement.scores["nmi"])),
        ("Accuracy", _value("accuracy", answer), theme.spread(agreement.scores["accuracy"])),
        ("ARI by chance", theme.number(ari.chance), _p(answer)),
        ("Clusters k", str(answer.k), cards.K_WORDS[answer.k_source]),
    ]
    return parts.words(said, kind="answer") + parts.cards(*shown)


def _said(answer: Attribution) -> str:
    agreement = answer.agreement
    inside = sum(
        int(agreement.table[i, c]) for i, c in enumerate(agreement.matching) if c is not None
    )  # as the accuracy counts
    n, sides = int(agreement.table.sum()), len(agreement.generators)
    chance = "" if agreement.p_value is None else f", {_p(answer)}"
    return (
        f"Clustered without labels, {n:,} images of {sides} generators form {answer.k} clusters; {inside:,} "
        f"are in the cluster of their own generator (ARI {_value('ari', answer)}, "
        f"{theme.spread(agreement.scores['ari'])}{chance})."
    )


def _value(name: str, answer: Attribution) -> str:
    score = answer.agreement.scores[name]
    return "undefined" if score.value is None else digits(score.value, score.low, score.high)


def _p(answer: Attribution) -> str:
    p = answer.agreement.p_value
    return "undefined" if p is None else theme.p_value(p)


def _scores(answer: Attribution, count: int) -> str:
    agreement = answer.agreement
    tested = ""
    if agreement.p_value is not None and agreement.chance_95 is not None:
        tested = (
            f"ARI under 9,999 label permutations: {_p(answer)}; 95% of them are below "
            f"{agreement.chance_95:.3f}."
        )
    return parts.section(
        "Scores",
        parts.table(tabs.score_rows(answer)),
        parts.words(tabs.SCORE_CAPTION, tested, kind="note"),
        parts.words(*cards.list_remarks(answer, count)),
        _paper(answer),
    )


def _paper(answer: Attribution) -> str:
    references = reference.references(answer.config)
    if not references:
        return parts.words("The paper has no value for this configuration.", kind="note")
    rows = [
        {"paper": row.table.capitalize(), "images": f"the challenge's, {row.part}", "ARI": f"{row.ari:.4f}"}
        for row in references
    ]
    return parts.table(rows) + parts.words(cards.paper_words(references), kind="note")


# -- pictures -------------------------------------------------------------------------------------------


def _pictures(engine: Engine, image_set: ImageSet, answer: Attribution) -> str:
    marks = theme.marks(answer.agreement.generators)
    points = engine.pipeline.map(image_set, answer.config, "pca")
    figure = widgets_charts.scatter_map(
        points, answer.files, answer.clusters, marks, None, ("component 1", "component 2")
    )
    caption = (
        "Each point is an image; points close together have similar features. Colour and shape: generator."
    )
    return parts.section(
        "Map and table",
        parts.plot(figure, f"Map of {len(answer.files)} images by PCA, coloured by generator", caption),
        table(answer),
        parts.words("Images of each generator in each cluster.", kind="note"),
        _choice_of_k(answer),
    )


def _choice_of_k(answer: Attribution) -> str:
    if answer.groups is not None:
        return _splits(answer, answer.groups)
    if not answer.silhouette_by_k:
        return ""
    figure = charts.silhouette_curve(answer.silhouette_by_k, answer.k)
    return parts.plot(figure, tabs.SILHOUETTE_ALT, tabs.SILHOUETTE_CAPTION)


def _splits(answer: Attribution, found: FoundGroups) -> str:
    examined = groups.split_rows(found)
    parts_of_k = parts.plot(charts.counts_of_k(found.stability.ks, found.k), groups.CHART_ALT)
    return "".join(
        [
            parts.kept(parts.heading(tabs.NUMBER), parts.words(groups.sentence(found))),
            *([parts.table(examined), parts.words(groups.SPLITS_CAPTION, kind="note")] if examined else []),
            parts_of_k,
            parts.table(groups.cluster_rows(answer)),
            parts.words(groups.CLUSTERS_CAPTION, kind="note"),
        ]
    )


def table(answer: Attribution) -> str:
    """The contingency table, or without generators the sizes of the clusters."""
    agreement = answer.agreement
    marks = theme.marks(agreement.generators)
    if agreement.generators:
        frame = widgets_charts.contingency(agreement.table, agreement.generators, marks)
    else:
        counts = np.bincount(answer.clusters, minlength=answer.k)[None]
        frame = widgets_charts.contingency(counts, (theme.UNKNOWN,), marks)
    values = frame.to_numpy()
    rows = [
        {"": name, **dict(zip(frame.columns, row, strict=True))}
        for name, row in zip(frame.index, values, strict=True)
    ]
    return parts.table(rows, "counts", [widgets_charts.shades(row) for row in values], corner="generator")


# -- evidence -------------------------------------------------------------------------------------------


def _evidence(engine: Engine, answer: Attribution) -> str:
    found = misassigned.find_confusions(engine.pipeline.embedder, answer, each=PAIRS)
    if found:
        said = "Misassigned images, each next to the nearest image of its cluster. Border colour: generator."
        first, *others = (_confusion(engine.library, answer, each) for each in found)
        return parts.section("Evidence", parts.words(said) + first, *others)
    said = "No image is misassigned." if answer.agreement.scores["ari"].value is not None else ""
    first, *others = _typical(engine, answer)
    said = parts.words(said, "The images nearest to the centroid of each cluster:")
    return parts.section("Evidence", said + first, *others)


def _confusion(library: Library, answer: Attribution, found: Confusion) -> str:
    images = counted(found.count, "image")
    of = f"the cluster of {found.owner}" if found.owner else "a cluster that matches no generator"
    pairs = parts.gallery([_pair(library, answer, pair) for pair in found.pairs])
    shown = pairs if found.pairs else parts.words("It contains no image of another generator.", kind="note")
    title = f"{images} of {found.generator} in c{found.cluster + 1}, {of}"
    return parts.kept(parts.heading(title), shown)


def _pair(library: Library, answer: Attribution, pair: Pair) -> str:
    return gallery.pair(
        tile(library, answer, pair.file, "misassigned"),
        tile(library, answer, pair.neighbour, "nearest in that cluster"),
    )


def _typical(engine: Engine, answer: Attribution) -> list[str]:
    rows = []
    for cluster, files in enumerate(
        misassigned.find_typical(engine.pipeline.embedder, answer, SHOWN_TYPICAL)
    ):
        size = int((answer.clusters == cluster).sum())
        shown = parts.gallery([tile(engine.library, answer, file) for file in files])
        rows.append(parts.kept(parts.heading(f"c{cluster + 1}, {counted(size, 'image')}"), shown))
    return rows


def tile(library: Library, answer: Attribution, file: ImageFile, note: str = "") -> str:
    """An image with its generator's border."""
    marks = theme.marks(answer.agreement.generators)
    name = gallery.generator_of(file)
    mark = marks.get(name, marks[theme.UNKNOWN])
    captions = [parts.signed(mark, file.name), note]
    return gallery.figure(library.pixels(file.sha256), captions, mark.colour, f"{file.name}, {name}")
