"""``sweep``: a grid of configurations; ``paper``: the paper's tables."""

import argparse
from collections.abc import Mapping
from typing import Any

from core.cli import common
from core.cli.common import Args, Outcome
from core.clustering import methods
from core.engine import Engine
from core.errors import BadChoice
from core.experiments import sweep
from core.experiments.grid import Grid
from core.experiments.sweep import Row, SweepResult
from core.features import catalog
from core.images.library import Library
from core.membership import decision_rules
from core.numeric.statistics import format_p
from core.paper import tables
from core.paper.tables import Line
from core.regions.crops import CROPS
from core.store import Store
from core.types import ImageSet


def sweep_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("name", help="name of the data set")
    common.add_test(sub)
    sub.add_argument("--backbone", default=catalog.DEFAULT, metavar="B,..", help=", ".join(catalog.names()))
    sub.add_argument("--weights", default="imagenet", help="imagenet or untrained")
    sub.add_argument("--crop", default="full", metavar="C,..", help=", ".join(CROPS.names()))
    sub.add_argument("--pca", default="none", metavar="P,..", help="PCA variance (attribution only)")
    sub.add_argument("--cluster", default="hierarchical", metavar="M,..", help=", ".join(methods.METHODS))
    sub.add_argument("--linkage", default="ward", metavar="L,..", help=", ".join(methods.METRICS))
    sub.add_argument("--k", default="known", metavar="K,..", help="numbers of clusters")
    sub.add_argument("--distance", default="best", metavar="D,..", help="min, avg or best (membership only)")
    sub.add_argument(
        "--rule",
        default="best",
        metavar="R,..",
        help=f"{', '.join(decision_rules.general_rules())} (membership only)",
    )
    sub.add_argument("--seed", type=int, default=0, help="random seed")
    common.add_effort(sub)


def paper_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("name", help="name of the data set")
    common.add_test(sub)
    sub.add_argument("--table", default="2", choices=["2", "3", "4", "5"])
    sub.add_argument(
        "--untrained",
        action="store_true",
        help="use random weights where pretrained weights are missing",
    )
    common.add_effort(sub)


def run(args: Args) -> Outcome:
    library = Library()
    sets = _sets(args, library)
    listed = _grid(args).listed(sets[0])
    swept = sweep.run_sweep(
        Engine(Store(), library, common.effort(args)), sets, listed, common.listener(args)
    )
    return {**swept.as_json(), "text": "\n".join(_lines(swept))}


def paper(args: Args) -> Outcome:
    """A table of the paper on a data set, each row next to the published one."""
    library = Library()
    sets = _sets(args, library)
    fitting = tables.MEMBERSHIPS if sets[0].real else tables.ATTRIBUTIONS
    if args.table not in fitting:
        raise BadChoice(f"Tables {' and '.join(fitting)} can be made from '{args.name}'; got {args.table}.")
    lines = tables.lines(args.table, args.untrained)
    asked = sets if sets[0].real else sets[:1]
    engine = Engine(Store(), library, common.effort(args))
    swept = sweep.run_sweep(engine, asked, tables.listed(lines), common.listener(args))
    rows = [
        {"row": line.name, "paper": dict(line.theirs), "remark": line.remark, **row.as_json()}
        for line, row in zip(lines, swept.rows, strict=True)
    ]
    shown = [
        f"{line.name}: paper {_printed(line)}; {_ours(row)}" for line, row in zip(lines, rows, strict=True)
    ]
    return {"table": args.table, "rows": rows, "text": "\n".join([*shown, tables.REMARKS[args.table]])}


def _sets(args: Args, library: Library) -> list[ImageSet]:
    first = library.get(args.name)
    test = common.test_set(args, library, first)
    return [first] if test is None else [first, test]


def _printed(line: Line) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in line.theirs.items())


def _ours(row: Mapping[str, Any]) -> str:
    found = tables.ours(row)
    if found is None:
        return f"ours: {row['error'] or 'undefined'}"
    value, spread = found
    return f"ours {value:.4f}" + (f" ({spread[0]:.3f} to {spread[1]:.3f})" if spread else "")


def _grid(args: Args) -> Grid:
    return Grid(
        tuple(catalog.spec(name, weights=args.weights) for name in _several(args.backbone)),
        tuple(_several(args.crop)),
        tuple(common.parse_variance(text) for text in _several(args.pca)),
        tuple(_several(args.cluster)),
        tuple(_several(args.linkage)),
        tuple(common.parse_k(text) for text in _several(args.k)),
        tuple(_several(args.distance)),
        tuple(_several(args.rule)),
        args.seed,
    )


def _several(text: str) -> list[str]:
    """Values separated by commas, without repetitions. Raises BadChoice."""
    values = list(dict.fromkeys(value.strip() for value in text.split(",") if value.strip()))
    if not values:
        raise BadChoice("A flag of sweep takes one or more values separated by commas; got none.")
    return values


def _lines(swept: SweepResult) -> list[str]:
    lines = [_line(row) for row in swept.rows]
    if swept.best is not None and swept.p_value is not None:
        of = sum(row.score is not None for row in swept.rows)
        lines.append(
            f"best: {_line(swept.rows[swept.best])}; corrected for selection out of {of}: p "
            f"{format_p(swept.p_value)}"
        )
    if swept.test is not None:
        lines.append(f"test set: {_line(swept.test)}")
    return lines


def _line(row: Row) -> str:
    config = row.config.flat()
    parts = [
        catalog.title(str(config["backbone"])),
        f"crop {config['crop']}",
        str(config["linkage"] or config["cluster"]),
    ]
    if "pca" in config:
        parts.insert(2, f"PCA {config['pca'] or 'none'}")
    name = ", ".join(parts)
    if row.error or not row.numbers:
        return f"{name}, k = {config['k']}: {row.error}"
    score = "ari" if "ari" in row.numbers else "auc"
    value, spread = row.numbers.get(score), row.numbers.get(f"{score}_ci")
    shown = (
        "undefined"
        if value is None or spread is None
        else f"{value:.3f} ({spread[0]:.3f} to {spread[1]:.3f})"
    )
    return f"{name}, k = {row.numbers['k']}: {score.upper()} {shown}"
