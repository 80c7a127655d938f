"""The knobs of a configuration. Each is bound to the address bar, so that a link opens the same view."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core import clustering, features
from core.features.backbones import NETWORKS, NORMALISATIONS
from core.features.handcrafted import DESCRIPTORS
from core.regions import network
from core.regions.crops import CROPS, crop_spec
from core.values import ClusterSpec, FeatureSpec, K, PipelineConfig, ReduceSpec, Scalar

SHARES = ["none", *(f"{s / 10:g}" for s in range(500, 996, 5)), "99.9"]
METHOD_WORDS = {"hierarchical": "hierarchical", "kmeans": "k-means"}
CROP_WORDS = {"full": "full image", "lung": "lungs", "outer": "around lungs", "patch": "random patch"}
LINKAGE_WORDS = {"ward": "Ward", "average": "average", "complete": "complete", "single": "single"}
K_CHOICES = ["known", "auto", *(str(k) for k in range(2, 31))]
WEIGHT_WORDS = {"imagenet": "ImageNet", features.UNTRAINED: "untrained"}


def attribution() -> PipelineConfig:
    """A row of knobs; what is rarely turned is under "More". Raises BadChoice for what can't be."""
    places = st.columns([2.1, 1.2, 1.9, 1.5, 1.2, 1.1, 0.9], vertical_alignment="bottom")
    backbone = _choice(places[0], "Backbone", features.names(), "backbone", features.title)
    crops = CROPS.names() if network.shipped() else ["full"]
    crop = _choice(places[1], "Crop", crops, "crop", CROP_WORDS.get, disabled=len(crops) == 1)
    pca = places[2].select_slider(
        "PCA variance kept",
        SHARES,
        key="pca",
        bind="query-params",
        format_func=lambda text: "no PCA" if text == "none" else f"{text}%",
    )
    method = _choice(places[3], "Clustering", clustering.METHODS, "cluster", METHOD_WORDS.get)
    hierarchical = method == "hierarchical"
    linkage = _choice(
        places[4],
        "Linkage",
        list(clustering.METRICS),
        "linkage",
        LINKAGE_WORDS.get,
        disabled=not hierarchical,
    )
    k = places[5].selectbox(
        "k",
        K_CHOICES,
        key="k",
        bind="query-params",
        accept_new_options=True,
        help="Number of clusters: as many as generators are known, chosen by silhouette, or a number.",
    )
    with places[6].popover("More", width="stretch"):
        metrics = clustering.METRICS[linkage] if hierarchical else ("euclidean",)
        if st.session_state.get("metric") not in metrics:
            st.session_state.pop("metric", None)
        metric = _choice(st, "Metric", metrics, "metric", str, disabled=len(metrics) == 1)
        seed = st.number_input(
            "Seed", 0, 2**31 - 1, key="seed", bind="query-params", help="of k-means, UMAP and random patches"
        )
        feature = _feature(backbone)
    variance = None if pca == "none" else round(float(pca) / 100, 4)
    if not hierarchical:
        linkage, metric = "ward", "euclidean"
    cluster = ClusterSpec(method, linkage, metric, _k(k), int(seed))
    return PipelineConfig(feature, ReduceSpec(variance), cluster, crop_spec(crop, int(seed)))


def _feature(backbone: str) -> FeatureSpec:
    if not features.is_network(backbone):
        options: dict[str, Scalar] = {}
        for name, option in DESCRIPTORS.get(backbone).options.items():
            key = f"{backbone}_{name}"
            if option.choices:
                options[name] = _choice(st, name.capitalize(), option.choices, key, str)
            else:
                options[name] = int(
                    st.number_input(
                        name.capitalize(),
                        option.low,
                        option.high,
                        int(option.default),
                        key=key,
                        bind="query-params",
                    )
                )
        return features.spec(backbone, options=options)
    row = NETWORKS.get(backbone)
    weights = _choice(st, "Weights", list(WEIGHT_WORDS), "weights", WEIGHT_WORDS.get)
    precision = _choice(st, "Precision", features.PRECISIONS, "precision", str)
    size = st.number_input(
        "Input size, px", 32, 1024, row.size, 32, key=f"{backbone}_size", bind="query-params"
    )
    pooling = _choice(st, "Pooling", list(row.dimensions), f"{backbone}_pooling", str)
    ordered = [row.normalisation, *(name for name in NORMALISATIONS if name != row.normalisation)]
    normalisation = _choice(st, "Normalisation", ordered, f"{backbone}_normalisation", str)
    return features.spec(
        backbone,
        weights=weights,
        size=int(size),
        pooling=pooling,
        normalisation=normalisation,
        precision=precision,
    )


def _choice(
    place: Any, label: str, options: Sequence[str], key: str, words: Any, disabled: bool = False
) -> Any:
    return place.selectbox(
        label, options, key=key, bind="query-params", format_func=words, disabled=disabled, filter_mode=None
    )


def _k(text: str | None) -> K:
    text = (text or "known").strip()
    return int(text) if text.isdecimal() else text


def show(config: dict[str, Any]) -> None:
    """Turn the knobs to a configuration of the trail (its flat form)."""
    state = st.session_state
    backbone = config["backbone"]
    state["backbone"], state["crop"] = backbone, config.get("crop", "full")
    state["pca"] = "none" if config["pca"] is None else f"{round(100 * config['pca'], 3):g}"
    state["cluster"] = config["cluster"]
    if config["cluster"] == "hierarchical":
        state["linkage"], state["metric"] = config["linkage"], config["metric"]
    state["k"], state["seed"] = str(config["k"]), config["seed"]
    if features.is_network(backbone):
        untrained = config["weights"] == features.UNTRAINED
        state["weights"] = features.UNTRAINED if untrained else "imagenet"
        state["precision"] = config["precision"]
        for name in ("size", "pooling", "normalisation"):
            state[f"{backbone}_{name}"] = config[name]
    for name, value in config["options"].items():
        state[f"{backbone}_{name}"] = value
