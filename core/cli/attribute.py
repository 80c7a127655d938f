"""``attribute`` and ``identify``: the generator of each image, among unknown ones and among known ones."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from core import engine
from core.attribution.identification import Identification, Identified, Known
from core.attribution.pipeline import Pipeline
from core.cli import common
from core.cli.common import (
    Args,
    Outcome,
    effort,
    feature_spec,
    listener,
    parse_k,
    parse_variance,
    record_answer,
    write_csv,
    write_text,
)
from core.clustering import methods
from core.config import ClusterSpec, PipelineConfig, ReduceSpec
from core.errors import BadChoice, NothingToImport, UnreadableImage
from core.experiments import results_json, run_log, submission
from core.extraction.embedder import Embedder
from core.features import catalog
from core.images.formats.raster import KINDS
from core.images.importing.decoder import Decoder
from core.images.importing.importer import fetched
from core.images.library import Library
from core.images.sources.file_kinds import images_of
from core.images.sources.opening import open_source
from core.numeric.statistics import format_interval, format_p
from core.regions.crops import crop_spec
from core.store import Store
from core.wording import counted

MOST = 10_000  # images of a path, which are in memory; of a data set there may be more


def attribute_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("name", help="name of the data set")
    common.add_features(sub)
    common.add_crop(sub)
    sub.add_argument("--pca", default="none", help="share of variance to keep, 0.5 to 0.999, or none")
    sub.add_argument("--cluster", default="hierarchical", choices=methods.METHODS)
    sub.add_argument("--linkage", default="ward", choices=list(methods.METRICS))
    sub.add_argument("--metric", default="euclidean", choices=["euclidean", "cosine"])
    sub.add_argument(
        "--k",
        default="known",
        help="number of clusters; known: one per labelled generator; auto: found by splits that stand; "
        "silhouette: of the largest mean silhouette",
    )
    sub.add_argument(
        "--real",
        metavar="SET",
        help="whiten the features by the real images of this data set, which takes the anatomy out",
    )
    sub.add_argument("--seed", type=int, default=0, help="random seed")
    common.add_save_run(sub)
    sub.add_argument(
        "--labels-out", type=Path, metavar="CSV", help="write file, label and cluster of every image"
    )
    sub.add_argument(
        "--submission", type=Path, metavar="CSV", help="write a submission file: identifier,cluster"
    )


def attribute(args: Args) -> Outcome:
    library, store = Library(), Store()
    config = _config(args, library)
    image_set = library.get(args.name)
    result = Pipeline(store, library, effort(args), listener(args)).attribute(image_set, config)
    record_answer(args, [image_set], result)
    if args.labels_out:
        rows = [
            (file.name, file.label or "", int(cluster))
            for file, cluster in zip(result.files, result.clusters, strict=True)
        ]
        write_csv(args.labels_out, ("file", "label", "cluster"), rows)
    if args.submission:
        write_text(args.submission, submission.submission_text(result))
    outcome = {"set": image_set.name, **results_json.attribution_json(result)}
    outcome["tried"] = len(run_log.ranked_runs(engine.ATTRIBUTION, [image_set]))
    return {**outcome, "text": _attribution_text(outcome)}


def _attribution_text(facts: Outcome) -> str:
    config = facts["config"]
    trained = "  (untrained weights)" if config["weights"] == catalog.UNTRAINED else ""
    lines = [
        f"{facts['set']}: {counted(facts['n'], 'image')}, {catalog.title(config['backbone'])}{trained}, "
        f"{facts['n_features']} of {facts['n_features_raw']} features, k = {facts['k']} ({facts['k_source']})"
    ]
    if facts["ari"] is None:
        lines.append(f"ARI undefined: {facts['undefined']['ari']}")
    else:
        lines.append(
            f"ARI {facts['ari']:.3f}, 95% interval {format_interval(*facts['ari_ci'])}, expected by chance "
            f"{round(facts['chance']['ari'], 3) + 0:.3f}, p {format_p(facts['p_value'])}, "
            f"{counted(facts['tried'], 'configuration')} evaluated"
        )
        others = ("nmi", "ami", "homogeneity", "completeness", "fowlkes_mallows", "accuracy")
        lines.append(", ".join(f"{name} {facts[name]:.3f}" for name in others))
    if found := facts.get("groups_found"):
        lines += _groups_lines(found)
    source = "from the cache" if facts["cached"] else "computed"
    lines.append(f"{facts['seconds']:.2f} s, embeddings {source}")
    return "\n".join(lines + facts["notes"])


def _groups_lines(found: Outcome) -> list[str]:
    possible = found["possible"]
    others = f"; {', '.join(map(str, possible))} can't be ruled out" if possible else ""
    lines = [f"{counted(found['k'], 'group')} found{others}"]
    for split in found["splits"]:
        left, right = split["sizes"]
        stands = "stands" if split["stands"] else "does not stand"
        lines.append(
            f"  {'  ' * split['depth']}{left:,} | {right:,}: {stands}, {split['separation']:.1f} standard "
            f"deviations apart, in {split['support']:.0%} of random parts"
        )
    return lines


def _config(args: Args, library: Library) -> PipelineConfig:
    cluster = ClusterSpec(args.cluster, args.linkage, args.metric, parse_k(args.k), args.seed)
    crop = crop_spec(args.crop, args.seed)
    whiten = library.get(args.real).real_content if args.real else ""
    return PipelineConfig(feature_spec(args), ReduceSpec(parse_variance(args.pca)), cluster, crop, whiten)


def identify_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("images", help="folder, zip file, or data set with the images in question")
    sub.add_argument("--known", required=True, metavar="SET", help="data set with labelled generators")
    sub.add_argument(
        "--level",
        type=float,
        default=0.9,
        help="how often the true generator is in the answer (default: 0.9)",
    )
    common.add_features(sub)
    common.add_view(sub)


def identify(args: Args) -> Outcome:
    library = Library()
    embedder = Embedder(Store(), library, common.effort(args), common.listener(args))
    known = Known(embedder, library.get(args.known), common.feature_spec(args))
    refused: list[dict[str, str]] = []
    if args.images in library.names():
        found = known.identify_set(library.get(args.images), args.level)
    else:
        names, images = _read(args, refused)
        found = known.identify_pixels(names, images, args.level)
    return {
        "known": found.known,
        "generators": list(found.generators),
        "level": found.level,
        "images": [_as_json(each) for each in found.images],
        "counts": _counts(found),
        "covered": round(found.covered, 6),
        "mean_size": round(found.size, 6),
        "accuracy_on_known": round(found.right, 6),
        "refused": refused,
        "notes": list(found.notes),
        "text": "\n".join(_lines(found, refused)),
    }


def _read(args: Args, refused: list[dict[str, str]]) -> tuple[list[str], list[np.ndarray]]:
    """Names and pixels of all images of a path. Raises BadChoice, NothingToImport."""
    path = Path(args.images)
    if not path.exists():
        raise BadChoice(f"There is no data set and no file '{args.images}'.")
    names: list[str] = []
    images: list[np.ndarray] = []
    coming: list[np.ndarray] = []
    with open_source(path) as source, Decoder(common.view(args)) as decoder:
        refused += [{"file": name, "reason": reason} for name, reason in source.refused]
        paths = images_of(source)
        if not paths:
            raise NothingToImport(f"No {KINDS} image in {path}.")
        for name, event in decoder.decode(fetched(source, "", paths)):
            if isinstance(event, np.ndarray):
                coming.append(event)
                continue
            if isinstance(event, UnreadableImage):
                refused.append({"file": name, "reason": str(event)})
            else:
                several = len(coming) > 1
                names += [f"{name} {number}" if several else name for number in range(1, len(coming) + 1)]
                images += coming
            coming.clear()
            if len(images) > MOST:
                raise BadChoice(f"More than {MOST:,} images. Import them as a data set, and name that.")
    if not images:
        raise BadChoice(f"None of the {counted(len(refused), 'file')} can be read: {refused[0]['reason']}")
    return names, images


def _as_json(image: Identified) -> dict[str, Any]:
    return {
        "name": image.name,
        "generator": image.generator if image.possible else None,
        "set": list(image.possible),
        "nearest_generator": image.generator,
        "p_values": {name: round(value, 6) for name, value in image.p_values.items()},
        "score": round(image.score, 6),
        "nearest": {name: [file.name for file in files] for name, files in image.nearest.items()},
        "warning": image.warning or None,
    }


def _counts(found: Identification) -> dict[str, int]:
    """Of images by answer."""
    counts: dict[str, int] = {}
    for image in found.images:
        words = _words(image)
        counts[words] = counts.get(words, 0) + 1
    return counts


def _words(image: Identified) -> str:
    return " or ".join(image.possible) or "none of these"


def _lines(found: Identification, refused: list[dict[str, str]]) -> list[str]:
    each = [
        f"  {image.name}: {_words(image)}" + (f" ({image.warning})" if image.warning else "")
        for image in found.images
    ]
    summary = ", ".join(f"{count:,} {words}" for words, count in _counts(found).items())
    return [
        f"{counted(len(found.images), 'image')} against {found.known}: {summary}",
        f"At level {found.level:g}, {found.covered:.1%} of the known images have their own generator in "
        "their "
        f"answer, which names {found.size:.2f} generators on average.",
        *each,
        *(f"rejected: {each['file']}: {each['reason']}" for each in refused),
        *found.notes,
    ]
