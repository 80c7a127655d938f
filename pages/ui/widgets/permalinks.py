"""A configuration (its flat form) as the settings of its page, and as the address of that page."""

import html
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.features import catalog
from core.types import ImageSet
from pages.ui import routes
from pages.ui.widgets import real_sets
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
    """Set the widgets of the open page to a configuration of its history."""
    state = st.session_state
    for name, (value, _) in _settings(config).items():
        state[name] = value


def address(config: Flat) -> dict[str, str]:
    """The settings as the page's address has them: Streamlit binds the words that a person sees."""
    return {name: words for name, (_, words) in _settings(config).items()}


def href(config: Flat, sets: Sequence[ImageSet]) -> str:
    """The link to data sets and settings; relative, so that it works behind a proxy's path as well."""
    chosen = {"set": sets[0].name, **({"test": sets[1].name} if len(sets) > 1 else {})}
    return place(page_of(config), {**chosen, **address(config)})


def place(page: str, query: Mapping[str, str]) -> str:
    """A page's file and its query as its address, relative to any page."""
    name = page.removesuffix(".py").rpartition("/")[2].partition("_")[2]
    return f"{name}?{urlencode(query)}" if query else name


def link(label: str, place: str) -> None:
    """A plain link. Streamlit's page link would keep settings that this page and the next have in common."""
    st.html(f'<a class="go" href="{html.escape(place)}" target="_self">{html.escape(label)}</a>')


# A setting: the value of its widget, and its words in the address.
Settings = dict[str, tuple[Any, str]]


def _settings(config: Flat) -> Settings:
    if "decision" in config:
        return _reconstruction(config)
    settings: Settings = {
        "backbone": (config["backbone"], catalog.title(config["backbone"])),
        "crop": _worded(config.get("crop", "full"), CROP_WORDS),
        "cluster": _worded(config["cluster"], METHOD_WORDS),
        **_plain(seed=config["seed"]),
        **_of_feature(config),
    }
    if config["linkage"]:
        settings["linkage"] = _worded(config["linkage"], LINKAGE_WORDS)
    return {**settings, **(_membership(config) if "rule" in config else _attribution(config))}


def _attribution(config: Flat) -> Settings:
    share = None if config["pca"] is None else f"{round(100 * config['pca'], 3):g}"
    return {
        "pca": ("none", "no PCA") if share is None else (share, f"{share}%"),
        **_plain(k=str(config["k"]), metric=config["metric"]),
        **_plain(real=real_sets.setting(config.get("whiten", ""))),
    }


def _membership(config: Flat) -> Settings:
    k = str(config["k"])
    return {
        "distance": _worded(config["distance"], DISTANCE_WORDS),
        "rule": (config["rule"], rule_words(config["rule"])),
        "clusters": (k, "best" if k == "sweep" else k),
        **_plain(draws=config["draws"] or 3),
    }


def _reconstruction(config: Flat) -> Settings:
    return {
        "ae_size": (str(config["size"]), f"{config['size']} px"),
        "bottleneck": (str(config["bottleneck"]), f"{config['bottleneck']} dimensions"),
        "decision": _worded(config["decision"], DECISION_WORDS),
        "ae_rule": (config["rule"], rule_words(config["rule"])),
        **_plain(epochs=config["epochs"], precision=config["precision"], seed=config["seed"]),
    }


def _of_feature(config: Flat) -> Settings:
    backbone = config["backbone"]
    if catalog.is_own(backbone):  # its other choices were made when it was added
        own = {f"{backbone}_normalisation": config["normalisation"]}
        return _plain(precision=config["precision"], **own)
    settings = _plain(**{f"{backbone}_{name}": value for name, value in config["options"].items()})
    if not catalog.is_network(backbone):
        return settings
    weights = catalog.UNTRAINED if config["weights"] == catalog.UNTRAINED else "imagenet"
    own = {f"{backbone}_{name}": config[name] for name in ("size", "pooling", "normalisation")}
    return {
        **settings,
        "weights": _worded(weights, WEIGHT_WORDS),
        **_plain(precision=config["precision"], **own),
    }


def _worded(value: str, words: Mapping[str, str]) -> tuple[str, str]:
    return value, words[value]


def _plain(**values: Any) -> Settings:
    return {name: (value, str(value)) for name, value in values.items()}
