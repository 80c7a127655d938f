"""``attribute``: which generator made each image?"""

import argparse
from dataclasses import asdict
from pathlib import Path

from core import engine
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
from core.experiments import results_json, run_log, submission
from core.features import catalog
from core.images.library import Library
from core.numeric.statistics import format_interval, format_p
from core.regions.crops import crop_spec
from core.store import Store
from core.wording import counted


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
    pipeline = Pipeline(store, library, effort(args), listener(args))
    result = pipeline.attribute(image_set, config)
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
    shares = pipeline.dimensions(image_set, config)
    outcome["dimensions"] = {name: round(value, 6) for name, value in asdict(shares).items()}
    outcome["tried"] = len(run_log.ranked_runs(engine.ATTRIBUTION, [image_set]))
    return {**outcome, "text": _attribution_text(outcome, shares.words)}


def _attribution_text(facts: Outcome, spread: str) -> str:
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
    lines.append(spread)
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
