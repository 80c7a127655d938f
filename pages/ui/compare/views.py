"""Evaluated configurations side by side: their scores, maps, and the images that changed."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from core import engine as answers_of
from core.attribution.pipeline import Attribution
from core.config import MembershipConfig, PipelineConfig
from core.engine import ATTRIBUTION, MEMBERSHIP, RECONSTRUCTION, Answer
from core.experiments import run_log
from core.experiments.comparison import SHOWN, Comparison, compare
from core.hashing import key
from core.membership.decision_rules import RULES
from core.numeric.statistics import Score
from core.types import ImageSet
from pages.ui import theme
from pages.ui.background import results
from pages.ui.compare import charts
from pages.ui.session import workspace
from pages.ui.theme import digits, spread
from pages.ui.widgets import charts as widgets_charts
from pages.ui.widgets import config_text, gallery
from pages.ui.widgets.linked_charts import Link

MOST = 4
PLAIN = {"delta_color": "off", "delta_arrow": "off", "border": True}


# -- which --------------------------------------------------------------------------------------------


def chosen(sets: Sequence[ImageSet]) -> list[Answer]:
    """The results of the selected configurations, once all are computed."""
    rows = _tried(sets)
    if len(rows) < 2:
        st.info(
            "Fewer than two configurations have been evaluated on this data set. Change a setting on its "
            "page, or run a grid on the What-if page, then come back."
        )
        return []
    names = _choose(rows)
    if len(names) < 2:
        st.info("Select a second configuration to compare with the first.")
    found = [_answer(sets, rows[name]) for name in names]
    answers = [answer for answer in found if answer is not None]
    return answers if len(answers) == len(found) else []  # else the letters would name others


def _tried(sets: Sequence[ImageSet]) -> dict[str, run_log.Row]:
    """By the first characters of their keys, best first."""
    kinds = (MEMBERSHIP, RECONSTRUCTION) if sets[0].real else (ATTRIBUTION,)
    return {row["id"][:12]: row for kind in kinds for row in workspace.current().ranked_runs(kind, sets)}


def _choose(rows: dict[str, run_log.Row]) -> list[str]:
    """Kept in the address; at first those of the address, completed with the best."""
    asked = [name for name in st.query_params.get("of", "").split(",") if name in rows]
    if len(asked) < 2:
        asked += [name for name in rows if name not in asked][: 2 - len(asked)]
    names = st.multiselect(
        "Configurations (the first is the reference)",
        list(rows),
        asked,
        key=f"of_{key(sorted(rows))[:8]}",
        format_func=lambda name: config_text.describe_run(rows[name]),
        max_selections=MOST,
    )
    st.query_params["of"] = ",".join(names)
    return names


def _answer(sets: Sequence[ImageSet], row: run_log.Row) -> Answer | None:
    config = answers_of.from_json(row["spec"])
    first, test = sets[0], sets[1] if len(sets) > 1 else None
    if isinstance(config, PipelineConfig):
        return results.attribution(first, config)
    if isinstance(config, MembershipConfig):
        return results.membership(first, test, config)
    return results.reconstruction(first, test, config, lambda: None)


# -- what differs -------------------------------------------------------------------------------------


def show(sets: Sequence[ImageSet], answers: Sequence[Answer]) -> None:
    names = [chr(ord("A") + place) for place in range(len(answers))]
    others = names[1:]
    other = others[0]
    if len(others) > 1:
        other = str(
            st.segmented_control("Compare A with", others, default=other, key="compare_with", required=True)
        )
    first, second = answers[0], answers[names.index(other)]
    comparison = compare(first, second)
    _cards(answers, names, comparison, other)
    if isinstance(first, Attribution) and isinstance(second, Attribution):
        picked = _maps(sets[0], first, second, comparison, other)
    else:
        picked = _distances(first, second, comparison, other)
    _changed(comparison, picked, other, isinstance(first, Attribution))


def _score_of(answer: Answer) -> tuple[str, Score]:
    if isinstance(answer, Attribution):
        return "ari", answer.agreement.scores["ari"]
    verdict = answer.reported.verdict
    return "auc", verdict.scores["auc"] if verdict else Score(None, undefined="the images are unlabelled")


def _cards(answers: Sequence[Answer], names: Sequence[str], comparison: Comparison, other: str) -> None:
    columns = st.columns(len(answers) + 2)
    for column, answer, name in zip(columns, answers, names, strict=False):
        score, found = _score_of(answer)
        value = "undefined" if found.value is None else digits(found.value, *_ends(found))
        column.metric(f"{name}: {SHOWN[score]}", value, spread(found), help=_described(answer), **PLAIN)
    score, difference = next(iter(comparison.differences.items()))
    value = "undefined" if difference.value is None else f"{difference.value:+.3f}"
    columns[-2].metric(f"{other} − A", value, spread(difference), help=_paired_words(), **PLAIN)
    changed, n = len(comparison.changed), len(comparison.files)
    columns[-1].metric("Changed", f"{changed:,}", f"of {n:,} images", **PLAIN)
    st.caption(describe_difference(SHOWN[score], difference, other))


def _described(answer: Answer) -> str:
    facts = answer.config.flat().items()
    return ", ".join(f"{name} {value}" for name, value in facts if value not in (None, {}))


def _paired_words() -> str:
    return (
        "Paired bootstrap: both are scored on the same resampled images. Below: 95% interval of the "
        "difference."
    )


def describe_difference(score: str, difference: Score, other: str) -> str:
    if difference.value is None or difference.low is None or difference.high is None:
        return f"The difference is undefined: {difference.undefined}."
    if difference.low > 0 or difference.high < 0:
        better = other if difference.value > 0 else "A"
        return (
            f"{better} has the higher {score} on these images: the 95% interval of the difference excludes 0."
        )
    return (
        f"The 95% interval of the difference includes 0: no significant difference in {score} on these "
        "images."
    )


def _ends(score: Score) -> tuple[float | None, float | None]:
    return score.low, score.high


# -- the images ---------------------------------------------------------------------------------------


def _maps(
    image_set: ImageSet, first: Attribution, second: Attribution, comparison: Comparison, other: str
) -> list[str]:
    """Both maps with linked selection; returns the names of the selected images."""
    marks = theme.marks(first.agreement.generators)
    colours = theme.cluster_colours(
        int(max(comparison.before.max(), comparison.after.max())) + 1,
        first.agreement.matching,
        first.agreement.generators,
    )
    link = Link(key(first.config, second.config)[:12])
    for column, answer, name in zip(st.columns(2), (first, second), ("A", other), strict=True):
        clusters = comparison.before if name == "A" else comparison.after
        points = workspace.pipeline().map(image_set, answer.config, "pca")
        draw = partial(
            widgets_charts.scatter_map,
            points,
            answer.files,
            clusters,
            marks,
            colours,
            ("component 1", "component 2"),
        )
        with column:
            st.caption(f"**{name}** {config_text.config_words(answer.config.flat())}")
            link.draw(f"compare_map_{name}", draw, f"Map of configuration {name}")
    st.caption("Shape: generator. Colour: cluster (labels matched between both clusterings).")
    return link.picked()


def _distances(first: Answer, second: Answer, comparison: Comparison, other: str) -> list[str]:
    """Each slice by its rank under both; returns the names of the selected slices."""
    assert not isinstance(first, Attribution)
    assert not isinstance(second, Attribution)
    placed = [ranks(answer.reported.distance) for answer in (first, second)]
    roles = [gallery.role(file) for file in comparison.files]
    event = st.plotly_chart(
        charts.ranks(placed[0], placed[1], comparison.files, roles, ("A", other)),
        key="compare_ranks",
        on_select="rerun",
        selection_mode=("lasso", "points", "box"),
        config=widgets_charts.CONFIG,
        alt=f"Rank of each slice by distance under A and under {other}",
    )
    rules = [RULES.get(answer.development.choice.rule).title.lower() for answer in (first, second)]
    st.caption(
        "Each slice by the rank of its distance; low ranks are suspicious. Slices off the diagonal are "
        f"ranked differently. Rules: A “{rules[0]}”, {other} “{rules[1]}”."
    )
    return [str(point["customdata"][0]) for point in event["selection"]["points"]]


def ranks(distance: np.ndarray) -> np.ndarray:
    """1 for the smallest; ties share their mean rank."""
    _, inverse, counts = np.unique(distance, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return (last - (counts - 1) / 2)[inverse]


def _changed(comparison: Comparison, picked: Sequence[str], other: str, clusters: bool) -> None:
    places = comparison.changed
    if not len(places):
        st.success("No image changed.")
        return
    st.markdown(f"### Images that changed from A to {other}")
    _moves(comparison, clusters)
    files = [comparison.files[place] for place in places]
    wanted = set(picked)
    if wanted:
        files = [file for file in files if file.name in wanted]
        st.caption(f"{len(files)} of the {len(picked)} selected images changed.")
    notes = {comparison.files[place].name: move(comparison, place, clusters) for place in places}
    marks = theme.marks([file.label or theme.UNKNOWN for file in files]) if clusters else theme.role_marks()
    kind = gallery.generator_of if clusters else gallery.role
    gallery.show(files, workspace.library(), marks, notes, key="changed", kind=kind)


def _moves(comparison: Comparison, clusters: bool) -> None:
    table = pd.DataFrame(moves(comparison, clusters))
    st.dataframe(table, hide_index=True, height="content", key="moves", width="content")


def moves(comparison: Comparison, clusters: bool) -> list[dict[str, object]]:
    """How many images moved from where to where, most frequent first."""
    kinds: dict[tuple[int, int], int] = {}
    for place in comparison.changed:
        way = int(comparison.before[place]), int(comparison.after[place])
        kinds[way] = kinds.get(way, 0) + 1
    return [
        {"from": _word(a, clusters), "to": _word(b, clusters), "images": count}
        for (a, b), count in sorted(kinds.items(), key=lambda item: -item[1])
    ]


def move(comparison: Comparison, place: int, clusters: bool) -> str:
    """Where an image moved from and to."""
    before, after = comparison.before[place], comparison.after[place]
    return f"{_word(before, clusters)} → {_word(after, clusters)}"


def _word(value: int, clusters: bool) -> str:
    return f"c{value + 1}" if clusters else ("not used", "used")[value]
