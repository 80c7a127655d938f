"""The report of a membership inference attack: cluster distance or reconstruction."""

from collections.abc import Sequence

import numpy as np

from core.engine import Engine
from core.membership import evidence
from core.membership.cluster_distance import Membership
from core.membership.evaluation import AttackResult, PartResult
from core.membership.reconstruction.attack import Reconstruction
from core.numeric.statistics import Score
from core.types import ImageSet
from pages.ui import theme
from pages.ui.membership import cards, charts, reconstruction, slices, tabs
from pages.ui.report import parts, text
from pages.ui.theme import PALETTE, ROLES, digits
from pages.ui.widgets import gallery

SUSPECTS = 6
NEIGHBOURS = 5


def body(engine: Engine, sets: Sequence[ImageSet], answer: Membership | Reconstruction) -> str:
    count = text.count_evaluated(sets, answer)
    names = ("Data: development", "Data: test") if len(sets) > 1 else ("Data: development",)
    pictures = _regions if isinstance(answer, Membership) else _errors
    return "".join(
        [
            parts.words(answer.sentence, kind="answer"),
            _cards(answer),
            *(
                parts.section(name, parts.facts(text.data(each)))
                for name, each in zip(names, sets, strict=True)
            ),
            parts.section("Method", parts.facts(text.method(answer))),
            _scores(answer, count),
            pictures(engine, sets, answer),
            _roc(answer),
            _evidence(engine, sets, answer),
            parts.section("Limits", parts.listed(text.membership_limits(sets, answer, count))),
        ]
    )


def _cards(answer: AttackResult) -> str:
    part = tabs.part_of(answer)
    reported = answer.reported
    baseline = tabs.everything_used(answer)
    used, n = int(reported.predicted.sum()), len(reported.files)
    shown = [
        _card("F1 on test", answer.test, "f1"),
        _card(_on_development(answer), answer.dev, "f1"),
        ("Baseline F1", "–" if baseline is None else digits(baseline), "always predict “used”"),
        _card(f"AUC on {part}", reported, "auc"),
        ("Predicted “used”", f"{100 * used / n:.0f}%", f"{used} of {n}"),
    ]
    return parts.cards(*shown)


def _on_development(answer: AttackResult) -> str:
    return f"F1 on development ({answer.optimism})" if answer.optimism else "F1 on development"


def _card(label: str, part: PartResult | None, name: str) -> tuple[str, str, str]:
    if part is None or part.verdict is None:
        return label, "–", "no test set" if part is None else "unlabelled"
    score = part.verdict.scores[name]
    return label, _value(score), theme.spread(score)


def _value(score: Score) -> str:
    return "undefined" if score.value is None else digits(score.value, score.low, score.high)


def _scores(answer: Membership | Reconstruction, count: int) -> str:
    said = (
        cards.list_remarks(answer, count)
        if isinstance(answer, Membership)
        else reconstruction.list_remarks(answer)
    )
    return parts.section(
        "Scores",
        parts.table(tabs.score_rows(answer)),
        parts.words(tabs.score_words(answer), _p(answer), kind="note"),
        parts.table(_baselines(answer)),
        parts.words(*said),
    )


def _p(answer: AttackResult) -> str:
    p = answer.reported.p_value
    if p is None:
        return ""
    corrected = "" if answer.test else " Corrected for selecting distance, k and rule."
    return (
        f"AUC on {tabs.part_of(answer)}: {theme.p_value(p)}, labels permuted between patient "
        f"groups.{corrected}"
    )


def _baselines(answer: AttackResult) -> list[parts.Row]:
    """F1 beside baselines that use no image."""
    rows = []
    development = f"development ({answer.optimism})" if answer.optimism else "development"
    for name, part in (("test", answer.test), (development, answer.dev)):
        if part is None or part.verdict is None:
            continue
        of = part.verdict.baselines
        rows.append(
            {
                "F1 on": name,
                "this attack": theme.number(part.verdict.scores["f1"].value),
                "always “used”": theme.number(of["everything_used"]),
                "random at the same rate": theme.number(of["random_at_rate"]),
                "slices": f"{part.verdict.n_used} used, {part.verdict.n_not_used} not used",
                "patient groups": part.verdict.groups,
            }
        )
    return rows


# -- pictures -------------------------------------------------------------------------------------------


def _regions(engine: Engine, sets: Sequence[ImageSet], answer: Membership) -> str:
    distance, k, rule = answer.chosen
    part, reported = tabs.part_of(answer), answer.reported
    test = sets[1] if len(sets) > 1 else None
    over = engine.cluster_distance.over_k(sets[0], test, answer.config, rule)
    curve = charts.f1_over_k(over, part, (distance, k), tabs.everything_used(answer))
    roles = [gallery.role(file) for file in reported.files]
    axis = f"{charts.DISTANCE_WORDS[distance]} distance to {k} centroids (feature units)"
    histogram = charts.histogram(reported.distance, roles, answer.development.choice.threshold, axis)
    left_out = int((~np.isfinite(reported.distance)).sum())
    return parts.section(
        "F1 by k, and distances",
        parts.plot(
            curve,
            f"F1 on {part} by number of clusters, for minimum and mean distance",
            "Grey band: 95% range of F1 under permuted labels. Circle: selected k. Thin lines: development "
            "set.",
        ),
        parts.plot(
            histogram,
            "Histogram of distances of used and not used images",
            "If the generator leaks training data, the “used” slices have smaller distances (further left). "
            + (slices.excluded_words(left_out) if left_out else ""),
        ),
    )


