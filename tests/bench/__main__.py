"""``python -m tests.bench``: every part below, in one run; ratios first; CUDA is a contestant where it is.

Writes bench.json into the working directory. Weights are untrained, since speed does not depend on them.
``--only toggle extraction`` runs some parts; what takes long says so.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from core.features.pretrained.backbones import NETWORKS, TORCHVISION
from core.images.library import Library
from tests.bench import crowd, grouping, interaction, intervals, report, sweep, toggle
from tests.bench.report import Part

OUT = Path("bench.json")
LIGHT = 1.0  # billions of multiply-adds, below which a network takes four times as many images


def _toggle(arguments: argparse.Namespace) -> Part:
    found = toggle.measure(arguments.rounds)
    return Part(report.toggles(found), {step: taken.as_json() for step, taken in found.items()})


def _interaction(arguments: argparse.Namespace) -> Part:
    found, starts = interaction.measure(arguments.toggles, arguments.large)
    facts = {"toggles": [each.as_json() for each in found], "cold_start_seconds": starts}
    return Part(interaction.text(found, starts), facts)


def _crowd(arguments: argparse.Namespace) -> Part:
    found = crowd.measure()
    return Part(str(found), found.as_json())


def _membership(arguments: argparse.Namespace) -> Part:
    found = sweep.measure()
    return Part(sweep.text(found), found.as_json())


def _grouping(arguments: argparse.Namespace) -> Part:
    found = grouping.measure(arguments.rounds)
    return Part("\n".join(grouping.markdown(found)), found)


def _intervals(_: argparse.Namespace) -> Part:
    found = intervals.measure()
    return Part("\n".join(intervals.markdown(found)), {"populations": found})


def _workload(_: argparse.Namespace) -> Part:
    from tests.bench import workload

    found = workload.measure()
    return Part("\n".join(workload.markdown(found)), found)


def _extraction(arguments: argparse.Namespace) -> Part:
    from tests.bench import extraction  # torch: kept out of what comes before, as pages keep it out

    results = []
    with tempfile.TemporaryDirectory(prefix="imprint-bench-") as folder:
        ids = extraction.synthetic(Library(Path(folder)), 4 * arguments.images)
        for backbone in arguments.backbones:
            light = NETWORKS.get(backbone).gmacs < LIGHT
            chosen = ids if light else ids[: arguments.images]
            _say(f"  {backbone}, {len(chosen)} images")
            results.append(extraction.measure(backbone, Path(folder), chosen, arguments.rounds))
    return Part(report.extraction(results), {result.backbone: result.as_json() for result in results})


def _segmentation(arguments: argparse.Namespace) -> Part:
    from tests.bench import extraction, segmentation

    with tempfile.TemporaryDirectory(prefix="imprint-bench-") as folder:
        ids = extraction.synthetic(Library(Path(folder)), 4 * arguments.images)
        found = segmentation.measure(Path(folder), ids, arguments.rounds)
    return Part(str(found), found.as_json())


def _autoencoder(arguments: argparse.Namespace) -> Part:
    from tests.bench import autoencoder

    found = autoencoder.measure(1000, max(2, arguments.rounds))
    return Part(autoencoder.text(found), found.as_json())


PARTS: Mapping[str, Callable[[argparse.Namespace], Part]] = {
    "toggle": _toggle,
    "interaction": _interaction,  # five minutes
    "crowd": _crowd,  # two minutes
    "membership": _membership,
    "grouping": _grouping,  # twenty minutes, most of them at 30,000 images
    "extraction": _extraction,  # a minute a network
    "segmentation": _segmentation,
    "autoencoder": _autoencoder,
    "intervals": _intervals,  # ten minutes
    "workload": _workload,  # a quarter of an hour
}


def _arguments() -> argparse.Namespace:
    known = [name for name, row in NETWORKS if row.url and row.url.startswith(TORCHVISION)]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--backbones", nargs="*", default=known, choices=known)
    parser.add_argument("--images", type=int, default=64, metavar="N", help="PNG files in a round")
    parser.add_argument("--rounds", type=int, default=3, metavar="R")
    parser.add_argument("--toggles", type=int, default=200, metavar="N", help="in the browser, cached")
    parser.add_argument("--large", type=int, default=interaction.LARGE, metavar="N", help="images of a set")
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    start, load = time.perf_counter(), os.getloadavg()[0]
    found: dict[str, Part] = {}
    for name in arguments.only:
        _say(f"{name} ...")
        found[name] = PARTS[name](arguments)
        print(found[name].text, end="\n\n", flush=True)
    from tests.bench import machine

    described = {**machine.describe(), "load_average": [round(load, 2), round(os.getloadavg()[0], 2)]}
    print(report.machine(described))
    report.write(OUT, described, found)
    print(f"\n{time.perf_counter() - start:.0f} s in all; every round is in {OUT}")
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
