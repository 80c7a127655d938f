"""``sweep``: a grid of configurations; ``paper``: the paper's tables."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from core.cli import common, import_
from core.cli.common import Args, Outcome
from core.clustering import methods
from core.engine import Engine
from core.errors import BadChoice, SetNotFound
from core.experiments import sweep
from core.experiments.grid import Grid
from core.experiments.sweep import Row, SweepResult
from core.features import catalog
from core.images.importing.folder_names import TEST
from core.images.importing.importer import Reading, import_sets
from core.images.library import Library
from core.images.sources.opening import open_source
from core.membership import decision_rules
from core.numeric.statistics import format_interval, format_p
from core.paper import data_sets, reproduction, tables, text
from core.paper.data_sets import DataSet
from core.paper.reproduction import TableResult
from core.regions.crops import CROPS
from core.store import Store
from core.types import ImageSet
from core.wording import counted

ARCHIVE = re.compile(r"\.(zip|tar|tgz|tar\.\w+)$", re.IGNORECASE)


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
    sub.add_argument(
        "names",
        nargs="+",
        metavar="PATH|NAME",
        help="data set, or the beginning of the names of several; or a folder or archive, which is imported",
    )
    sub.add_argument(
        "--name",
        help="name of the data set that PATH is imported as (default: that of the folder or archive)",
    )
    sub.add_argument(
        "--test",
        action="append",
        default=[],
        metavar="SET",
        help="data set on which the result is reported, once per data set (default: the paired test set)",
    )
    sub.add_argument(
        "--no-test",
        action="store_true",
        help="report on development sets even if they have a paired test set",
    )
    sub.add_argument(
        "--table",
        choices=[*reproduction.TABLES, "all"],
        help="default: 2 for one data set without real images, else all that can be made",
    )
    sub.add_argument(
        "--untrained",
        action="store_true",
        help="use random weights where pretrained weights are missing",
    )
    sub.add_argument(
        "--submissions",
        type=Path,
        metavar="DIR",
        help="write a submission file for every run and every test set into this folder",
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
    """The paper's tables on one or more data sets, each row next to the published one."""
    library, imported = Library(), list[Outcome]()
    chosen = [each for word in args.names for each in _named(word, args, library, imported)]
    if args.name and not imported:
        raise BadChoice("--name is for a folder or archive that is imported, but none was given.")
    one = chosen[0] if [each.name for each in chosen] == args.names[:1] else None
    found = _one(one, args, library) if one else _several_sets(chosen, args, library)
    asked = args.table or ("2" if one and not one.real else "all")
    if one and asked != "all" and asked not in tables.fitting(found[0].real):
        fitting = " and ".join(tables.fitting(found[0].real))
        raise BadChoice(f"Tables {fitting} can be made from '{one.name}'; got {asked}.")
    fitting_sets, left_out = reproduction.sort_out(found, asked)
    if args.submissions:
        for table, sets in fitting_sets.items():
            reproduction.check_names(table, sets)
        args.submissions.mkdir(parents=True, exist_ok=True)
    engine = Engine(Store(), library, common.effort(args))
    made = [
        reproduction.reproduce(engine, table, sets, args.untrained, common.listener(args))
        for table, sets in fitting_sets.items()
    ]
    written = [each for table in made for each in _submissions(args.submissions, engine, table)]
    outcome = {
        "table": asked,
        "rows": [row for table in made for row in table.rows()],
        "data_sets": [_parts(each) for each in found],
        "remarks": {each.table: reproduction.remarks(each.table, each.data_sets) for each in made},
        "left_out": left_out,
        "imported": [{name: facts[name] for name in facts if name != "text"} for facts in imported],
        "submissions": written,
    }
    said = [facts["text"] for facts in imported] + _not_imported(args, chosen)
    return {**outcome, "text": "\n".join([*said, *_paper_text(outcome, made, args)])}


