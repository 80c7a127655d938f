"""Shared by several verbs: flags and their meaning, progress, and written files.

A verb is a function from the parsed arguments to its JSON object, plus ``text`` for people.
"""

import argparse
import csv
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core import engine
from core.config import FeatureSpec, K, Scalar
from core.errors import BadChoice, ImprintError
from core.experiments import run_file, run_log
from core.features import catalog
from core.features.descriptors import DESCRIPTORS
from core.features.pretrained.backbones import NETWORKS, NORMALISATIONS
from core.images.formats import windowing
from core.images.formats.windowing import View
from core.images.library import Library
from core.inference.runtime import Effort
from core.numeric.parallel import usable_cores
from core.progress import Listener, Step, silent
from core.regions.crops import CROPS
from core.types import ImageSet

Args = argparse.Namespace
Outcome = dict[str, Any]


def add_sets(sub: argparse.ArgumentParser) -> None:
    """The development set, the test set, and the output files of an attack."""
    sub.add_argument("development", help="data set on which distance, k and decision rule are selected")
    add_test(sub)
    sub.add_argument("--seed", type=int, default=0, help="random seed")
    add_save_run(sub)
    sub.add_argument(
        "--predictions", type=Path, metavar="CSV", help="write a submission file: identifier,1 if used"
    )


def add_test(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--test",
        metavar="SET",
        help="data set on which the result is reported (default: the paired test set, if there is one)",
    )
    sub.add_argument(
        "--no-test",
        action="store_true",
        help="report on the development set even if it has a paired test set",
    )


def add_save_run(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--save-run", type=Path, metavar="JSON", help="write a run file, which the verb run reproduces"
    )


def add_crop(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--crop", default="full", choices=CROPS.names(), help="region of the image to analyse")


def add_features(sub: argparse.ArgumentParser) -> None:
    """The backbone and its options; ``feature_spec`` reads these flags."""
    sub.add_argument("--backbone", default=catalog.DEFAULT, metavar="B", help=", ".join(catalog.names()))
    sub.add_argument("--weights", default="imagenet", help="imagenet or untrained")
    sub.add_argument("--size", type=int, help="side length in pixels to which images are resized")
    sub.add_argument(
        "--pooling",
        help="mean or flatten; map, mean or statistics at a --layer; of an own network, as its output allows",
    )
    sub.add_argument(
        "--layer", metavar="L", help="take a network's features before its last layer: " + _layers()
    )
    sub.add_argument("--normalisation", help=", ".join(NORMALISATIONS))
    sub.add_argument("--precision", default="fp32", choices=catalog.PRECISIONS)
    for name, row in DESCRIPTORS:
        for option, setting in row.options.items():
            flag = f"--{name.split('_')[0]}-{option}"
            if setting.choices:
                sub.add_argument(flag, choices=setting.choices, dest=f"{name}:{option}")
            else:
                sub.add_argument(flag, type=int, metavar="N", dest=f"{name}:{option}")
    add_effort(sub)


def _layers() -> str:
    return "; ".join(f"{name}: {', '.join(row.layers)}" for name, row in NETWORKS)


def add_effort(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--batch", type=int, default=16, help="images per batch (does not affect results)")
    sub.add_argument(
        "--threads", type=int, default=usable_cores(), help="CPU threads (does not affect results)"
    )


def add_view(sub: argparse.ArgumentParser) -> None:
    """How scans are converted to grey images; ``view`` reads these flags."""
    shown = ", ".join(f"{name} ({window})" for name, window in windowing.PRESETS.items())
    sub.add_argument(
        "--window", metavar="W", help=f"display window for scans: {shown}, or --window=centre/width in HU"
    )
    sub.add_argument(
        "--axis", default="axial", choices=windowing.AXES, help="axis along which volumes are cut"
    )
    sub.add_argument(
        "--slope",
        type=float,
        metavar="S",
        help="value x S + I is HU, in place of the file's own rescaling, for files of more than 8 bits",
    )
    sub.add_argument("--intercept", type=float, metavar="I", help="see --slope")
    sub.add_argument(
        "--captures", action="store_true", help="import DICOM scouts, dose pages and screen captures as well"
    )


def test_set(args: Args, library: Library, development: ImageSet) -> ImageSet | None:
    """The data set that ``--test`` names, or else the test set paired with the development set."""
    if args.test:
        return library.get(args.test)
    return None if args.no_test else library.pair_of(development)


def record_answer(args: Args, sets: Sequence[ImageSet], answer: engine.Answer) -> None:
    """Record a result in the run log, and as a run file if ``--save-run`` is given."""
    run_log.record(sets, answer)
    if args.save_run:
        write_text(args.save_run, run_file.make_run(sets, answer).text())


def feature_spec(args: Args) -> FeatureSpec:
    """The feature spec from the flags. Raises BadChoice."""
    options: dict[str, Scalar] = {}
    for name, row in DESCRIPTORS:
        for option in row.options:
            value = getattr(args, f"{name}:{option}")
            if value is not None and name != args.backbone:
                raise BadChoice(f"--{name.split('_')[0]}-{option} is an option of {row.title} only.")
            if value is not None:
                options[option] = value
    if args.layer is not None:
        options["layer"] = args.layer
    return catalog.spec(
        args.backbone,
        weights=args.weights,
        size=args.size,
        pooling=args.pooling,
        normalisation=args.normalisation,
        precision=args.precision,
        options=options,
    )


def parse_k(text: str) -> K:
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text


def parse_variance(text: str) -> float | None:
    if text.lower() == "none":
        return None
    try:
        return float(text)
    except ValueError:
        raise BadChoice(f"--pca must be a share of variance such as 0.95, or none; got '{text}'.") from None


def view(args: Args) -> View:
    """How scans are converted to grey images. Raises BadChoice."""
    window = windowing.window(args.window) if args.window else None
    return View(window, args.axis, args.slope, args.intercept, args.captures)


def effort(args: Args) -> Effort:
    if args.batch < 1 or args.threads < 1:
        raise BadChoice("--batch and --threads must be at least 1.")
    return Effort(args.batch, args.threads)


def listener(args: Args) -> Listener:
    """Show progress on standard error if it is a terminal."""
    if not sys.stderr.isatty():
        return silent

    def show(step: Step) -> None:
        left = "" if step.left is None else f", {step.left:.0f} s left"
        pace = f", {step.rate:.0f} per second{left}" if step.rate else ""
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
