"""The results, as a table to read and as JSON to keep."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.extraction import BF16, EAGER, LIMITS, NO_BF16, Result
from tests.bench.rounds import Spread
from tests.bench.toggle import GENERATORS, IMAGES, Toggle

WANTED = "Wanted: 2x in fp32, 4x in bf16; of ResNet50 and VGG-16 85% of the matrix product in both."


@dataclass(frozen=True)
class Part:
    """What a part of the benchmark found: to read, and to keep as JSON."""

    text: str
    facts: object


def extraction(results: Sequence[Result]) -> str:
    return "\n\n".join([_head(results[0]), *map(_ratios, results), _limits(results)])


def _head(result: Result) -> str:
    rounds = len(result.paces[EAGER])
    return (
        f"EXTRACTION, PNG files to rows of features, decoding included; {rounds} rounds in turns\n{WANTED}\n"
        "Ratio: how many times as fast as the baseline in the same round, median (lowest to highest)."
    )


def _ratios(result: Result) -> str:
    lines = [
        f"{result.backbone}, {result.size} px",
        f"  {'':36}{'ratio':>8}{'':18}{'images/s':>10}{'of mm':>9}{'others':>8}",
    ]
    for name in result.contestants():
        share, others = 100 * result.share_of_product(name), Spread.of(result.others[name]).median
        numbers = f"{result.pace(name).median:10.1f}{share:7.0f} %{others:8.1f}"
        lines.append(f"  {name:36}{_ratio(name, result.ratio(name))}{numbers}")
    if BF16 not in result.paces:
        lines.append(f"  {BF16:36}  {NO_BF16}")
    tried = ", ".join(f"{pace:.1f} with {workers} workers" for workers, pace in result.loaders.items())
    off = ", ".join(f"{name} {value:.1e}" for name, value in result.difference.items())
    return "\n".join(
        [
            *lines,
            f"  the baseline's DataLoader, images/s in a trial: {tried}; the faster is the baseline",
            f"  same features as eager's, norm of the difference over the norm: {off}",
            f"  not in the times: converting the network, once per weights, {result.prepare_seconds:.1f} s;"
            f" compiling it, once a call, {result.compile_seconds:.1f} s",
        ]
    )


def _ratio(name: str, ratio: Spread) -> str:
    spread = f"({ratio.low:.2f} to {ratio.high:.2f})" if name != EAGER else "the baseline"
    return f"{ratio.median:7.2f}x  {spread:16}"


def _limits(results: Sequence[Result]) -> str:
    lines = ["THE MACHINE'S LIMITS in the same rounds, median (lowest to highest)"]
    for name in LIMITS:
        values = Spread.of([value for result in results for value in result.paces.get(name, [])] or [0.0])
        lines.append(f"  {name:40}{values.median:8.0f}  ({values.low:.0f} to {values.high:.0f})")
    return "\n".join(
        [
            *lines,
            "  'of mm' above: a network's multiply-adds, as a share of the matrix product in its precision.",
            "  'others' above: cores that others took in these turns; the more, the less a ratio means.",
        ]
    )


def toggles(found: Mapping[str, Toggle]) -> str:
    lines = [
        f"A TOGGLE on {IMAGES} images x 1280 features, {GENERATORS} generators, features in the store",
        f"  {'':42}{'engine ms':>10}{'slowest':>10}{'call ms':>10}",
    ]
    for step, taken in found.items():
        numbers = (taken.engine.median, taken.engine.high, taken.wall.median)
        embedded = "" if taken.cached else "  EMBEDDED"
        lines.append(f"  {step:42}" + "".join(f"{1000 * value:10.0f}" for value in numbers) + embedded)
    return "\n".join(lines)


def machine(described: Mapping[str, object]) -> str:
    lines = ["THE MACHINE"]
    for name, value in described.items():
        if isinstance(value, Mapping):
            value = ", ".join(f"{key} {item}" for key, item in value.items())
        elif isinstance(value, list):
            value = " ".join(map(str, value))
        lines.append(f"  {name.replace('_', ' '):24}{value}")
    return "\n".join(lines)


def write(path: Path, described: Mapping[str, object], parts: Mapping[str, Part]) -> None:
    whole = {"machine": described, **{name: part.facts for name, part in parts.items()}}
    path.write_text(json.dumps(whole, indent=1) + "\n", "utf-8")
