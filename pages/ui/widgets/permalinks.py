"""A configuration (its flat form) as the knobs of its page, and as that page's address."""

import html
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.features import catalog
from core.types import ImageSet
from pages.ui import routes
from pages.ui.widgets.controls import (
    CROP_WORDS,
    DECISION_WORDS,
    DISTANCE_WORDS,
    LINKAGE_WORDS,
    METHOD_WORDS,
    WEIGHT_WORDS,
    rule_words,
)

Flat = Mapping[str, Any]


def page_of(config: Flat) -> str:
    if "decision" in config:
        return routes.RECONSTRUCTION
    return routes.REGIONS if "rule" in config else routes.GENERATORS


def load_settings(config: Flat) -> None:
    """Turn the knobs of the page that is open to a configuration of its trail."""
    state = st.session_state
    for name, (value, _) in _knobs(config).items():
        state[name] = value


def address(config: Flat) -> dict[str, str]:
    """The knobs as the page's address names them: Streamlit binds the words that a person sees."""
    return {name: words for name, (_, words) in _knobs(config).items()}


def href(config: Flat, sets: Sequence[ImageSet]) -> str:
    """Of the sets and the knobs; relative, so that it holds behind a proxy's path as well."""
    chosen = {"set": sets[0].name, **({"test": sets[1].name} if len(sets) > 1 else {})}
    return place(page_of(config), {**chosen, **address(config)})


def place(page: str, query: Mapping[str, str]) -> str:
    """A page's file and its query as its address, relative to any page."""
    name = page.removesuffix(".py").rpartition("/")[2].partition("_")[2]
    return f"{name}?{urlencode(query)}" if query else name


def link(label: str, place: str) -> None:
    """A plain link. A page link of Streamlit's leaves the knobs of this page where the next has the same."""
    st.html(f'<a class="go" href="{html.escape(place)}" target="_self">{html.escape(label)}</a>')


# A knob: the value of its widget, and the words that stand for it in the address.
Knobs = dict[str, tuple[Any, str]]


def _knobs(config: Flat) -> Knobs:
    if "decision" in config:
        return _reconstruction(config)
    knobs: Knobs = {
        "backbone": (config["backbone"], catalog.title(config["backbone"])),
        "crop": _worded(config.get("crop", "full"), CROP_WORDS),
        "cluster": _worded(config["cluster"], METHOD_WORDS),
        **_plain(seed=config["seed"]),
        **_of_feature(config),
    }
    if config["linkage"]:
        knobs["linkage"] = _worded(config["linkage"], LINKAGE_WORDS)
    return {**knobs, **(_membership(config) if "rule" in config else _attribution(config))}


def _attribution(config: Flat) -> Knobs:
    share = None if config["pca"] is None else f"{round(100 * config['pca'], 3):g}"
    return {
        "pca": ("none", "no PCA") if share is None else (share, f"{share}%"),
        **_plain(k=str(config["k"]), metric=config["metric"]),
    }


def _membership(config: Flat) -> Knobs:
    k = str(config["k"])
    return {
        "distance": _worded(config["distance"], DISTANCE_WORDS),
        "rule": (config["rule"], rule_words(config["rule"])),
        "clusters": (k, "best" if k == "sweep" else k),
        **_plain(draws=config["draws"] or 3),
    }


def _reconstruction(config: Flat) -> Knobs:
    return {
        "ae_size": (str(config["size"]), f"{config['size']} px"),
        "bottleneck": (str(config["bottleneck"]), f"{config['bottleneck']} numbers"),
        "decision": _worded(config["decision"], DECISION_WORDS),
        "ae_rule": (config["rule"], rule_words(config["rule"])),
        **_plain(epochs=config["epochs"], precision=config["precision"], seed=config["seed"]),
    }


def _of_feature(config: Flat) -> Knobs:
    backbone = config["backbone"]
    if catalog.is_own(backbone):  # its other choices were made when it was added
        own = {f"{backbone}_normalisation": config["normalisation"]}
        return _plain(precision=config["precision"], **own)
    knobs = _plain(**{f"{backbone}_{name}": value for name, value in config["options"].items()})
    if not catalog.is_network(backbone):
        return knobs
    weights = catalog.UNTRAINED if config["weights"] == catalog.UNTRAINED else "imagenet"
    own = {f"{backbone}_{name}": config[name] for name in ("size", "pooling", "normalisation")}
    return {
        **knobs,
        "weights": _worded(weights, WEIGHT_WORDS),
        **_plain(precision=config["precision"], **own),
    }


def _worded(value: str, words: Mapping[str, str]) -> tuple[str, str]:
    return value, words[value]


def _plain(**values: Any) -> Knobs:
    return {name: (value, str(value)) for name, value in values.items()}