def _named(word: str, args: Args, library: Library, imported: list[Outcome]) -> list[ImageSet]:
    """The data sets of this name, or whose names begin with it; or those of a path, once it is imported."""
    try:
        return data_sets.find(word, library)
    except SetNotFound:
        path = Path(word)
        if not word.strip() or not (path.exists() or "/" in word or ARCHIVE.search(word)):
            raise
    name = args.name or ARCHIVE.sub("", path.resolve().name)
    try:
        with open_source(path) as source:
            reports = import_sets(source, name, library, Reading(), common.listener(args))
    except BadChoice as error:
        raise BadChoice(f"{error} Do so with python -m core import, then give the name here.") from None
    imported += map(import_.facts_of, reports)
    return [report.image_set for report in reports]


def _not_imported(args: Args, chosen: Sequence[ImageSet]) -> list[str]:
    """Where a word is the beginning of data sets' names and also a file or folder."""
    names = {each.name for each in chosen}
    return [
        f"'{word}' is the beginning of names of data sets, so the {word} on disk was not imported; write "
        f"./{word} to import it."
        for word in args.names
        if word not in names and Path(word).exists() and any(name.startswith(word) for name in names)
    ]


def _one(image_set: ImageSet, args: Args, library: Library) -> list[DataSet]:
    """A data set given by its full name alone is taken as it is, whatever part it is."""
    if args.test:
        return data_sets.with_tests([image_set], [library.get(name) for name in args.test])
    if not image_set.real:
        return [DataSet(image_set, image_set if image_set.part == TEST else None)]
    return [DataSet(image_set, None if args.no_test else library.pair_of(image_set))]


def _several_sets(chosen: Sequence[ImageSet], args: Args, library: Library) -> list[DataSet]:
    if args.test:
        return data_sets.with_tests(chosen, [library.get(name) for name in args.test])
    found = data_sets.paired(chosen, library)
    return [DataSet(each.development or each.test) for each in found] if args.no_test else found


def _parts(data_set: DataSet) -> Outcome:
    names = (part and part.name for part in (data_set.development, data_set.test))
    return {"name": data_set.name, **dict(zip(("development", "test"), names, strict=True))}


def _submissions(folder: Path | None, by: Engine, table: TableResult) -> list[Outcome]:
    if folder is None:
        return []
    written = []
    for name, test, content in reproduction.submissions(by, table):
        common.write_text(folder / name, content)
        written.append({"file": str(folder / name), "set": test, "table": table.table})
    return written


def _paper_text(outcome: Outcome, made: Sequence[TableResult], args: Args) -> list[str]:
    lines = []
    several = len(outcome["data_sets"]) > 1
    for each in outcome["data_sets"] if several or outcome["imported"] else ():
        on = f", reported on '{each['test']}'" if each["test"] else ""
        lines.append(f"Data set: '{each['development'] or each['test']}'{on if each['development'] else ''}")
    lines += outcome["left_out"]
    for each in made:
        if several or len(made) > 1:
            mean = f" Mean of {counted(len(each.data_sets), 'data set')}." if len(each.data_sets) > 1 else ""
            lines.append(f"Table {each.table}. {tables.CAPTIONS[each.table]}{mean}")
        lines += text.lines(each)
    if args.submissions:
        lines.append(f"{counted(len(outcome['submissions']), 'submission file')} in {args.submissions}.")
    return lines


def _sets(args: Args, library: Library) -> list[ImageSet]:
    first = library.get(args.name)
    test = common.test_set(args, library, first)
    return [first] if test is None else [first, test]


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
    if swept.remark is not None:
        lines.append(swept.remark)
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
    shown = "undefined" if value is None or spread is None else f"{value:.3f} ({format_interval(*spread)})"
    shown += f" ({optimism})" if (optimism := row.numbers.get("optimism")) else ""
    return f"{name}, k = {row.numbers['k']}: {score.upper()} {shown}"
