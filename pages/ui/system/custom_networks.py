"""Custom networks: an ONNX file is stored and inspected, its settings are chosen, then it is added."""

from pathlib import Path

import pandas as pd
import streamlit as st

from core.errors import ImprintError, WeightsMissing
from core.features import catalog
from core.features.custom import add as custom_add
from core.features.custom import client, registry
from core.features.custom.client import Look, Wanted
from core.features.pretrained.backbones import NORMALISATIONS
from pages.ui.session import workspace

NORMALISATION_WORDS = {
    "imagenet": "ImageNet",
    "none": "0..1",
    "signed": "-1..1",
    "raw": "0..255",
    "symmetric": "(v - 127) / 128",
    "caffe": "Caffe (BGR means)",
}
CHANNEL_WORDS = {3: "3 x grey", 1: "1"}
SEEN = "own_network"  # in the session: the stored file, its inspection and its proposed name


def panel() -> None:
    if not workspace.current().user.admin:  # networks are shared by all users, and paths are on the server
        return
    with st.expander("Custom network (ONNX)", expanded=SEEN in st.session_state):
        st.caption(
            "One ONNX file without external data. It is always run in a sandboxed process without network "
            "or file access, and identified by its SHA-256."
        )
        try:
            _ask()
            if SEEN in st.session_state:
                _choose(*st.session_state[SEEN])
        except ImprintError as error:
            st.error(str(error))
        _remove()


def _ask() -> None:
    with st.form("own_file", border=False):
        columns = st.columns([2, 2, 1], vertical_alignment="bottom")
        upload = columns[0].file_uploader("ONNX file", type="onnx", key="own_upload")
        path = columns[1].text_input("Or its path on this machine", key="own_path")
        if not columns[2].form_submit_button("Inspect", width="stretch"):
            return
    st.session_state.pop(SEEN, None)
    if upload is not None:
        kept, name = custom_add.keep_file(upload), upload.name
    elif path.strip():
        name = path.strip()
        try:
            with Path(name).expanduser().open("rb") as file:
                kept = custom_add.keep_file(file)
        except OSError as error:
            raise WeightsMissing(f"{name} can't be read: {error.strerror}.") from None
    else:
        raise WeightsMissing("Choose an ONNX file, or enter the path of one on this machine.")
    try:
        look = client.look(kept)
        custom_add.propose(look)
    except ImprintError:
        registry.discard(kept)
        raise
    st.session_state[SEEN] = (kept, look, custom_add.name_of(name))


def _choose(kept: Path, look: Look, name: str) -> None:
    usual = custom_add.propose(look)
    _show(look)
    fixed_channels, fixed_size = custom_add.fixed_input(look)
    with st.form("own_choices", border=False):
        columns = st.columns([1.6, 1, 1.4, 1.6, 1.4, 0.8], vertical_alignment="bottom")
        chosen_name = columns[0].text_input("Name", name, key="own_name")
        size = columns[1].number_input(
            "Input size (px)", 16, 1024, usual.size, disabled=fixed_size is not None, key="own_size"
        )
        channels = columns[2].selectbox(
            "Channels",
            [fixed_channels] if fixed_channels else custom_add.CHANNELS,
            format_func=lambda each: CHANNEL_WORDS[each],
            key="own_channels",
        )
        normalisation = columns[3].selectbox(
            "Normalisation",
            list(NORMALISATIONS),
            format_func=NORMALISATION_WORDS.get,
            key="own_normalisation",
        )
        output = columns[4].selectbox(
            "Embedding",
            [each.name for each in custom_add.outputs(look)],
            key="own_output",
            help="Feature maps are averaged.",
        )
        add = columns[5].form_submit_button("Add", type="primary", width="stretch")
    if add:
        with st.spinner("Testing the network"):
            row = custom_add.add(
                kept, chosen_name.strip(), Wanted(int(size), channels or 3, str(normalisation), str(output))
            )
        del st.session_state[SEEN]
        st.toast(f"{row.title} was added to the backbones.")
        st.rerun(scope="app")


def _show(look: Look) -> None:
    st.caption(
        f"SHA-256 {look.sha256}, {look.bytes / 2**20:.1f} MB, {look.parameters:,} parameters. "
        "“any”: dynamic axis."
    )
    rows = [
        {"port": what, "name": port.name, "shape": port.words, "type": port.kind}
        for what, ports in (("input", look.inputs), ("output", look.outputs))
        for port in ports
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", key="own_ports")


def _remove() -> None:
    names = registry.names()
    if not names:
        return
    place, button = st.columns([4, 1], vertical_alignment="bottom")
    name = place.selectbox("Added networks", names, format_func=catalog.title, key="own_added")
    if button.button("Remove", key="own_remove", width="stretch") and name:
        registry.remove(name)
        st.rerun(scope="app")
