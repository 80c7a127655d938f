"""What the verbs of the command line do; each returns its JSON object, with ``text`` for people."""

import argparse
import csv
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core import engine, features, home, repairing, runs, submission, summary, trail
from core.errors import BadChoice, ImprintError
from core.features.handcrafted import DESCRIPTORS
from core.images import staging
from core.images.library import Library
from core.inference.runtime import Effort
from core.pipeline import Pipeline
from core.progress import Listener, Step, silent
from core.reconstruction import checkpoints
from core.regions.crops import crop_spec
from core.store import Store
from core.uncertainty import p_text
from core.values import ClusterSpec, FeatureSpec, ImageSet, K, PipelineConfig, ReduceSpec, Scalar

Args = argparse.Namespace
Outcome = dict[str, Any]


def demo(args: Args) -> Outcome:
    from demo.install import install  # the one thing outside core that core calls, and only by this verb

    library = Library()
    if args.if_empty and library.names():
        return {"added": [], "present": [], "seconds": 0.0, "text": "There are sets here already."}
    done = install(library)
    lines = [f"{name}: added" for name in done.added] + [f"{name}: here already" for name in done.present]
    return {**asdict(done), "text": "\n".join([*lines, f"{done.seconds:.1f} s"])}


def sets(args: Args) -> Outcome:
    facts = [describe(image_set) for image_set in Library().all()]
    lines = [f"{fact['name']}: {fact['n']} images, {counts(fact)}" for fact in facts]
    empty = "No set yet: python -m core import PATH --name NAME"
    return {"sets": facts, "text": "\n".join(lines) or empty}


def delete(args: Args) -> Outcome:
    Library().delete(args.name)
    return {"deleted": args.name, "text": f"{args.name} is deleted."}


def attribute(args: Args) -> Outcome:
    config = _config(args)
    library, store = Library(), Store()
    image_set = library.get(args.name)
    result = Pipeline(store, library, effort(args), listener(args)).attribute(image_set, config)
    noted(args, [image_set], result)
    if args.labels_out:
        rows = [
            (file.name, file.label or "", int(cluster))
            for file, cluster in zip(result.files, result.clusters, strict=True)
        ]
        write_csv(args.labels_out, ("file", "label", "cluster"), rows)
    if args.submission:
        write_text(args.submission, submission.of(result))
    outcome = {"set": image_set.name, **summary.attribution(result)}
    outcome["tried"] = len(trail.tried(engine.ATTRIBUTION, [image_set]))
    return {**outcome, "text": _attribution_text(outcome)}


def noted(args: Args, sets: Sequence[ImageSet], answer: engine.Answer) -> None:
    """In the log, and where it is asked for as a run file."""
    trail.record(sets, answer)
    if args.save_run:
        write_text(args.save_run, runs.of(sets, answer).text())


def _attribution_text(facts: Outcome) -> str:
    config = facts["config"]
    trained = "  (untrained weights)" if config["weights"] == features.UNTRAINED else ""
    lines = [
        f"{facts['set']}: {facts['n']} images, {features.title(config['backbone'])}{trained}, "
        f"{facts['n_features']} of {facts['n_features_raw']} features, k = {facts['k']} ({facts['k_source']})"
    ]
    if facts["ari"] is None:
        lines.append(f"ARI undefined: {facts['undefined']['ari']}")
    else:
        low, high = facts["ari_ci"]
        lines.append(
            f"ARI {facts['ari']:.3f}, 95% interval {low:.3f} to {high:.3f}, chance "
            f"{round(facts['chance']['ari'], 3) + 0:.3f}, p {p_text(facts['p_value'])}, "
            f"{facts['tried']} configurations tried"
        )
        others = ("nmi", "ami", "homogeneity", "completeness", "fowlkes_mallows", "accuracy")
        lines.append(", ".join(f"{name} {facts[name]:.3f}" for name in others))
    source = "from the cache" if facts["cached"] else "computed"
    lines.append(f"{facts['seconds']:.2f} s, embeddings {source}")
    return "\n".join(lines + facts["notes"])


