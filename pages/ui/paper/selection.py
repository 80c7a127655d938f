"""What the page Paper evaluates: a table, and the data sets whose mean is taken."""

import streamlit as st

from core.hashing import key
from core.paper import data_sets as pairs
from core.paper import tables
from core.paper.data_sets import DataSet
from core.types import ImageSet
from pages.ui.session import workspace

ADDRESS = "with"  # the other data sets, in the page's address


def table(image_set: ImageSet) -> tuple[str, bool]:
    """The table, and whether to use random weights where pretrained weights are missing."""
    fitting = tables.fitting(bool(image_set.real))
    left, right = st.columns([2, 1.4], vertical_alignment="bottom")
    chosen = left.segmented_control(
        "Table",
        fitting,
        default=fitting[0],
        key=f"table_{'real' if image_set.real else 'generators'}",
        bind="query-params",
        required=True,
        format_func=lambda name: f"Table {name}",
        label_visibility="collapsed",
    )
    untrained = right.toggle(
        "Use random weights where pretrained weights are missing", key="untrained", bind="query-params"
    )
    st.caption(tables.CAPTIONS[str(chosen)])
    return str(chosen), untrained


def data_sets(image_set: ImageSet, test: ImageSet | None) -> list[DataSet]:
    """The sidebar's data set, and those chosen beside it: at first DB2 where it is DB1."""
    library = workspace.library()
    own = DataSet(image_set, test if image_set.real else None)
    others = {each.name: each for each in _others(own)}
    chosen = _choose(image_set, others) if others else []
    if not chosen:
        return [own]
    first = own if image_set.real else pairs.paired([image_set], library)[0]
    return sorted([first, *(others[name] for name in chosen)], key=lambda each: each.order)


def _others(own: DataSet) -> list[DataSet]:
    """Of the same kind, with a development part, and without a part of the sidebar's data set."""
    library = workspace.library()
    alike = [each for each in library.all() if bool(each.real) == own.real]
    mine = {part.name for each in pairs.paired(own.parts, library) for part in (*each.parts, *own.parts)}
    return sorted(
        (
            each
            for each in pairs.paired(alike, library)
            if each.development is not None and not mine & {part.name for part in each.parts}
        ),
        key=lambda each: each.order,
    )


def _choose(image_set: ImageSet, others: dict[str, DataSet]) -> list[str]:
    """Names of the others; kept in the address, which is the sidebar's data set's only."""
    alike = [each.development for each in others.values() if each.development is not None]
    default = [each.name for each in pairs.siblings(image_set, alike) if each.name != image_set.name]
    state, address = st.session_state, st.query_params
    if ADDRESS in address and state.get("with_of") in (None, image_set.name):
        default = [name for name in address.get_all(ADDRESS) if name in others]
    state["with_of"] = image_set.name
    names = st.multiselect(
        "Mean with these data sets",
        list(others),
        default,
        key=f"with_{key(image_set.name, sorted(others))[:8]}",
        placeholder="None: the selected data set alone",
    )
    address[ADDRESS] = names or [""]
    return names
