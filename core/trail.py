"""What was tried on a set, each configuration once: the best of many must be seen as such."""

from collections.abc import Mapping
from typing import Any

from core.hashing import key
from core.pipeline import Attribution
from core.store import Store
from core.values import ImageSet


def record(store: Store, image_set: ImageSet, result: Attribution) -> None:
    """Note a result under its set and its configuration; the same one again changes nothing."""
    ari = result.agreement.scores["ari"]
    name, row = _name(image_set), key(result.config)
    if row not in (store.note(name) or {}):
        facts = {
            "config": result.config.flat(),
            "k": result.k,
            "ari": ari.value,
            "ari_ci": None if ari.value is None else [ari.low, ari.high],
            "p_value": result.agreement.p_value,
            "n_features": result.n_features,
        }
        store.add_to_note(name, row, facts)


def tried(store: Store, image_set: ImageSet) -> list[Mapping[str, Any]]:
    """All recorded results of a set, best ARI first, undefined last."""
    rows = (store.note(_name(image_set)) or {}).values()
    return sorted(rows, key=lambda row: (row["ari"] is None, -(row["ari"] or 0), str(row["config"])))  # type: ignore[operator]


def _name(image_set: ImageSet) -> str:
    labels = sorted((file.sha256, file.label or "") for file in image_set.generated)
    return f"trail:{key(labels)}"
