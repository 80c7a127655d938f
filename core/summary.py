"""A result as plain JSON: what the command line prints, and what others build on."""

from typing import Any

from core.pipeline import Attribution
from core.scores import Score


def attribution(result: Attribution) -> dict[str, Any]:
    """Scores are null where they are undefined; ``undefined`` then says why."""
    agreement = result.agreement
    scores = {**agreement.scores, "silhouette": result.silhouette}
    return {
        **{name: _digits(score.value) for name, score in scores.items()},
        "ari_ci": _interval(agreement.scores["ari"]),
        "p_value": agreement.p_value,
        "k": result.k,
        "k_source": result.k_source,
        "n": len(result.files),
        "n_features": result.n_features,
        "n_features_raw": result.n_raw,
        "intervals": {name: _interval(score) for name, score in scores.items()},
        "chance": {name: _digits(score.chance) for name, score in agreement.scores.items()},
        "undefined": {name: score.undefined for name, score in scores.items() if score.undefined},
        "contingency": {"generators": list(agreement.generators), "table": agreement.table.tolist()},
        "silhouette_by_k": {str(k): _digits(value) for k, value in result.silhouette_by_k.items()},
        "config": result.config.flat(),
        "weights": result.config.feature.weights,
        "seconds": round(result.seconds, 4),
        "cached": result.cached,
        "stages": {
            name: {"cached": stage.cached, "seconds": round(stage.seconds, 4)}
            for name, stage in result.stages.items()
        },
        "notes": list(result.notes),
    }


def _digits(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _interval(score: Score) -> list[float] | None:
    return None if score.low is None or score.high is None else [round(score.low, 6), round(score.high, 6)]
