"""The command line's verbs for training-data fingerprints: ``membership``, ``reconstruct``, ``segment``."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from core import cli, features, submission, summary
from core.cli import Args, Outcome
from core.errors import BadChoice, ImprintError, NothingToImport, UnreadableImage
from core.images.library import Library
from core.images.readers import SUFFIXES, read_grey
from core.images.sources import Source, open_source
from core.progress import Meter
from core.reconstructing import Reconstructing, Reconstruction
from core.regions.segmentation import Segmenter
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


# -- segment ------------------------------------------------------------------------------------------


@dataclass
class _Found:
    masks: int = 0
    empty: int = 0


def segment(args: Args) -> Outcome:
    """PNG masks, 0 or 255, with the images' names and sizes; what can't be read is reported."""
    refused: list[dict[str, str]] = []
    found = _Found()
    with open_source(args.path) as source:
        paths = [path for path in source.paths if path.lower().endswith(SUFFIXES)]
        if not paths:
            raise NothingToImport(f"No PNG, JPEG or TIFF image in {args.path}.")
        _write_masks(args, source, paths, found, refused)
    lines = [f"{found.masks} masks in {args.out}, {found.empty} of them empty: no lung was found there."]
    lines += [f"refused: {refusal['file']}: {refusal['reason']}" for refusal in refused]
    return {
        "out": str(args.out),
        "masks": found.masks,
        "empty": found.empty,
        "refused": refused,
        "text": "\n".join(lines),
    }


def _write_masks(
    args: Args, source: Source, paths: list[str], found: _Found, refused: list[dict[str, str]]
) -> None:
    taken: list[str] = []

    def images() -> Iterator[np.ndarray]:
        for path in paths:
            try:
                pixels = read_grey(source.read(path))
            except UnreadableImage as error:
                refused.append({"file": path, "reason": str(error)})
                continue
            taken.append(path)
            yield pixels

    meter = Meter("finding the lungs", len(paths), cli.listener(args))
    targets = _targets(paths)
    for index, mask in enumerate(Segmenter(cli.effort(args)).masks(images())):
        target = args.out / targets[taken[index]]
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(target, "PNG")
        except OSError as error:
            raise ImprintError(f"{target} can't be written: {error.strerror}.") from None
        found.masks += 1
        found.empty += not mask.any()
        meter.add(1)


def _targets(paths: list[str]) -> dict[str, Path]:
    """Where each mask goes, below the folder; a name of an archive never climbs out of it."""
    targets = {}
    for path in paths:
        parts = PurePosixPath(path).parts
        if PurePosixPath(path).is_absolute() or ".." in parts:
            raise BadChoice(f"'{path}' is no name inside a folder.")
        targets[path] = Path(*parts).with_suffix(".png")
    if len(set(targets.values())) < len(targets):
        twice = next(path for path, count in Counter(targets.values()).items() if count > 1)
        raise BadChoice(f"Two images would have the mask {twice}. Rename one of them.")
    return targets
