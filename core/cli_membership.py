"""The command line's verbs for training-data fingerprints: ``membership`` and ``reconstruct``."""

from core import cli, features, submission, summary
from core.cli import Args, Outcome
from core.images.library import Library
from core.reconstructing import Reconstructing, Reconstruction
from core.store import Store
from core.training_data import Membership, TrainingData
from core.uncertainty import p_text
from core.values import AutoencoderSpec, ImageSet, MembershipConfig, ReconstructionConfig


def membership(args: Args) -> Outcome:
    config = MembershipConfig(
        cli.feature(args),
        args.crop,
        args.cluster,
        args.linkage,
        args.distance,
        cli.number(args.k),
        args.rule,
        args.draws,
        args.seed,
    )
    library = Library()
    engine = TrainingData(Store(), library, cli.effort(args), cli.listener(args))
    sets = _sets(args, library)
    result = engine.membership(*sets, config)
    cli.noted(args, [each for each in sets if each], result)
    outcome = summary.membership(result)
    chosen = outcome["chosen"]
    head = (
        f"{features.title(config.feature.backbone)}, crop {config.crop}; of {chosen['of']} choices "
        f"development took distance {chosen['distance']}, k = {chosen['k']}, rule {chosen['rule']}"
    )
    return _told(args, result, outcome, head)


def reconstruct(args: Args) -> Outcome:
    spec = AutoencoderSpec(args.size, args.bottleneck, args.epochs, args.precision, args.seed)
    config = ReconstructionConfig(spec, args.decision, args.rule)
    library = Library()
    engine = Reconstructing(Store(), library, cli.listener(args))
    sets = _sets(args, library)
    result = engine.judge(*sets, config)
    cli.noted(args, [each for each in sets if each], result)
    outcome = summary.reconstruction(result)
    head = f"Autoencoder of {spec.size} px, bottleneck {spec.bottleneck}; by {args.decision}, {result.chosen}"
    return _told(args, result, outcome, head)


def _sets(args: Args, library: Library) -> tuple[ImageSet, ImageSet | None]:
    return library.get(args.development), library.get(args.test) if args.test else None


def _told(args: Args, result: Membership | Reconstruction, outcome: Outcome, head: str) -> Outcome:
    if args.predictions:
        cli.write_text(args.predictions, submission.of(result))
    return {**outcome, "text": "\n".join([head, *_lines(outcome)])}


def _lines(facts: Outcome) -> list[str]:
    lines = []
    for title, part in (("development, cross-validated", facts["dev"]), ("test", facts["test"])):
        if part and part.get("auc") is not None:
            low, high = part["intervals"]["auc"]
            lines.append(
                f"{title}: F1 {part['f1']:.3f} (everything used {part['baselines']['everything_used']:.3f}), "
                f"balanced accuracy {part['balanced_accuracy']:.3f}, AUC {part['auc']:.3f}, {low:.3f} to "
                f"{high:.3f}, p {p_text(part['p_value'])}"
            )
        elif part:
            lines.append(f"{title}: {part['predicted_used']} of {part['n']} called used")
    return [*lines, facts["sentence"], *facts["notes"]]
