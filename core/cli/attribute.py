"""``attribute``: which generator made each image?"""

import argparse
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
        help="number of clusters; known: one per labelled generator; auto: selected by silhouette",
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
    config = _config(args)
    library, store = Library(), Store()
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
    source = "from the cache" if facts["cached"] else "computed"
    lines.append(f"{facts['seconds']:.2f} s, embeddings {source}")
    return "\n".join(lines + facts["notes"])


def _config(args: Args) -> PipelineConfig:
    cluster = ClusterSpec(args.cluster, args.linkage, args.metric, parse_k(args.k), args.seed)
    crop = crop_spec(args.crop, args.seed)
    return PipelineConfig(feature_spec(args), ReduceSpec(parse_variance(args.pca)), cluster, crop)
