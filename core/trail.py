"""What was tried on a set, each configuration once: the best of many must be seen as such."""

from collections.abc import Mapping
from typing import Any

from core.hashing import key
from core.pipeline import Attribution
from core.store import Store
from core.training_data import Membership
from core.values import ImageSet, MembershipConfig, PipelineConfig

Row = Mapping[str, Any]


def record(store: Store, image_set: ImageSet, result: Attribution) -> None:
    """Note a result under its set and its configuration; the same one again changes nothing."""
    ari = result.agreement.scores["ari"]
    facts = {
        "k": result.k,
        "ari": ari.value,
        "ari_ci": None if ari.value is None else [ari.low, ari.high],
        "p_value": result.agreement.p_value,
        "n_features": result.n_features,
    }
    _note(store, _attributions(image_set), result.config, facts)


def tried(store: Store, image_set: ImageSet) -> list[Row]:
    """All recorded results of a set, best ARI first, undefined last."""
    return _best_first(store, _attributions(image_set), "ari")


def record_membership(store: Store, development: ImageSet, test: ImageSet | None, result: Membership) -> None:
    """The same of a pair of sets."""
    distance, k, rule = result.chosen
    dev, last = result.dev.verdict, result.test.verdict if result.test else None
    facts = {
        "distance": distance,
        "k": k,
        "rule": rule,
        "dev_auc": dev.scores["auc"].value if dev else None,
        "dev_f1": dev.scores["f1"].value if dev else None,
        "test_auc": last.scores["auc"].value if last else None,
        "test_f1": last.scores["f1"].value if last else None,
        "outcome": result.outcome,
    }
    _note(store, _memberships(development, test), result.config, facts)


def tried_membership(store: Store, development: ImageSet, test: ImageSet | None) -> list[Row]:
    """All recorded results of a pair, best AUC on development first: test is not for choosing."""
    return _best_first(store, _memberships(development, test), "dev_auc")


def _note(
    store: Store, name: str, config: PipelineConfig | MembershipConfig, facts: Mapping[str, Any]
) -> None:
    row = key(config)
    if row not in (store.note(name) or {}):
        store.add_to_note(name, row, {"config": config.flat(), **facts})


def _best_first(store: Store, name: str, score: str) -> list[Row]:
    rows = (store.note(name) or {}).values()
    return sorted(rows, key=lambda row: (row[score] is None, -(row[score] or 0), str(row["config"])))


def _attributions(image_set: ImageSet) -> str:
    labels = sorted((file.sha256, file.label or "") for file in image_set.generated)
    return f"trail:{key(labels)}"


def _memberships(development: ImageSet, test: ImageSet | None) -> str:
    parts = [
        sorted((file.sha256, file.role, file.group or "") for file in part.files) if part else None
        for part in (development, test)
    ]
    return f"membership trail:{key(parts)}"
