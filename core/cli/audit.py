"""``audit`` looks for confounders; ``derive`` makes a data set without them."""

import argparse
from dataclasses import asdict
from typing import Any

from core.audit import derive as audit_derive
from core.audit.baselines import BASELINES
from core.audit.blind_scores import Finding
from core.audit.near_duplicates import CrossClassPairs
from core.audit.pipeline import Audit, Auditor, best_result
from core.audit.text import pairs
from core.audit.transforms import STEPS, DeriveSpec
from core.cli import common
from core.cli.common import Args, Outcome
from core.images.library import Library
from core.numeric.statistics import format_interval, format_p
from core.store import Store
from core.wording import counted


def audit_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("name", help="name of the data set")
    sub.add_argument(
        "--embedding",
        action="store_true",
        help="also look for near-duplicates with EfficientNet-Lite0 features",
    )


def derive_flags(sub: argparse.ArgumentParser) -> None:
    defaults = DeriveSpec(("resize",))
    sub.add_argument("set", help="data set to derive from")
    sub.add_argument("--steps", required=True, metavar="S,..", help=", ".join(STEPS.names()))
    sub.add_argument(
        "--size", type=int, default=defaults.size, help="side length in pixels for the resize step"
    )
    sub.add_argument(
        "--quality", type=int, default=defaults.quality, help="quality of the jpeg step, 1 to 100"
    )
    sub.add_argument("--name", help="name of the new data set (default: old name plus steps)")


def audit(args: Args) -> Outcome:
    library = Library()
    auditing = Auditor(Store(), library, listener=common.listener(args))
    image_set = library.get(args.name)
    found = auditing.audit(image_set, best_result(auditing.results(image_set)), args.embedding)
    return {
        "set": image_set.name,
        "score": found.score,
        "method": asdict(found.method) if found.method else None,
        "warnings": [each.name for each in found.warnings],
        "baselines": [_baseline(found, each) for each in found.findings],
        "crossings": [_crossing(found, each) for each in found.crossings],
        "embedded": found.embedded,
        "sentence": found.sentence,
        "cached": found.cached,
        "seconds": round(found.seconds, 4),
        "text": "\n".join(_lines(found)),
    }


def derive(args: Args) -> Outcome:
    library = Library()
    spec = DeriveSpec(tuple(args.steps.split(",")), args.size, args.quality)
    made = audit_derive.derive(library, library.get(args.set), spec, args.name, common.listener(args))
    text = f"{made.name}: {counted(len(made), 'image')} of {args.set}, {spec.words}"
    return {"name": made.name, "n": len(made), "of": args.set, **asdict(spec), "text": text}


def _baseline(found: Audit, finding: Finding) -> dict[str, Any]:
    row = BASELINES.get(finding.name)
    return {
        **asdict(finding),
        "title": row.title,
        "sees": row.sees,
        "outcome": finding.outcome(found.method),
        "remark": found.remark(finding),
    }


def _crossing(found: Audit, crossing: CrossClassPairs) -> dict[str, Any]:
    """A finding as JSON, with its pairs named by file."""
    files, meaning = found.image_set.files, found.meaning(crossing)
    closest = [
        {**asdict(pair), "first": files[pair.first].name, "second": files[pair.second].name}
        for pair in crossing.pairs
    ]
    return {**asdict(crossing), "pairs": closest, "confound": meaning.confound, "meaning": meaning.words}


def _lines(found: Audit) -> list[str]:
    lines = [f"{found.image_set.name}: {found.sentence}"]
    for finding in found.findings:
        score, p = finding.whole.score, finding.whole.p_value
        value = ""
        if score.value is not None and score.low is not None and score.high is not None and p is not None:
            spread = format_interval(score.low, score.high)
            value = f"{found.score} {score.value:.3f} ({spread}), p {format_p(p)}. "
        lines.append(f"  {BASELINES.get(finding.name).title}: {value}{found.remark(finding)}")
    for crossing in found.crossings:
        between = f"{pairs(crossing.total)}, {' ~ '.join(crossing.classes)}"
        lines.append(f"  {between}: {found.meaning(crossing).words}")
    return [*lines, "p-values are corrected for the number of tests (Holm)."]
