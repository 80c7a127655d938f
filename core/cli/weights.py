"""The command line's verb ``weights``: what the networks need, and a user's own network."""

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
        "action", nargs="?", choices=ACTIONS, help="an ONNX file of yours as a backbone: look at it, add it"
    )
    sub.add_argument("file", nargs="?", metavar="FILE.onnx", help="or the name of the network to remove")
    sub.add_argument("--name", help="that it gets; else the file's")
    sub.add_argument("--size", type=int, help="side in px of its input, where the file leaves it open")
    sub.add_argument(
        "--channels", type=int, choices=[1, 3], help="of its input, where the file leaves it open"
    )
    sub.add_argument("--normalisation", choices=list(NORMALISATIONS), help="default: imagenet")
    sub.add_argument("--output", metavar="NAME", help="that is the embedding; maps are averaged")
    sub.add_argument("--download", metavar="BACKBONE")
    sub.add_argument("--take", nargs=2, metavar=("BACKBONE", "FILE"), help="take a file after checking it")
    sub.add_argument("--verify", action="store_true", help="hash every file again, changed or not")


def weights(args: Args) -> Outcome:
    """Does what is asked for, and lists all networks."""
    if args.action and not args.file:
        raise BadChoice(f"weights {args.action} needs a file: python -m core weights {args.action} FILE.onnx")
    done: Outcome = {}
    if args.action == "look":
        return _look(args)
    if args.action == "add":
        done = _add(args)
    if args.action == "remove":
        registry.remove(args.file)
        done = {"removed": args.file, "text": f"{args.file} is removed."}
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
        f"{'lungs':20} ready    {lung_network.WEIGHTS}\n{'':29} SHA-256 {lung_network.identity()}, shipped"
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
        *_told(seen),
        f"It would be used so: {_use(use)}." if use else f"It can't be a backbone: {reason}",
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
    width = next(iter(row.dimensions.values()))
    lines = [
        *_told(seen),
        f"{name} is added: {_use(wanted)}, {width} numbers an image. Use it by --backbone {name}",
    ]
    return {
        "added": {"backbone": name, "look": asdict(seen), "use": asdict(wanted), "dimensions": width},
        "text": "\n".join(lines),
    }


def _wanted(args: Args, seen: Look) -> Wanted:
    return add.propose(seen, args.size, args.channels, normalisation=args.normalisation, output=args.output)


def _told(seen: Look) -> list[str]:
    lines = [f"SHA-256 {seen.sha256}, {seen.bytes / 2**20:.1f} MB, {seen.parameters:,} parameters"]
    for what, ports in (("input", seen.inputs), ("output", seen.outputs)):
        lines += [f"{what:7} {port.name}: {port.words}, {port.kind}" for port in ports]
    return lines


def _use(wanted: Wanted) -> str:
    channels = "grey in each of 3 channels" if wanted.channels == 3 else "1 grey channel"
    return f"{wanted.size} px, {channels}, normalisation {wanted.normalisation}, output {wanted.output}"
