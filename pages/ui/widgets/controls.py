"""The settings of a configuration. Each is bound to the address bar, so a link opens the same view."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.clustering import methods
from core.config import (
    AutoencoderSpec,
    ClusterSpec,
    FeatureSpec,
    K,
    MembershipConfig,
    PipelineConfig,
    ReconstructionConfig,
    ReduceSpec,
    Scalar,
)
from core.features import catalog
from core.features.custom import registry
from core.features.descriptors import DESCRIPTORS
from core.features.pretrained.backbones import NETWORKS, NORMALISATIONS
from core.membership import decision_rules, distances
from core.membership.decision_rules import RULES
from core.regions.crops import CROPS, crop_spec
from pages.ui.widgets import real_sets

SHARES = ["none", *(f"{s / 10:g}" for s in range(500, 996, 5)), "99.9"]
METHOD_WORDS = {"hierarchical": "hierarchical", "kmeans": "k-means"}
CROP_WORDS = {"full": "full image", "lung": "lungs", "outer": "around lungs", "patch": "random patch"}
LINKAGE_WORDS = {"ward": "Ward", "average": "average", "complete": "complete", "single": "single"}
DECISION_WORDS = {"mse": "mean error (MSE)", "ssim": "error pattern (SSIM)"}
RENAMED = {  # words that links of earlier versions have, by setting
    "decision": {"place of errors (SSIM)": "ssim"},
    "bottleneck": {f"{2**power} numbers": str(2**power) for power in range(4, 10)},
}
RULE_WORDS = {"best": "best", "own": "the paper's"}
DISTANCE_WORDS = {"best": "best", "min": "min", "avg": "avg"}
K_CHOICES = ["known", "auto", "silhouette", *(str(k) for k in range(2, 31))]
WEIGHT_WORDS = {"imagenet": "ImageNet", catalog.UNTRAINED: "untrained"}
LAST = "last"  # a network's last layer


def attribution() -> PipelineConfig:
    """A row of settings; rarely used ones are under "More". Raises BadChoice for an impossible one."""
    places = st.columns([1.95, 1.4, 1.8, 1.4, 1.15, 1.1, 1.0], vertical_alignment="bottom")
    backbone, crop = _backbone_and_crop(places)
    pca = places[2].select_slider(
        "PCA variance kept",
        SHARES,
        key="pca",
        bind="query-params",
        format_func=lambda text: "no PCA" if text == "none" else f"{text}%",
    )
    method, linkage = _clustering(places[3:])
    hierarchical = method == "hierarchical"
    k = places[5].selectbox(
        "k",
        K_CHOICES,
        key="k",
        bind="query-params",
        accept_new_options=True,
        help="Number of clusters: known (one per labelled generator), auto (found by splits that stand), "
        "silhouette (the largest mean silhouette), or a number.",
    )
    with places[6].popover("More", width="stretch"):
        metrics = methods.METRICS[linkage] if hierarchical else ("euclidean",)
        if st.session_state.get("metric") not in metrics:
            st.session_state.pop("metric", None)
        metric = _choice(st, "Metric", metrics, "metric", str, disabled=len(metrics) == 1)
        real = real_sets.choose()
        seed = _seed("Random seed for k-means, UMAP and random patches")
        feature = _feature(backbone)
    variance = None if pca == "none" else round(float(pca) / 100, 4)
    if not hierarchical:
        linkage, metric = "ward", "euclidean"
    cluster = ClusterSpec(method, linkage, metric, number(k), seed)
    whiten = real_sets.content_of(real)
    return PipelineConfig(feature, ReduceSpec(variance), cluster, crop_spec(crop, seed), whiten)


def membership() -> MembershipConfig:
    """The same row for the cluster-distance attack; "best" is selected on the development set."""
    places = st.columns([1.85, 1.4, 1.4, 1.05, 0.95, 0.95, 1.65, 1.0], vertical_alignment="bottom")
    backbone, crop = _backbone_and_crop(places)
    method, linkage = _clustering(places[2:])
    kinds = ["best", *distances.KINDS]
    distance = _choice(places[4], "Distance", kinds, "distance", DISTANCE_WORDS.get)
    k = places[5].selectbox(
        "k",
        ["sweep", *(str(k) for k in distances.SWEEP)],
        key="clusters",
        bind="query-params",
        accept_new_options=True,
        format_func=lambda text: "best" if text == "sweep" else text,
        help="Number of clusters: best (selected on the development set out of 30), or a number.",
    )
    rule = _choice(places[6], "Rule", ["best", *decision_rules.general_rules()], "rule", rule_words)
    with places[7].popover("More", width="stretch"):
        seed = _seed("Random seed for k-means, random patches and cross-validation folds")
        draws = st.number_input(
            "Random patches to average", 1, 20, 3, key="draws", bind="query-params", disabled=crop != "patch"
        )
        feature = _feature(backbone)
    linkage = linkage if method == "hierarchical" else "ward"
    return MembershipConfig(
        feature,
        crop,
        method,
        linkage,
        distance,
        number(k, "sweep"),
        rule,
        int(draws) if crop == "patch" else 3,
        seed,
    )


def reconstruction() -> ReconstructionConfig:
    """The autoencoder, and the decision from its errors."""
    places = st.columns([1.1, 1.55, 1.2, 1.8, 1.95, 1], vertical_alignment="bottom")
    size = _choice(places[0], "Image size", ["64", "32", "128", "256"], "ae_size", lambda text: f"{text} px")
    bottleneck = _choice(
        places[1],
        "Bottleneck",
        ["64", "16", "32", "128", "256", "512"],
        "bottleneck",
        lambda text: f"{text} dimensions",
    )
    epochs = places[2].number_input("Maximum epochs", 1, 10_000, 80, key="epochs", bind="query-params")
    decision = _choice(places[3], "Decide by", list(DECISION_WORDS), "decision", DECISION_WORDS.get)
    rule_names = ["own", *decision_rules.general_rules(), "best"]
    rule = _choice(places[4], "Rule", rule_names, "ae_rule", rule_words)
    with places[5].popover("More", width="stretch"):
        seed = _seed("Random seed for weight initialisation, image order and cross-validation folds")
        precision = _choice(st, "Precision", catalog.PRECISIONS, "precision", str)
    spec = AutoencoderSpec(int(size), int(bottleneck), int(epochs), precision, seed)
    return ReconstructionConfig(spec, decision, rule)


def rule_words(name: str) -> str:
    return RULE_WORDS.get(name) or RULES.get(name).title


def _backbone_and_crop(places: Sequence[Any]) -> tuple[str, str]:
    backbone = _choice(places[0], "Backbone", catalog.names(), "backbone", catalog.title)
    return backbone, _choice(places[1], "Crop", CROPS.names(), "crop", CROP_WORDS.get)


def _clustering(places: Sequence[Any]) -> tuple[str, str]:
    """Method and linkage."""
    method = _choice(places[0], "Clustering", methods.METHODS, "cluster", METHOD_WORDS.get)
    linkages = list(methods.METRICS)
    disabled = method != "hierarchical"
    return method, _choice(places[1], "Linkage", linkages, "linkage", LINKAGE_WORDS.get, disabled=disabled)


def _seed(of: str) -> int:
    return int(st.number_input("Seed", 0, 2**31 - 1, key="seed", bind="query-params", help=of))


def _feature(backbone: str) -> FeatureSpec:
    if not catalog.is_network(backbone):
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
        return catalog.spec(backbone, options=options)
    if catalog.is_own(backbone):
        return _own_feature(backbone)
    row = NETWORKS.get(backbone)
    weights = _choice(st, "Weights", list(WEIGHT_WORDS), "weights", WEIGHT_WORDS.get)
    precision = _choice(st, "Precision", catalog.PRECISIONS, "precision", str)
    size = st.number_input(
        "Input size (px)", 32, 1024, row.size, 32, key=f"{backbone}_size", bind="query-params"
    )
    layer = _choice(st, "Layer", [LAST, *row.layers], f"{backbone}_layer", str)
    poolings = list(row.dimensions) if layer == LAST else list(row.poolings(layer))
    pooling = _choice(st, "Pooling", poolings, f"{backbone}_pooling", str)
    normalisation = _normalisation(backbone, row.normalisation)
    return catalog.spec(
        backbone,
        weights=weights,
        size=int(size),
        pooling=pooling,
        normalisation=normalisation,
        precision=precision,
        options={} if layer == LAST else {"layer": layer},
    )


def _own_feature(backbone: str) -> FeatureSpec:
    """The spec of a user's own network, most of which was set when it was added. Raises WeightsMissing."""
    row = registry.network(backbone)
    assert row.own
    precision = _choice(st, "Precision", catalog.PRECISIONS, "precision", str)
    normalisation = _normalisation(backbone, row.normalisation)
    st.caption(
        f"{row.size} px, {row.own.channels} channels, output {row.own.output} (set when the network "
        "was added)."
    )
    return catalog.spec(backbone, normalisation=normalisation, precision=precision)


def _normalisation(backbone: str, usual: str) -> str:
    ordered = [usual, *(name for name in NORMALISATIONS if name != usual)]
    return str(_choice(st, "Normalisation", ordered, f"{backbone}_normalisation", str))


def _choice(
    place: Any, label: str, options: Sequence[str], key: str, words: Any, disabled: bool = False
) -> Any:
    present = st.query_params.get(key)
    if key not in st.session_state and present in RENAMED.get(key, {}):
        st.session_state[key] = RENAMED[key][present]
    return place.selectbox(
        label, options, key=key, bind="query-params", format_func=words, disabled=disabled, filter_mode=None
    )


def number(text: str | None, unset: str = "known") -> K:
    text = (text or unset).strip()
    return int(text) if text.isdecimal() else text
