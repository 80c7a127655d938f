"""``weights``: weights files of the networks, and custom networks."""

import argparse
from dataclasses import asdict
from pathlib import Path

from core.cli.common import Args, Outcome, listener
from core.errors import BadChoice, ImprintError, WeightsMissing
from core.features import catalog
from core.features import weights as weights_files
from core.features.custom import add, client, registry
from core.features.custom.client import Look, Wanted
from core.features.pretrained.backbones import NORMALISATIONS
from core.regions import lung_network

ACTIONS = ("add", "look", "remove")


def weights_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "action",
        nargs="?",
        choices=ACTIONS,
        help="add your own ONNX network as a backbone, inspect it, or remove it",
    )
    sub.add_argument(
        "file", nargs="?", metavar="FILE.onnx", help="ONNX file, or the name of the network to remove"
    )
    sub.add_argument("--name", help="name of the network (default: file name)")
    sub.add_argument(
        "--size", type=int, help="side length in pixels of its input, if the file leaves it open"
    )
    sub.add_argument(
        "--channels", type=int, choices=[1, 3], help="channels of its input, if the file leaves them open"
    )
    sub.add_argument("--normalisation", choices=list(NORMALISATIONS), help="default: imagenet")
    sub.add_argument(
        "--output", metavar="NAME", help="output to use as the embedding; feature maps are averaged"
    )
    sub.add_argument("--download", metavar="BACKBONE", help="download the weights of a network")
    sub.add_argument(
        "--take", nargs=2, metavar=("BACKBONE", "FILE"), help="add a weights file after checking its hash"
    )
    sub.add_argument("--verify", action="store_true", help="hash every file again, changed or not")


def weights(args: Args) -> Outcome:
    """Does what the flags say, and lists all networks."""
    if args.action and not args.file:
        raise BadChoice(f"weights {args.action} needs a file: python -m core weights {args.action} FILE.onnx")
    done: Outcome = {}
    if args.action == "look":
        return _look(args)
    if args.action == "add":
        done = _add(args)
    if args.action == "remove":
        registry.remove(args.file)
        done = {"removed": args.file, "text": f"{args.file} was removed."}
    if args.download:
        weights_files.download(args.download, listener(args))
    if args.take:
        weights_files.adopt(args.take[0], Path(args.take[1]))
    states = [weights_files.status(name, args.verify) for name in catalog.network_names()]
    lines = [
        f"{state['backbone']:20} {state['state']:8} {state['path'] or state['advice']}"
        + (f"\n{'':29} SHA-256 {state['sha256']}, checked {state['checked']}" if state["sha256"] else "")
        for state in states
    ]
    shipped = [{"file": lung_network.WEIGHTS.name, "sha256": lung_network.identity()}]
    lines.append(
        f"{'lungs':20} ready    {lung_network.WEIGHTS}\n{'':29} SHA-256 {lung_network.identity()}, bundled"
    )
    text = "\n".join([*filter(None, [done.get("text")]), *lines])
    return {**done, "weights": states, "shipped": shipped, "text": text}


def _look(args: Args) -> Outcome:
    seen = client.look(Path(args.file))
    use, reason = None, ""
    try:
        use = _wanted(args, seen)
    except ImprintError as error:
        reason = str(error)
    lines = [
        *_described(seen),
        f"It would be used with: {_use(use)}." if use else f"It can't be used as a backbone: {reason}",
    ]
    return {
        "look": asdict(seen),
        "use": asdict(use) if use else None,
        "reason": reason,
        "text": "\n".join(lines),
    }


def _add(args: Args) -> Outcome:
    name = args.name or add.name_of(args.file)
    add.check_name(name)
    try:
        with open(args.file, "rb") as file:
            path = add.keep_file(file)
    except OSError as error:
        raise WeightsMissing(f"{args.file} can't be read: {error.strerror}.") from None
    try:
        seen = client.look(path)
        wanted = _wanted(args, seen)
        row = add.add(path, name, wanted)
    except ImprintError:
        registry.discard(path)
        raise
    width, flat = next(iter(row.dimensions.values())), row.dimensions.get("flatten")
    lines = [
        *_described(seen),
        f"{name} was added: {_use(wanted)}, {width} dimensions per image"
        + (f" ({flat:,} with --pooling flatten)" if flat else "")
        + f". Use it with --backbone {name}",
    ]
    return {
        "added": {"backbone": name, "look": asdict(seen), "use": asdict(wanted), "dimensions": width},
        "text": "\n".join(lines),
    }


def _wanted(args: Args, seen: Look) -> Wanted:
    return add.propose(seen, args.size, args.channels, normalisation=args.normalisation, output=args.output)


def _described(seen: Look) -> list[str]:
    lines = [f"SHA-256 {seen.sha256}, {seen.bytes / 2**20:.1f} MB, {seen.parameters:,} parameters"]
    for what, ports in (("input", seen.inputs), ("output", seen.outputs)):
        lines += [f"{what:7} {port.name}: {port.words}, {port.kind}" for port in ports]
    return lines


def _use(wanted: Wanted) -> str:
    channels = "grey in each of 3 channels" if wanted.channels == 3 else "1 grey channel"
    return f"{wanted.size} px, {channels}, normalisation {wanted.normalisation}, output {wanted.output}"
