"""``import``, with its preview."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from core.cli import common, sets
from core.cli.common import Args, Outcome
from core.errors import BadChoice
from core.images.importing import patients, roles, tables
from core.images.importing.folder_names import DEVELOPMENT
from core.images.importing.importer import ImportReport, Reading, import_sets
from core.images.importing.layouts import LAYOUTS
from core.images.importing.plan import own_name
from core.images.importing.preview import Folder, Preview, look
from core.images.importing.roles import ManualRole
from core.images.library import Library
from core.images.sources.opening import open_source
from core.wording import counted


def import_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("path", type=Path, help="folder, or zip or tar archive")
    sub.add_argument("--name", help="name of the data set; required unless --preview is given")
    sub.add_argument("--layout", default="auto", choices=["auto", *LAYOUTS.names()])
    sub.add_argument(
        "--labels",
        type=Path,
        metavar="FILE",
        help="table of file name and label: CSV, or JSON as StyleGAN and Hugging Face write it",
    )
    common.add_view(sub)
    sub.add_argument(
        "--rename", action="store_true", help="replace file names by numbers (names may identify patients)"
    )
    sub.add_argument("--preview", action="store_true", help="show what would be imported, and import nothing")
    sub.add_argument("--depth", type=int, default=1, metavar="N", help="depth of folders listed by --preview")
    sub.add_argument(
        "--role",
        action="append",
        default=[],
        metavar="FOLDER=ROLE[:GENERATOR]",
        help=f"role of a folder, whatever its name says; may be repeated. Roles: {', '.join(roles.WORDS)}",
    )
    sub.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FOLDER=NAME",
        help="name the data set of a folder, if there are several; the same name merges, FOLDER= leaves out",
    )
    sub.add_argument("--sets", type=Path, metavar="FILE", help="these names as JSON: folder to name, or null")
    sub.add_argument(
        "--groups",
        metavar="FILE",
        help="patients: a table of file and patient; or names, to take them from file and folder names as "
        "the preview proposes; or none (default: groups.csv in the folder, else DICOM headers and scans)",
    )
    sub.add_argument(
        "--roles",
        type=Path,
        metavar="FILE",
        help="roles as JSON, or as CSV with the columns folder, role, generator",
    )


def import_(args: Args) -> Outcome:
    """Import one data set, or several if folders have roles of their own: then ``sets`` has all reports."""
    if args.preview:
        return _preview(args)
    if args.name is None:
        raise BadChoice("The argument --name is required unless --preview is given.")
    reading = Reading(
        args.layout,
        tables.read_file(args.labels) if args.labels else None,
        common.view(args),
        args.rename,
        _by_hand(args),
        _names(args),
        patients.read_choice(args.groups) if args.groups else "",
    )
    with open_source(args.path) as source:
        reports = import_sets(source, args.name, Library(), reading, common.listener(args))
    outcomes = [facts_of(report) for report in reports]
    if len(outcomes) == 1:
        return outcomes[0]
    text = "\n".join([*(each.pop("text") for each in outcomes), *_pairs(reports)])
    return {"sets": outcomes, "text": text}


def facts_of(report: ImportReport) -> Outcome:
    """A report as JSON, and as text."""
    facts = sets.describe(report.image_set)
    lines = [
        f"{facts['name']}: {counted(facts['n'], 'image')}, layout {facts['layout']}, {sets.counts(facts)}"
    ]
    if report.unchanged:
        lines.append("The data set already exists with the same content; nothing was done.")
    lines += report.notes
    lines += [f"rejected: {refusal.file}: {refusal.reason}" for refusal in report.refused]
    return {
        **facts,
        "unchanged": report.unchanged,
        "refused": [asdict(refusal) for refusal in report.refused],
        "notes": list(report.notes),
        "dropped": dict(report.dropped),
        "grey": list(report.grey),
        "text": "\n".join(lines),
    }


def _pairs(reports: Sequence[ImportReport]) -> list[str]:
    paired = [
        each.image_set for each in reports if each.image_set.pair and each.image_set.part == DEVELOPMENT
    ]
    return [f"Paired: {each.name} (development) with {each.pair} (test)." for each in paired]


def _names(args: Args) -> dict[str, str | None]:
    """Names of data sets by folder, from the file and the flags; flags take precedence."""
    said = roles.read_sets(args.sets) if args.sets else {}
    for text in args.set:
        folder, equals, name = text.rpartition("=")
        if not equals:
            raise BadChoice(f"--set takes FOLDER=NAME, or FOLDER= to leave the folder out; got '{text}'.")
        said[folder.strip("/")] = name.strip() or None
    return said


def _by_hand(args: Args) -> dict[str, ManualRole]:
    """Roles by folder, from the table and the flags; flags take precedence."""
    return {**(roles.read_roles(args.roles) if args.roles else {}), **dict(map(roles.parse_role, args.role))}


def _preview(args: Args) -> Outcome:
    if args.depth < 1:
        raise BadChoice(f"--depth must be at least 1; got {args.depth}.")
    labels = tables.read_file(args.labels) if args.labels else None
    with open_source(args.path) as source:
        seen = look(
            source,
            args.layout,
            labels,
            common.view(args),
            args.rename,
            _by_hand(args),
            args.depth,
            common.listener(args),
            patients.read_choice(args.groups) if args.groups else "",
        )
    lines = [f"layout {seen.layout}; {seen.looked}"]
    lines += [_line(folder) for folder in seen.folders]
    named = [
        {
            "folder": each.folder,
            "name": own_name(args.name or "", each.folder),
            "part": each.part,
            "files": len(each.paths),
        }
        for each in seen.sets
    ]
    pairs = [None if each.partner is None else named[each.partner]["name"] for each in seen.sets]
    made = [{**each, "pair": pair} for each, pair in zip(named, pairs, strict=True)]
    if len(made) > 1:
        lines += [_set_line(each) for each in made]
    lines += [f"question: {each.why}" for each in seen.questions]
    if seen.patients:
        lines.append(f"{seen.patients.sentence(not args.rename)} Take them with --groups names.")
    lines += [*seen.notes, *(f"rejected: {refusal.file}: {refusal.reason}" for refusal in seen.refused)]
    return {
        "layout": seen.layout,
        "wrapper": seen.wrapper,
        "files": seen.files,
        "decoded": seen.decoded,
        "looked": seen.looked,
        "folders": [_facts(folder) for folder in seen.folders],
        "refused": [asdict(refusal) for refusal in seen.refused],
        "notes": list(seen.notes),
        "dropped": dict(seen.dropped),
        "sets": made,
        "questions": [asdict(each) for each in seen.questions],
        "patients": _proposal(seen),
        "grey": list(seen.grey),
        "text": "\n".join([*lines, "Nothing was imported."]),
    }


def _proposal(seen: Preview) -> Outcome | None:
    """What ``--groups names`` would take."""
    if seen.patients is None:
        return None
    return {"from": patients.NAMES, "patients": seen.patients.patients, "images": seen.patients.images}


def _set_line(made: Outcome) -> str:
    part = f", {made['part']}" if made["part"] else ""
    pair = f", paired with '{made['pair']}'" if made["pair"] else ""
    files = counted(made["files"], "file")
    return f"data set '{made['name']}' from {made['folder'] or '.'}: {files}{part}{pair}"


def _facts(folder: Folder) -> Outcome:
    """``role``: one of ``roles.WORDS``, or None if a table gives it per file or it is not known."""
    return {
        "folder": folder.folder or ".",
        "role": roles.LEAVE_OUT if folder.out else folder.role,
        "label": folder.label,
        "refused": folder.refused,
        "files": folder.files,
        "decoded": folder.decoded,
        "images": folder.images,
    }


def _line(folder: Folder) -> str:
    said = folder.refused or ("from a table" if folder.table else None)
    role = roles.LEAVE_OUT if folder.out else folder.role
    label = f" by {folder.label}" if folder.label else ""
    return f"  {folder.folder or '.'}: {said or f'{role}{label}'}; {counted(folder.files, 'file')}"
