"""Runs and configurations as one line of text."""

from collections.abc import Mapping
from typing import Any

from core.experiments import run_log
from core.features import catalog
from pages.ui.theme import digits
from pages.ui.widgets import real_sets
from pages.ui.widgets.controls import CROP_WORDS, LINKAGE_WORDS, METHOD_WORDS, rule_words


def describe_run(row: run_log.Row) -> str:
    """A run: its configuration and its score."""
    flat = run_log.flatten(row)
    value = "undefined" if flat["value"] is None else digits(flat["value"])
    return f"{config_words(row['config'], flat)}: {flat['score']} {value}"


def config_words(config: Mapping[str, Any], chosen: Mapping[str, Any] | None = None) -> str:
    """A configuration (its flat form); ``chosen`` has what was selected on development."""
    backbone, chosen = config.get("backbone"), chosen or config
    share = f"PCA {100 * config['pca']:g}%" if config.get("pca") else None
    parts = [
        catalog.title(backbone) if backbone else f"autoencoder {config['size']} px, {config['decision']}",
        CROP_WORDS[config["crop"]] if config.get("crop", "full") != "full" else None,
        "untrained" if config.get("weights") == catalog.UNTRAINED else None,
        real_sets.describe(config["whiten"]) if config.get("whiten") else None,
        share or ("no PCA" if "pca" in config else None),
        _clustering(config),
        chosen.get("distance") if backbone else None,
        rule_words(chosen["rule"]).lower() if chosen.get("rule") else None,
        f"k = {chosen['k']}" if chosen.get("k") is not None else None,
    ]
    return ", ".join(str(part) for part in parts if part)


def _clustering(config: Mapping[str, Any]) -> str | None:
    if config.get("linkage"):
        return LINKAGE_WORDS[config["linkage"]]
    return METHOD_WORDS[config["cluster"]] if config.get("cluster") else None
