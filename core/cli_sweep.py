"""The command line's verb ``sweep``: a grid of configurations, one row each."""

from core import cli, features, sweep
from core.cli import Args, Outcome
from core.engine import Engine
from core.errors import BadChoice
from core.grid import Grid
from core.images.library import Library
from core.store import Store
from core.sweep import Row, Swept
from core.uncertainty import p_text


def run(args: Args) -> Outcome:
    library = Library()
    sets = [library.get(name) for name in (args.name, args.test) if name]
    listed = _grid(args).listed(sets[0])
    swept = sweep.run(Engine(Store(), library, cli.effort(args)), sets, listed, cli.listener(args))
    return {**swept.as_json(), "text": "\n".join(_lines(swept))}


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
