"""Adding a custom network: its file is stored, inspected and tested before it becomes a backbone."""

import hashlib
import os
import re
import time
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import IO

import numpy as np

from core import paths
from core.errors import BadChoice, WeightsRefused
from core.features.custom import registry
from core.features.custom.client import LARGEST, Look, Port, Wanted, Worker
from core.features.custom.registry import SUFFIX
from core.features.pretrained import weights_manifest
from core.features.pretrained.backbones import NORMALISATIONS, Network
from core.numeric.parallel import usable_cores
from core.wording import counted

SMALLEST, BIGGEST, USUAL = 16, 1024, 224  # px
CHANNELS = (3, 1)
FLOATS = ("f32", "f16", "bf16", "f64")
CHUNK = 2**20
PROBES = 4  # test images before a file is accepted


def keep_file(file: IO[bytes]) -> Path:
    """Copy a file into our folder under its hash. Raises WeightsRefused if it is too large."""
    digest, size = hashlib.sha256(), 0
    aside = paths.folder("weights") / f"{uuid.uuid4().hex}.part"
    try:
        with aside.open("xb") as kept:
            while chunk := file.read(CHUNK):
                size += len(chunk)
                if size > LARGEST:
                    raise WeightsRefused(f"A network file may have at most {LARGEST // 2**20} MB.")
                digest.update(chunk)
                kept.write(chunk)
            kept.flush()
            os.fsync(kept.fileno())
        path = aside.with_name(f"{digest.hexdigest()}{SUFFIX}")
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    return path


def propose(look: Look, size: int | None = None, channels: int | None = None, **given: str | None) -> Wanted:
    """The settings, checked against the file; those left out are set to what fits.

    ``size`` in px; ``given``: normalisation and output. Raises BadChoice, WeightsRefused.
    """
    fixed_channels, fixed_size = fixed_input(look)
    size = size or fixed_size or USUAL
    if fixed_size and size != fixed_size:
        raise BadChoice(f"This network was exported for images of {fixed_size} px; got {size}.")
    if not SMALLEST <= size <= BIGGEST:
        raise BadChoice(f"The input size must be from {SMALLEST} to {BIGGEST} px; got {size}.")
    channels = channels or fixed_channels or CHANNELS[0]
    if channels not in ((fixed_channels,) if fixed_channels else CHANNELS):
        needed = counted(fixed_channels, "input channel") if fixed_channels else "1 or 3 input channels"
        raise BadChoice(f"This network needs {needed}; got {channels}.")
    normalisation = given.get("normalisation") or "imagenet"
    if normalisation not in NORMALISATIONS:
        raise BadChoice(f"normalisation is one of {', '.join(NORMALISATIONS)}; got '{normalisation}'.")
    usable = outputs(look)
    output = given.get("output") or usable[0].name
    if output not in [each.name for each in usable]:
        known = ", ".join(each.name for each in usable)
        raise BadChoice(f"This network has no usable output '{output}'. Choose one of: {known}.")
    return Wanted(size, channels, normalisation, output)


def outputs(look: Look) -> list[Port]:
    """The outputs that can be an embedding, vectors first. Raises WeightsRefused if there is none."""
    usable = [
        each
        for each in look.outputs
        if each.name and each.kind in FLOATS and (each.shape is None or 2 <= len(each.shape) <= 4)
    ]
    if not usable:
        have = "; ".join(f"{each.name or 'unnamed'}: {each.words}, {each.kind}" for each in look.outputs)
        raise WeightsRefused(
            f"No output can be used as an embedding (outputs: {have or 'none'}). One output must be "
            "floating-point with the shape (N, D), (N, T, D) or (N, D, H, W): export the network up to its "
            "features."
        )
    return sorted(usable, key=lambda each: len(each.shape or ()) or 5)


