"""Custom networks: ONNX files under IMPRINT_HOME/weights named by hash, and one row of settings per name.

One file may have several rows, each with its own settings.
"""

import json
import re
import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core import paths
from core.errors import BadChoice, WeightsMissing, WeightsRefused
from core.features.pretrained import weights_manifest
from core.features.pretrained.backbones import GRID, NETWORKS, Network, Own
from core.files import write_atomic
from core.wording import counted

SUFFIX = ".onnx"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}\.onnx")
UNUSED = 86400  # seconds for which a file without a row is kept


def names() -> list[str]:
    """Names of the networks that were added, in alphabetical order."""
    found = sorted(row.stem for row in folder().glob("*.json") if NAME.fullmatch(row.stem))
    return [name for name in found if _read(name) is not None]


def network(name: str) -> Network:
    """The row of a network, built-in or custom. Raises UnknownName, WeightsMissing."""
    if not is_own(name):
        return NETWORKS.get(name)
    row = _read(name)
    if row is None:
        raise WeightsMissing(missing(name))
    return row


def _read(name: str) -> Network | None:
    """The row, or None if it can't be read."""
    try:
        return row_of(name, json.loads((folder() / f"{name}.json").read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_own(name: str) -> bool:
    return NAME.fullmatch(name) is not None


def missing(
    name: str, weights: str = "", size: int | None = None, options: Mapping[str, object] | None = None
) -> str:
    """What to do. The spec may come from an untrusted file, so its values are quoted."""
    sha256 = f" (SHA-256 {weights.removeprefix('sha256:')})" if weights.startswith("sha256:") else ""
    chosen = {"name": name, **({"size": size} if size else {}), **(options or {})}
    flags = " ".join(f"--{flag} {shlex.quote(str(value))}" for flag, value in chosen.items())
    return (
        f"The network file {name}{sha256} is not on this machine. Add it with the same settings: "
        f"python -m core weights add FILE {flags}"
    )


def title(name: str) -> str:
    return f"{name.removesuffix(SUFFIX)} (ONNX)"


def check_use(name: str, row: Network, weights: str, size: int | None, options: Mapping[str, object]) -> None:
    """Raises WeightsRefused if a spec needs another file, BadChoice if it needs other settings."""
    assert row.own
    if weights == "untrained":
        raise BadChoice(f"{name} is a custom network: it has no untrained weights.")
    if weights not in ("imagenet", row.weights):
        raise WeightsRefused(
            f"{name} is a different file here ({row.weights}) than the one needed ({weights}). "
            f'Remove it (python -m core weights remove "{name}") and add that one under this name.'
        )
    chosen = {"channels": row.own.channels, "output": row.own.output}
    if size not in (None, row.size) or (options and dict(options) != chosen):
        raise BadChoice(
            f"{name} was added for {row.size} px, {counted(row.own.channels, 'channel')} and the output "
            f"{row.own.output}. For other settings, add the file again under another name, or remove it "
            "first."
        )


def write(name: str, facts: Mapping[str, Any]) -> Network:
    """Store a row."""
    write_atomic(folder() / f"{name}.json", json.dumps(facts, indent=1).encode())
    return network(name)


def remove(name: str) -> None:
    """Delete a row, and its file unless another row uses it. Results stay in the cache."""
    row = network(name)
    if row.own is None:
        raise BadChoice(f"{row.title} is not a custom network, so it can't be removed.")
    (folder() / f"{name}.json").unlink(missing_ok=True)
    discard(paths.folder("weights") / row.file)


def discard(path: Path) -> None:
    """Delete a stored file, unless a row uses it."""
    if path.name not in {network(each).file for each in names()}:
        path.unlink(missing_ok=True)
        weights_manifest.forget(path)


def tidy() -> int:
    """Delete files that were inspected over a day ago and never added; returns how many."""
    used = {network(each).file for each in names()}
    unread = [row for row in folder().glob("*.json") if row.stem not in names()]
    doomed = [
        path
        for path in paths.folder("weights").glob(f"*{SUFFIX}")
        if path.name not in used and time.time() - path.stat().st_mtime > UNUSED
    ]
    for path in [] if unread else doomed:  # a row that can't be read may have named one of them
        path.unlink(missing_ok=True)
        weights_manifest.forget(path)
    return 0 if unread else len(doomed)


def row_of(name: str, facts: Mapping[str, Any]) -> Network:
    return Network(
        title=title(name),
        file=f"{facts['sha256']}{SUFFIX}",
        sha256=facts["sha256"],
        megabytes=round(facts["bytes"] / 2**20, 1),
        size=int(facts["size"]),
        normalisation=facts["normalisation"],
        dimensions=_dimensions(facts["pooling"], int(facts["dimensions"]), int(facts.get("flat", 0))),
        gmacs=0.0,
        own=Own(int(facts["channels"]), facts["output"], float(facts["images_per_second"])),
    )


def _dimensions(pooling: str, length: int, flat: int) -> dict[str, int]:
    """An output that is averaged may be maps, which can be had place by place; tokens are refused. ``flat``:
    the length of all maps, of the output or of what it is the average of."""
    placed = {"map": length * GRID**2} if pooling == "mean" else {}
    return {pooling: length, **placed, **({"flatten": flat} if flat else {})}


def folder() -> Path:
    """The folder of the rows; not created here, since every list of backbones reads it."""
    return paths.root() / "weights" / "own"
