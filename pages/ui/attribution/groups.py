"""The number of generators as splits of one tree found it: the splits, their stability, their limits."""

import numpy as np
import pandas as pd
import streamlit as st

from core.attribution.pipeline import Attribution
from core.clustering.splits import SMALLEST_SHARE
from core.stages.number_of_groups import RARE, FoundGroups
from core.types import ImageFile
from core.wording import counted, verb
from pages.ui import theme
from pages.ui.attribution import charts
from pages.ui.session import workspace
from pages.ui.widgets import charts as widgets_charts
from pages.ui.widgets import gallery

MANY = 150  # images, below which the number is less certain
MINORITY = 0.05  # of the images: a generator of fewer may go unnoticed
SURE = 0.999  # of the parts: an image that is with its group in as many does not change
CHART_ALT = "In how many random parts of the images each number of groups was found"
SPLITS_CAPTION = (
    "From the root of the tree down; an indented split is within a side of one above it. Apart: distance "
    "of the two sides' means on held-out images, in standard deviations. In random parts: how often both "
    "sides were still apart when only part of the images was there."
)
CLUSTERS_CAPTION = (
    "Found again: how much of a cluster came back in random parts of the images (mean Jaccard index). Above "
    "85% is stable; below 60% is doubtful (Hennig 2007)."
)


def sentence(found: FoundGroups) -> str:
    """``4 groups; 3 and 5 can't be ruled out.``"""
    if found.k == 1:
        why = "no split stands" if found.splits else "too few different images for a split"
        said = f"One group: {why}"
    else:
        said = f"{found.k} groups"
    return f"{said}; {_possible(found)}."


def _possible(found: FoundGroups) -> str:
    if not (others := [str(k) for k in found.possible]):
        return f"no other number was found in {RARE:.0%} or more of the random parts"
    *first, last = others
    return f"{', '.join(first)} and {last} can't be ruled out" if first else f"{last} can't be ruled out"


def split_rows(found: FoundGroups) -> list[dict[str, str]]:
    """A row for each split that was examined."""
    return [
        {
            "split": "\N{NO-BREAK SPACE}" * 5 * split.depth + f"{split.sizes[0]:,} | {split.sizes[1]:,}",
            "apart": f"{split.separation:.1f} SD",
            "result": "stands" if split.stands else "does not stand",
            "in random parts": "" if np.isnan(split.support) else f"{split.support:.0%}",
        }
        for split in found.splits
    ]


def cluster_rows(result: Attribution) -> list[dict[str, str]]:
    """Size and stability of each group."""
    found = _found(result)
    name = "c" if _are_clusters(result) else "group "
    return [
        {
            "cluster": f"{name}{number + 1}",
            "images": f"{int((found.labels == number).sum()):,}",
            "found again": f"{share:.0%}",
        }
        for number, share in enumerate(found.stability.clusters)
    ]


def limits(result: Attribution) -> list[str]:
    """What such a number can't tell, first of this very set."""
    found = _found(result)
    n, smallest = len(found.labels), int(np.bincount(found.labels).min())
    said = []
    if n < MANY:
        said.append(f"This set has {counted(n, 'image')}: with fewer than {MANY}, k is less certain.")
    if found.walked < n:
        said.append(
            f"The tree is built over {counted(found.walked, 'image')}; copies and the rest were assigned to "
            "the groups."
        )
    if found.k > 1 and smallest < MINORITY * n:
        said.append(f"The smallest group has {counted(smallest, 'image')}, less than {MINORITY:.0%}.")
    said.append(
        f"Where the limits lie: a generator of fewer than {MINORITY:.0%} of the images may go unnoticed "
        f"(below {SMALLEST_SHARE:.0%} none is split off), sets of fewer than {MANY} images give a less "
        "certain k, and generators whose images are nearly copies of real slices look alike."
    )
    if not result.config.whiten:
        said.append(
            "Not whitened: whitening by real images takes the anatomy out, which makes generators clearer."
        )
    return said


def unstable(result: Attribution) -> tuple[list[ImageFile], dict[str, str]]:
    """Images that change cluster in random parts, the most often first, and a note for each."""
    found = _found(result)
    shares = found.stability.images
    order = [int(place) for place in np.argsort(np.where(np.isnan(shares), 2, shares), kind="stable")]
    places = [place for place in order if shares[place] < SURE]
    name = "c" if _are_clusters(result) else "group "
    notes = {
        result.files[place].name: f"{name}{found.labels[place] + 1} in {shares[place]:.0%} of parts"
        for place in places
    }
    return [result.files[place] for place in places], notes


def draw(result: Attribution) -> None:
    """The tab."""
    found = _found(result)
    st.markdown(f"**{sentence(found)}**")
    left, right = st.columns([1.6, 1])
    with left:
        _splits(found)
    with right:
        st.plotly_chart(
            charts.counts_of_k(found.stability.ks, found.k),
            key="k_parts_chart",
            config=widgets_charts.CONFIG,
            alt=CHART_ALT,
        )
        parts = len(found.stability.ks)
        st.caption(f"k in {parts} random parts of the images; the one that is used in colour.")
    st.caption(" ".join(limits(result)))
    if not _are_clusters(result):
        st.caption("Only k is taken from these groups of Ward's tree; the chosen clustering makes its own.")
    _table(cluster_rows(result), "stability_table")
    st.caption(CLUSTERS_CAPTION)
    _changing(result)


def _splits(found: FoundGroups) -> None:
    if not found.splits:
        st.caption("No split was examined: each side needs at least 4 different images.")
        return
    _table(split_rows(found), "splits_table")
    st.caption(SPLITS_CAPTION)


def _table(rows: list[dict[str, str]], key: str) -> None:
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", key=key)


def _changing(result: Attribution) -> None:
    files, notes = unstable(result)
    if not files:
        st.caption("No image changed its cluster in any of the random parts.")
        return
    words, pager = st.columns([5, 1], vertical_alignment="bottom")
    words.caption(
        f"{counted(len(files), 'image')} {verb(len(files), 'was', 'were')} not always with the rest of "
        f"{verb(len(files), 'its cluster:', 'their cluster, the least often first:')}"
    )
    marks = theme.marks(result.agreement.generators)
    gallery.show(files, workspace.library(), marks, notes, key="unstable", pager=pager)


def _are_clusters(result: Attribution) -> bool:
    """Whether the groups are the clusters, not only their number."""
    return bool(np.array_equal(_found(result).labels, result.clusters))


def _found(result: Attribution) -> FoundGroups:
    assert result.groups is not None
    return result.groups
