"""A result as plain JSON: what the command line prints, and what others build on."""

from dataclasses import asdict
from typing import Any

from core.attribution.pipeline import Attribution
from core.membership.cluster_distance import Membership
from core.membership.evaluation import AttackResult, PartResult
from core.membership.reconstruction.attack import Reconstruction
from core.numeric.statistics import Score
from core.stages.number_of_groups import FoundGroups


def result_json(answer: Attribution | Membership | Reconstruction) -> dict[str, Any]:
    if isinstance(answer, Attribution):
        return attribution_json(answer)
    return membership_json(answer) if isinstance(answer, Membership) else reconstruction_json(answer)


def attribution_json(result: Attribution) -> dict[str, Any]:
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
        **({"n_distinct": agreement.n_distinct} if agreement.n_distinct < agreement.table.sum() else {}),
        **({"approximate": list(result.approximate)} if result.approximate else {}),
        "n_features": result.n_features,
        "n_features_raw": result.n_raw,
        "intervals": {name: _interval(score) for name, score in scores.items()},
        "chance": {name: _digits(score.chance) for name, score in agreement.scores.items()},
        "undefined": {name: score.undefined for name, score in scores.items() if score.undefined},
        "contingency": {"generators": list(agreement.generators), "table": agreement.table.tolist()},
        "silhouette_by_k": {str(k): _digits(value) for k, value in result.silhouette_by_k.items()},
        **({"groups_found": _groups(result.groups)} if result.groups else {}),
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


def _groups(found: FoundGroups) -> dict[str, Any]:
    """The number of groups, others that can't be ruled out, the splits, and how often a group came again."""
    return {
        "k": found.k,
        "possible": list(found.possible),
        "splits": [
            {
                name: _digits(value) if isinstance(value, float) else value
                for name, value in asdict(split).items()
            }
            for split in found.splits
        ],
        "stability": [_digits(float(value)) for value in found.stability.clusters],
        "walked": found.walked,
    }


def membership_json(result: Membership) -> dict[str, Any]:
    """Of the test part, or of development, cross-validated, where there is none; and both parts."""
    distance, k, rule = result.chosen
    chosen = {"distance": distance, "k": k, "rule": rule, "of": _tried(result)}
    return {**_judgement(result), "chosen": {**chosen, **_threshold(result)}, "config": result.config.flat()}


def reconstruction_json(result: Reconstruction) -> dict[str, Any]:
    """The same for reconstruction."""
    chosen = {"decision": result.config.decision, "rule": result.chosen, "of": _tried(result)}
    return {**_judgement(result), "chosen": {**chosen, **_threshold(result)}, "config": result.config.flat()}


def _tried(result: AttackResult) -> int:
    return int(result.development.balanced.size)


def _threshold(result: AttackResult) -> dict[str, float | None]:
    return {"threshold": _digits(result.development.choice.threshold)}


def _judgement(result: AttackResult) -> dict[str, Any]:
    dev = {
        **_judged(result.dev),
        "apparent_f1": _digits(result.development.apparent_f1),
        "optimism": result.optimism or None,
    }
    test = _judged(result.test) if result.test else None
    return {
        **(test or dev),
        "verdict": result.outcome,
        "sentence": result.sentence,
        "dev": dev,
        "test": test,
        "gap": _gap(dev, test),
        "seconds": round(result.seconds, 4),
        "cached": result.cached,
        "notes": list(result.notes),
    }


def _judged(part: PartResult) -> dict[str, Any]:
    facts: dict[str, Any] = {"set": part.name, "n": len(part.files), "lungless": part.lungless}
    facts["predicted_used"] = int(part.predicted.sum())
    facts["incomparable"] = part.incomparable or None
    facts["scored"] = int(part.known.sum())
    facts["copies"] = asdict(part.copies)
    if part.verdict is None:
        return facts
    verdict = part.verdict
    return {
        **facts,
        **{name: _digits(score.value) for name, score in verdict.scores.items()},
        "intervals": {name: _interval(score) for name, score in verdict.scores.items()},
        "chance": {name: _digits(score.chance) for name, score in verdict.scores.items()},
        "undefined": {name: score.undefined for name, score in verdict.scores.items() if score.undefined},
        "baselines": {name: _digits(value) for name, value in verdict.baselines.items()},
        "p_value": part.p_value,
        "reversed": _reversed(part),
        "n_used": verdict.n_used,
        "n_not_used": verdict.n_not_used,
        "groups": verdict.groups,
        "ungrouped": part.ungrouped,
    }


def _reversed(part: PartResult) -> dict[str, float | None] | None:
    """The smallest AUC, used images being farther, and the p-value of that direction."""
    found = part.reversal
    return None if found is None else {"auc": _digits(found.auc), "p_value": found.p_value}


def _gap(dev: dict[str, Any], test: dict[str, Any] | None) -> dict[str, float] | None:
    """Development less test."""
    if test is None or test.get("f1") is None or dev.get("f1") is None:
        return None
    return {name: round(dev[name] - test[name], 6) for name in ("f1", "balanced_accuracy", "auc")}


def _digits(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _interval(score: Score) -> list[float] | None:
    return None if score.low is None or score.high is None else [round(score.low, 6), round(score.high, 6)]
