"""``membership`` and ``reconstruct``: membership inference attacks."""

import argparse

from core.cli import common
from core.cli.common import Args, Outcome
from core.clustering import methods
from core.config import AutoencoderSpec, MembershipConfig, ReconstructionConfig
from core.experiments import results_json, submission
from core.features import catalog
from core.images.library import Library
from core.membership import decision_rules, distances
from core.membership.cluster_distance import ClusterDistanceAttack, Membership
from core.membership.reconstruction.attack import OWN_RULE, Reconstruction, ReconstructionAttack
from core.numeric.statistics import format_p
from core.store import Store
from core.types import ImageSet


def membership_flags(sub: argparse.ArgumentParser) -> None:
    common.add_sets(sub)
    common.add_features(sub)
    common.add_crop(sub)
    sub.add_argument("--draws", type=int, default=3, help="number of random patches to average over")
    sub.add_argument("--cluster", default="hierarchical", choices=methods.METHODS)
    sub.add_argument("--linkage", default="ward", choices=list(methods.METRICS))
    sub.add_argument(
        "--distance",
        default="best",
        choices=[*distances.KINDS, "best"],
        help="minimum (min) or mean (avg) distance to the cluster centroids; best: selected on development",
    )
    sub.add_argument(
        "--k", default="sweep", help="number of clusters, or sweep: one of 30 values, selected on development"
    )
    sub.add_argument(
        "--rule",
        default="best",
        choices=[*decision_rules.general_rules(), "best"],
        help="how distances become used / not used; best: selected on development",
    )


def reconstruct_flags(sub: argparse.ArgumentParser) -> None:
    common.add_sets(sub)
    defaults = AutoencoderSpec()
    sub.add_argument(
        "--size", type=int, default=defaults.size, help="side length in pixels: 32, 64, 128 or 256"
    )
    sub.add_argument(
        "--bottleneck",
        type=int,
        default=defaults.bottleneck,
        metavar="B",
        help="dimensions of the bottleneck",
    )
    sub.add_argument("--epochs", type=int, default=defaults.epochs, metavar="N", help="maximum epochs")
    sub.add_argument("--precision", default="fp32", choices=catalog.PRECISIONS)
    sub.add_argument(
        "--decision", default="mse", choices=list(OWN_RULE), help="error measure for the decision"
    )
    sub.add_argument(
        "--rule",
        default="own",
        choices=["own", *decision_rules.general_rules(), "best"],
        help="how errors become used / not used; own: the paper's rule; best: selected on development",
    )


def membership(args: Args) -> Outcome:
    config = MembershipConfig(
        common.feature_spec(args),
        args.crop,
        args.cluster,
        args.linkage,
        args.distance,
        common.parse_k(args.k),
        args.rule,
        args.draws,
        args.seed,
    )
    library = Library()
    engine = ClusterDistanceAttack(Store(), library, common.effort(args), common.listener(args))
    sets = _sets(args, library)
    result = engine.run(*sets, config)
    common.record_answer(args, [each for each in sets if each], result)
    outcome = results_json.membership_json(result)
    chosen = outcome["chosen"]
    head = (
        f"{catalog.title(config.feature.backbone)}, crop {config.crop}; selected on the development set "
        f"out of {chosen['of']}: distance {chosen['distance']}, k = {chosen['k']}, rule {chosen['rule']}"
    )
    return _outcome(args, result, outcome, head)


def reconstruct(args: Args) -> Outcome:
    spec = AutoencoderSpec(args.size, args.bottleneck, args.epochs, args.precision, args.seed)
    config = ReconstructionConfig(spec, args.decision, args.rule)
    library = Library()
    engine = ReconstructionAttack(Store(), library, listener=common.listener(args))
    sets = _sets(args, library)
    result = engine.run(*sets, config)
    common.record_answer(args, [each for each in sets if each], result)
    outcome = results_json.reconstruction_json(result)
    head = (
        f"Autoencoder {spec.size} px, bottleneck {spec.bottleneck}; decision {args.decision}, rule "
        f"{result.chosen}"
    )
    return _outcome(args, result, outcome, head)


def _sets(args: Args, library: Library) -> tuple[ImageSet, ImageSet | None]:
    development = library.get(args.development)
    return development, common.test_set(args, library, development)


def _outcome(args: Args, result: Membership | Reconstruction, outcome: Outcome, head: str) -> Outcome:
    if args.predictions:
        common.write_text(args.predictions, submission.submission_text(result))
    paired = (
        [] if args.test or not result.test else [f"Test set: {result.test.name} (paired with this data set)."]
    )
    return {**outcome, "text": "\n".join([head, *paired, *_lines(outcome)])}


def _lines(facts: Outcome) -> list[str]:
    lines = []
    optimism = facts["dev"]["optimism"]
    development = f"development, cross-validated ({optimism})" if optimism else "development, cross-validated"
    for title, part in ((development, facts["dev"]), ("test", facts["test"])):
        if part and part.get("auc") is not None:
            low, high = part["intervals"]["auc"]
            lines.append(
                f"{title}: F1 {part['f1']:.3f} (always “used”: {part['baselines']['everything_used']:.3f}), "
                f"balanced accuracy {part['balanced_accuracy']:.3f}, AUC {part['auc']:.3f}, {low:.3f} to "
                f"{high:.3f}, p {format_p(part['p_value'])}"
            )
        elif part:
            lines.append(f"{title}: {part['predicted_used']} of {part['n']} predicted “used”")
    return [*lines, facts["sentence"], *facts["notes"]]