def cache(args: Args) -> Outcome:
    if args.action == "repair":
        report = repairing.repair()
        return {**report.as_json(), "changed": report.changed, "text": "\n".join(report.lines())}
    store = Store()
    if args.action == "clear":
        freed = store.clear() + checkpoints.tidy(home.folder("training"), everything=True)
        return {"freed_bytes": freed, "text": f"{freed / 1e6:.1f} MB freed. Image sets are kept."}
    if args.action == "verify":
        found = asdict(store.verify())
        checkpoints.tidy(home.folder("training"))
        staging.tidy()
        text = f"{found['entries']} entries whole, {found['damaged']} damaged and set aside, "
        return {**found, "text": text + f"{found['leftovers']} leftovers removed."}
    stats = store.stats()
    lines = [f"{stats['folder']}: {stats['entries']} entries, {stats['bytes'] / 1e6:.1f} MB"]
    lines += [
        f"  {name:12} {s['entries']:6} {s['bytes'] / 1e6:9.1f} MB" for name, s in stats["stages"].items()
    ]
    return {**stats, "text": "\n".join(lines)}


def feature(args: Args) -> FeatureSpec:
    """The spec that the feature flags ask for."""
    options: dict[str, Scalar] = {}
    for name, row in DESCRIPTORS:
        for option in row.options:
            value = getattr(args, f"{name}:{option}")
            if value is not None and name != args.backbone:
                raise BadChoice(f"--{name.split('_')[0]}-{option} is an option of {row.title} only.")
            if value is not None:
                options[option] = value
    return features.spec(
        args.backbone,
        weights=args.weights,
        size=args.size,
        pooling=args.pooling,
        normalisation=args.normalisation,
        precision=args.precision,
        options=options,
    )


def _config(args: Args) -> PipelineConfig:
    cluster = ClusterSpec(args.cluster, args.linkage, args.metric, number(args.k), args.seed)
    crop = crop_spec(args.crop, args.seed)
    return PipelineConfig(feature(args), ReduceSpec(share(args.pca)), cluster, crop)


def number(text: str) -> K:
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text


def share(text: str) -> float | None:
    if text.lower() == "none":
        return None
    try:
        return float(text)
    except ValueError:
        raise BadChoice(f"--pca is a share of variance such as 0.95, or none; got '{text}'.") from None


def effort(args: Args) -> Effort:
    if args.batch < 1 or args.threads < 1:
        raise BadChoice("--batch and --threads are at least 1.")
    return Effort(args.batch, args.threads)


def describe(image_set: ImageSet) -> Outcome:
    return {
        "name": image_set.name,
        "layout": image_set.layout,
        "view": image_set.view,
        "n": len(image_set),
        "roles": image_set.counts("role"),
        "labels": image_set.counts("label"),
        "duplicates": [[file.name for file in group] for group in image_set.duplicates],
        "content": image_set.content,
    }


def counts(facts: Outcome) -> str:
    counts = facts["labels"] or facts["roles"]
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def listener(args: Args) -> Listener:
    """Progress on standard error, where a person looks at it."""
    if not sys.stderr.isatty():
        return silent

    def show(step: Step) -> None:
        left = "" if step.left is None else f", {step.left:.0f} s left"
        pace = f", {step.rate:.0f} a second{left}" if step.rate else ""
        end = "\n" if step.done == step.total else ""
        print(
            f"\r\033[K{step.stage}: {step.done} of {step.total}{pace}", end=end, file=sys.stderr, flush=True
        )

    return show


def write_text(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ImprintError(f"{path} can't be written: {error.strerror}.") from None


def write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    try:
        with open(path, "w", newline="", encoding="utf-8", errors="backslashreplace") as file:
            csv.writer(file).writerows([header, *rows])
    except OSError as error:
        raise ImprintError(f"{path} can't be written: {error.strerror}.") from None
