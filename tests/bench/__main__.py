"""``python -m tests.bench``: extraction against eager torchvision, the toggle, the membership sweep, on CPU.

Writes bench.json into the working directory. Weights are untrained, since speed does not depend on them.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ["CUDA_VISIBLE_DEVICES"] = ""  # before torch: both sides run on the CPU

from core.features.backbones import NETWORKS, TORCHVISION
from core.images.library import Library
from tests.bench import grouping, sweep, toggle

OUT = Path("bench.json")


def _arguments() -> argparse.Namespace:
    known = [name for name, row in NETWORKS if row.url and row.url.startswith(TORCHVISION)]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--backbones", nargs="*", default=["resnet50", "densenet121"], choices=known)
    parser.add_argument("--images", type=int, default=64, metavar="N", help="PNG files in a round")
    parser.add_argument("--rounds", type=int, default=3, metavar="R")
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    start, load = time.perf_counter(), os.getloadavg()[0]
    _say("toggle ...")
    toggles = toggle.measure(arguments.rounds)
    _say("membership sweep, a minute and a half ...")
    swept = sweep.measure()
    print("\n".join(grouping.markdown(grouping.measure(arguments.rounds))))
    from tests.bench import (  # torch: kept out of the toggle, as pages keep it out
        autoencoder,
        extraction,
        machine,
        report,
    )

    with tempfile.TemporaryDirectory(prefix="imprint-bench-") as folder:
        ids = extraction.synthetic(Library(Path(folder)), arguments.images)
        results = []
        for backbone in arguments.backbones:
            _say(f"{backbone}: {arguments.images} images, {arguments.rounds} rounds ...")
            results.append(extraction.measure(backbone, Path(folder), ids, arguments.rounds))
    _say("autoencoder ...")
    learnt = autoencoder.measure(1000, max(2, arguments.rounds))
    described = {**machine.describe(), "load_average": [round(load, 2), round(os.getloadavg()[0], 2)]}
    print(report.text(described, results, toggles, swept, learnt))
    report.write(OUT, described, results, toggles, swept, learnt)
    print(f"\n{time.perf_counter() - start:.0f} s in all; every round is in {OUT}")
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