def fixed_input(look: Look) -> tuple[int | None, int | None]:
    """Channels and side in px of the input, None where the file leaves them open. Raises WeightsRefused."""
    if len(look.inputs) != 1:
        have = ", ".join(each.name for each in look.inputs) or "none"
        raise WeightsRefused(
            f"The network has {len(look.inputs)} inputs ({have}); export it with a single input, the image."
        )
    (image,) = look.inputs
    wrong = f"The input {image.name} is not a batch of images: it takes {image.words}, {image.kind}. "
    if image.kind not in FLOATS or image.shape is None or len(image.shape) != 4:
        raise WeightsRefused(wrong + "It must be floating-point with the shape (N, C, H, W).")
    batch, channels, height, width = image.shape
    if channels not in (None, *CHANNELS):
        last = " Its channels seem to be last: export it with channels first." if width in CHANNELS else ""
        raise WeightsRefused(f"{wrong}It must have 1 or 3 channels, (N, C, H, W).{last}")
    if batch not in (None, 1):
        raise WeightsRefused(f"{wrong}Export it with a batch of 1, or a dynamic one.")
    if height and width and height != width:
        raise WeightsRefused(f"{wrong}It must take square images.")
    return channels, height or width


def add(path: Path, name: str, wanted: Wanted) -> Network:
    """Test a stored file with these settings and add it. Raises BadChoice, WeightsRefused, WeightsMissing."""
    check_name(name)
    with Worker(path, usable_cores()) as worker:
        pooling, flat = worker.ready(wanted), worker.flat
        images = np.random.default_rng(0).integers(0, 256, (PROBES, 1, wanted.size, wanted.size), np.uint8)
        start = time.perf_counter()
        rows = worker.rows(images)
        pace = PROBES / (time.perf_counter() - start)
        again = worker.rows(images)
    _sensible(rows, again)
    sha256 = path.name.removesuffix(SUFFIX)
    if worker.look.sha256 != sha256:
        raise WeightsRefused("The file changed while it was being read. Add it again.")
    facts = {
        "sha256": sha256,
        "bytes": worker.look.bytes,
        **asdict(wanted),
        "pooling": pooling,
        "dimensions": rows.shape[1],
        **({"flat": flat} if flat else {}),
        "images_per_second": round(pace, 2),
    }
    if name in registry.names():
        present = registry.network(name)
        if _same_use(present, registry.row_of(name, facts)):
            known = flat == present.dimensions.get("flatten", 0)
            return (
                present if known else registry.write(name, facts)
            )  # one added before maps could be flattened
        raise BadChoice(
            f"{name} already exists with another file or other settings. Choose another name (--name), "
            f'or remove it: python -m core weights remove "{name}"'
        )
    weights_manifest.note(path, sha256, weights_manifest.ADDED)
    return registry.write(name, facts)


def _same_use(one: Network, other: Network) -> bool:
    """Whether all but the speed is the same, and whether flattened maps are offered, which they weren't
    once."""
    return _use(one) == _use(other)


def _use(network: Network) -> tuple[object, ...]:
    assert network.own
    widths = {name: width for name, width in network.dimensions.items() if name != "flatten"}
    own = network.own
    return network.file, network.size, network.normalisation, widths, own.channels, own.output


def _sensible(rows: np.ndarray, again: np.ndarray) -> None:
    if not np.isfinite(rows).all():
        raise WeightsRefused(
            "The network returns values that are not finite. Another normalisation may help."
        )
    if not np.array_equal(rows, again):
        raise WeightsRefused(
            "The network returns different values for the same image. Export it for inference (eval mode)."
        )
    if np.ptp(rows, axis=0).max() == 0:
        raise WeightsRefused("The network returns the same values for every image. Choose another output.")


def check_name(name: str) -> None:
    if not registry.NAME.fullmatch(name):
        raise BadChoice(
            "A network's name must begin with a letter or digit, consist of at most 65 letters, digits, "
            f"spaces, dots, dashes and underscores, and end in .onnx; got '{name[:80]}'."
        )


def name_of(file: str) -> str:
    """A network name from a file name; characters that are not allowed become dashes."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(file).name.removesuffix(SUFFIX)).strip("-._")[:59]
    return f"{stem or 'network'}{SUFFIX}"