def _errors(engine: Engine, sets: Sequence[ImageSet], answer: Reconstruction) -> str:
    history = engine.reconstruction.history(sets[-1], answer.config)
    trained = [
        parts.plot(
            reconstruction.loss(history),
            "Training and validation error by epoch",
            f"Autoencoder of {sets[-1].name}. {reconstruction.LOSS_CAPTION}",
        )
    ]
    return parts.section(
        "Errors and training",
        parts.plot(
            reconstruction.errors(answer),
            "Histogram of reconstruction errors by role",
            reconstruction.ERRORS_CAPTION,
        ),
        *(trained if history else []),
    )


def _roc(answer: AttackResult) -> str:
    curves, n = tabs.roc_curves(answer)
    if not curves:
        return parts.section("ROC", parts.words(tabs.NO_ROC))
    plots = [
        parts.plot(
            charts.roc(curves, 1 / n, logarithmic),
            f"ROC curve, {'logarithmic' if logarithmic else 'linear'} axes",
            width=parts.HALF,
        )
        for logarithmic in (False, True)
    ]
    return parts.section("ROC", parts.beside(*plots), parts.words(tabs.roc_words(n), kind="note"))


# -- evidence -------------------------------------------------------------------------------------------


def _evidence(engine: Engine, sets: Sequence[ImageSet], answer: Membership | Reconstruction) -> str:
    part = answer.reported
    order = np.argsort(part.distance, kind="stable")
    suspects = order[np.isfinite(part.distance[order])][:SUSPECTS].tolist()
    if not suspects:
        return parts.section("Evidence", parts.words("No slice has a distance."))
    if isinstance(answer, Membership):
        by, how = (
            "distance",
            ("each followed by its nearest generated images. A copy is visible here, side by side"),
        )
        rows = [_neighbours(engine, sets[-1], answer, place) for place in suspects]
    else:
        by = "error" if answer.config.decision == "mse" else "difference"
        how = "input, reconstruction, and squared-error map"
        rows = _reconstructions(engine, sets, answer, suspects)
    said = (
        f"The {len(suspects)} most suspicious slices of {part.name}, sorted by {by}: {how}. "
        "Similarity alone is not proof."
    )
    return parts.section("Evidence", parts.words(said) + rows[0], *rows[1:])


def _neighbours(engine: Engine, image_set: ImageSet, answer: Membership, place: int) -> str:
    """A slice beside the generated images nearest to it."""
    part, library = answer.reported, engine.library
    file, k = part.files[place], answer.chosen[1]
    found = evidence.gather_evidence(
        engine.cluster_distance.embedder, image_set, answer.config, k, file, NEIGHBOURS
    )
    role, predicted = gallery.role(file), "used" if part.predicted[place] else "not used"
    captions = [file.name, f"ground truth: {role}", f"predicted: {predicted}"]
    slice_ = gallery.figure(library.pixels(file.sha256), captions, ROLES[role], f"{file.name}, {role}")
    nearest = [slices.neighbour(each, library.pixels(each.file.sha256)) for each in found.neighbours]
    note = parts.words(slices.describe_evidence(found, part, place), kind="note")
    return parts.kept(parts.gallery([slice_, *nearest]), note)


def _reconstructions(
    engine: Engine, sets: Sequence[ImageSet], answer: Reconstruction, suspects: Sequence[int]
) -> list[str]:
    """Slices, a generated image, and the centroids."""
    part, image_set = answer.reported, sets[-1]
    looks = engine.reconstruction.inspect(image_set, [part.files[place] for place in suspects], answer.config)
    rows = []
    for row, place in enumerate(suspects):
        tiles = reconstruction.tiles(looks, row, ROLES[gallery.role(part.files[place])])
        rows.append(_row(tiles, reconstruction.of_slice(part, place, float(looks.errors[row].mean()))))
    made = engine.reconstruction.inspect(image_set, image_set.generated[:1], answer.config)
    pair = engine.reconstruction.centroids(sets[0], answer.config)
    note = "A generated image: input, reconstruction, and squared-error map."
    return [
        *rows,
        _row(reconstruction.tiles(made, 0, PALETTE[2]), note),
        parts.heading("Centroids"),
        _row(reconstruction.centroids(pair), reconstruction.CENTROIDS_CAPTION),
    ]


def _row(tiles: Sequence[str], note: str) -> str:
    return parts.kept(parts.gallery(tiles, large=True), parts.words(note, kind="note"))
