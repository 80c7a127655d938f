"""What-if: a grid of configurations of one data set, filled as it runs; a cell opens its page."""

import streamlit as st

from core.errors import ImprintError
from core.types import ImageSet
from pages.ui.background import results
from pages.ui.layout import page
from pages.ui.sweep import grid as sweep_grid

page.open_page(
    "What-if", "How do results change with backbone, crop, PCA variance and clustering?", pair="any"
)
image_set, test = page.chosen_set(), page.test_set()


@st.fragment
def panel(image_set: ImageSet, test: ImageSet | None) -> None:
    """The grid's settings, and the rows computed so far."""
    sets = [image_set] if test is None else [image_set, test]
    try:
        grid = sweep_grid.settings(image_set)
        if grid is None:
            return
        listed = grid.listed(image_set)
        found = results.sweep(sets, listed, lambda: sweep_grid.live(sets, listed))
    except ImprintError as error:
        st.error(str(error))
        return
    if found is not None:
        sweep_grid.show(sets, found)


panel(image_set, test)
