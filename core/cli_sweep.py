"""The command line's verb ``sweep``: a grid of configurations, one row each."""

from typing import Any

from core import cli, features, sweep
from core.cli import Args, Outcome
from core.errors import BadChoice
from core.images.library import Library
from core.pipeline import Pipeline
from core.progress import Meter
from core.store import Store
from core.sweep import Grid, Row, Swept
from core.training_data import TrainingData
from core.uncertainty import p_text
from core.values import ImageSet


def run(args: Args) -> Outcome:
    """Of a set with real images training-data fingerprints, of any other generator fingerprints."""
    library, store = Library(), Store()
    image_set = library.get(args.name)
    test = library.get(args.test) if args.test else None
    grid = _grid(args)
    swept = _swept(args, store, library, image_set, test, grid)
    rows = [_flat(row) for row in swept.rows]
    return {
        "rows": rows,
        "best": swept.best,
        "p_value": swept.p_value,
        "test": None if swept.test is None else _flat(swept.test),
        "text": "\n".join(_lines(swept)),
    }


def _swept(
    args: Args, store: Store, library: Library, image_set: ImageSet, test: ImageSet | None, grid: Grid
) -> Swept:
    effort, listener = cli.effort(args), cli.listener(args)
    if image_set.real:
        memberships = grid.memberships()
        meter = Meter("configurations", len(memberships), listener)
        engine = TrainingData(store, library, effort)
        return sweep.memberships(engine, image_set, test, memberships, lambda row: meter.add(1))
    configs = grid.attributions()
    meter = Meter("configurations", len(configs), listener)
    pipeline = Pipeline(store, library, effort)
    return sweep.attributions(pipeline, image_set, test, configs, lambda row: meter.add(1))


def _grid(args: Args) -> Grid:
    return Grid(
        tuple(features.spec(name, weights=args.weights) for name in _several(args.backbone)),
        tuple(_several(args.crop)),
        tuple(cli.share(text) for text in _several(args.pca)),
        tuple(_several(args.cluster)),
        tuple(_several(args.linkage)),
        tuple(cli.number(text) for text in _several(args.k)),
        tuple(_several(args.distance)),
        tuple(_several(args.rule)),
        args.seed,
    )


def _several(text: str) -> list[str]:
    """Values between commas, each once."""
    values = list(dict.fromkeys(value.strip() for value in text.split(",") if value.strip()))
    if not values:
        raise BadChoice("A flag of sweep takes one value or several between commas; got none.")
    return values


def _flat(row: Row) -> dict[str, Any]:
    """``k``, ``distance`` and ``rule`` as chosen; what was asked for is in ``config``."""
    return {"config": row.config.flat(), **row.numbers, "error": row.error}


def _lines(swept: Swept) -> list[str]:
    lines = [_line(row) for row in swept.rows]
    if swept.best is not None and swept.p_value is not None:
        of = sum(row.score is not None for row in swept.rows)
        lines.append(f"best: {_line(swept.rows[swept.best])}; as the best of {of}, p {p_text(swept.p_value)}")
    if swept.test is not None:
        lines.append(f"on test: {_line(swept.test)}")
    return lines


def _line(row: Row) -> str:
    config = row.config.flat()
    parts = [
        features.title(str(config["backbone"])),
        f"crop {config['crop']}",
        str(config["linkage"] or config["cluster"]),
    ]
    if "pca" in config:
        parts.insert(2, f"PCA {config['pca'] or 'none'}")
    name = ", ".join(parts)
    if row.error or not row.numbers:
        return f"{name}, k {config['k']}: {row.error}"
    score = "ari" if "ari" in row.numbers else "auc"
    value, spread = row.numbers.get(score), row.numbers.get(f"{score}_ci")
    shown = (
        "undefined"
        if value is None or spread is None
        else f"{value:.3f} ({spread[0]:.3f} to {spread[1]:.3f})"
    )
    return f"{name}, k {row.numbers['k']}: {score.upper()} {shown}"
