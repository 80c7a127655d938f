"""``release``: may a synthetic set be released, and whom would it expose?"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from core.cli import common
from core.cli.common import Args, Outcome
from core.errors import BadChoice
from core.images.importing import patients
from core.images.library import Library
from core.numeric.statistics import format_p
from core.release import remaining
from core.release.assessment import Assessor
from core.release.attacks.catalog import BATTERY, OTHERS
from core.release.config import AUTO, CONTEXTS, ReleaseConfig
from core.release.parts import with_patients
from core.release.result import AttackRow, Release
from core.store import Store
from core.types import ImageSet
from core.wording import counted

HEADLINE = (
    "attack",
    "title",
    "auc",
    "auc_ci",
    "tpr_at_1fpr",
    "tpr_at_1fpr_ci",
    "tpr_at_5fpr",
    "tpr_at_5fpr_ci",
)


def release_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("set", help="data set with generated images, and real ones that were used and not used")
    common.add_test(sub)
    sub.add_argument(
        "--reference",
        metavar="SET",
        help="images of another generator, or of other people, for controls and for attacks that compare",
    )
    sub.add_argument(
        "--patients", metavar="CSV", help="table with the columns file and patient, for all data sets given"
    )
    sub.add_argument(
        "--context",
        default="undeclared",
        choices=[*CONTEXTS],
        help="to whom the images would be released; stated in the dossier",
    )
    sub.add_argument(
        "--headline",
        default=AUTO,
        metavar="ATTACK",
        help=f"attack that is declared beforehand (default: the best on development): {', '.join(BATTERY)}",
    )
    sub.add_argument(
        "--attacks",
        metavar="ATTACK,..",
        help=f"attacks to try beyond these, such as {', '.join(OTHERS)}, or any distance[@crop]/score",
    )
    sub.add_argument(
        "--rate", type=float, default=0.10, help="false discovery rate of those who are named (default: 0.1)"
    )
    sub.add_argument("--seed", type=int, default=0, help="random seed")
    sub.add_argument(
        "--remaining",
        metavar="NAME",
        help="save the set without the images that expose somebody under this name, and assess it as well",
    )
    common.add_effort(sub)


def release(args: Args) -> Outcome:
    library = Library()
    config = ReleaseConfig(
        args.headline,
        tuple(name for name in (args.attacks or "").split(",") if name),
        args.rate,
        args.context,
        args.reference is not None,
        args.seed,
    )
    sets = _sets(args, library)
    assessor = Assessor(Store(), library, common.effort(args), common.listener(args))
    found = assessor.assess(sets, config)
    outcome = {**as_json(found), "text": "\n".join(lines(found))}
    if args.remaining:
        outcome |= _without(args, library, assessor, sets, config, found)
    return outcome


def _sets(args: Args, library: Library) -> list[ImageSet]:
    development = library.get(args.set)
    test = common.test_set(args, library, development)
    sets = [development, *([] if test is None else [test])]
    if args.reference:
        sets.append(library.get(args.reference))
    if not args.patients:
        return sets
    table = patients.read_choice(args.patients)
    if isinstance(table, str):
        raise BadChoice(f"--patients takes a table; got '{table}'.")
    return [with_patients(each, table) if each.real else each for each in sets]


def _without(
    args: Args,
    library: Library,
    assessor: Assessor,
    sets: Sequence[ImageSet],
    config: ReleaseConfig,
    found: Release,
) -> Outcome:
    """The set that remains, and its own assessment, in the place of the one that it comes from."""
    place = len(sets) - 1 - config.reference
    left = remaining.keep_remaining(library, sets[place], found.at_risk, args.remaining)
    again = assessor.assess([*sets[:place], left, *sets[place + 1 :]], config)
    removed = len(found.at_risk.exposing)
    text = [
        *lines(found),
        f"Without {counted(removed, 'generated image')}: {again.sentence}",
        remaining.WARNING,
    ]
    return {
        "remaining": {
            "name": left.name,
            "removed": removed,
            "verdict": again.verdict,
            "sentence": again.sentence,
            "warning": remaining.WARNING,
        },
        "text": "\n".join(text),
    }


def as_json(found: Release) -> dict[str, Any]:
    """Everything, the headline attack in short."""
    head = found.headline
    short = None
    if head is not None:
        row = asdict(head)
        short = {name: row[name] for name in (*HEADLINE, "p_value", "corrected_p", "undefined")}
        short["declared"] = found.declared
    return {**found.as_json(), "headline": short}


def lines(found: Release) -> list[str]:
    """The verdict first, then the evidence, an attack a line."""
    said = [found.sentence]
    if found.headline is not None:
        said.append(f"Headline attack: {found.headline.title} ({found.declared}).")
    said += [_line(row) for row in found.attacks]
    said += [f"  not run: {each}" for each in found.not_run]
    risk = found.at_risk
    if risk.n_images:
        said.append(
            f"Named at a false discovery rate of {risk.rate:.0%}: {counted(risk.n_images, 'slice')}, "
            f"{counted(risk.n_groups, 'patient group')}."
        )
        said += [f"  {each.name}{' (exact copy)' if each.copy else ''}" for each in risk.images]
    return [*said, *found.notes]


def _line(row: AttackRow) -> str:
    low, high = row.auc_ci or (row.auc, row.auc)
    return (
        f"  {row.title}: AUC {row.auc:.3f} ({low:.3f} to {high:.3f}), corrected p "
        f"{format_p(row.corrected_p)}, {row.seconds:.1f} s"
    )
