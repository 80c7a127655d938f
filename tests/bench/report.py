"""The results, as a table to read and as JSON to keep."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench import autoencoder, sweep
from tests.bench.autoencoder import Trained
from tests.bench.extraction import BF16, DECODING, EAGER, NO_BF16, PRODUCT, Result
from tests.bench.rounds import Spread
from tests.bench.sweep import Sweep
from tests.bench.toggle import GENERATORS, IMAGES, Toggle

WANTED = "Wanted of ResNet50 and DenseNet-121: at least 2x in fp32, 4x in bf16."


def text(
    machine: Mapping[str, object],
    results: Sequence[Result],
    toggles: Mapping[str, Toggle],
    swept: Sweep,
    learnt: Trained,
) -> str:
    blocks = [_ratios(result) for result in results]
    if results:
        blocks = [_head(results[0]), *blocks, _limits(results)]
    return "\n\n".join(
        [*blocks, _toggles(toggles), sweep.text(swept), autoencoder.text(learnt), _machine(machine)]
    )


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
    for name in (PRODUCT, DECODING):
        values = Spread.of([value for result in results for value in result.paces[name]])
        lines.append(f"  {name:40}{values.median:8.0f}  ({values.low:.0f} to {values.high:.0f})")
    return "\n".join(
        [
            *lines,
            "  'of mm' above: the network's multiply-adds, as a share of what the matrix product reaches.",
            "  'others' above: cores that others took in these turns; the more, the less a ratio means.",
        ]
    )


def _toggles(toggles: Mapping[str, Toggle]) -> str:
    lines = [
        f"A TOGGLE on {IMAGES} images x 1280 features, {GENERATORS} generators, features in the store",
        f"  {'':42}{'engine ms':>10}{'slowest':>10}{'call ms':>10}",
    ]
    for step, taken in toggles.items():
        numbers = (taken.engine.median, taken.engine.high, taken.wall.median)
        embedded = "" if taken.cached else "  EMBEDDED"
        lines.append(f"  {step:42}" + "".join(f"{1000 * value:10.0f}" for value in numbers) + embedded)
    return "\n".join(lines)


def _machine(machine: Mapping[str, object]) -> str:
    lines = ["THE MACHINE"]
    for name, value in machine.items():
        if isinstance(value, Mapping):
            value = ", ".join(f"{key} {item}" for key, item in value.items())
        elif isinstance(value, list):
            value = " ".join(map(str, value))
        lines.append(f"  {name.replace('_', ' '):24}{value}")
    return "\n".join(lines)


def write(
    path: Path,
    machine: Mapping[str, object],
    results: Sequence[Result],
    toggles: Mapping[str, Toggle],
    swept: Sweep,
    learnt: Trained,
) -> None:
    whole = {
        "machine": machine,
        "extraction": {result.backbone: result.as_json() for result in results},
        "toggle_seconds": {step: taken.as_json() for step, taken in toggles.items()},
        "membership_sweep": swept.as_json(),
        "autoencoder": learnt.as_json(),
    }
    path.write_text(json.dumps(whole, indent=1) + "\n", "utf-8")
