"""``audit`` looks for confounders, ``derive`` makes a data set without them; ``fingerprint`` shows what a
generator leaves in its images, ``robustness`` whether an answer survives what happens to files."""

import argparse
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from core.attribution.fingerprint_pictures import difference_picture, picture
from core.attribution.fingerprints import Fingerprint, Fingerprints, fingerprints
from core.audit import derive as audit_derive
from core.audit.baselines import BASELINES
from core.audit.blind_scores import Finding
from core.audit.near_duplicates import CrossClassPairs
from core.audit.pipeline import Audit, Auditor, best_result
from core.audit.robustness import AS_IS, VARIANTS, Disturbed, Row
from core.audit.text import pairs
from core.audit.transforms import STEPS, DeriveSpec
from core.cli import common
from core.cli.common import Args, Outcome
from core.extraction.embedder import Embedder
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


def fingerprint_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("set", help="data set with labelled generators")
    sub.add_argument("--out", type=Path, metavar="DIR", help="write pictures for a slide into this folder")


def robustness_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("set", help="data set, of generators that are known at best")
    sub.add_argument(
        "--steps",
        metavar="S,..",
        default=",".join(VARIANTS),
        help=f"what the images go through (default: all): {', '.join(VARIANTS)}",
    )
    sub.add_argument(
        "--k", default="known", help="number of clusters; known: one per labelled generator; auto: as found"
    )
    common.add_features(sub)


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


def fingerprint(args: Args) -> Outcome:
    library = Library()
    image_set = library.get(args.set)
    found = fingerprints(Store(), library, image_set, common.listener(args))
    pictures = _pictures(found, args.out) if args.out else []
    return {
        "set": image_set.name,
        "shape": list(found.shape),
        "generators": [_fingerprint(each) for each in found.generators],
        "differences": [
            {
                "first": pair.first,
                "second": pair.second,
                "p_value": pair.p_value,
                "value": _digits(pair.difference.value),
                "point_band": _digits(pair.difference.point),
                "band": _digits(pair.difference.band),
                "words": pair.words,
            }
            for pair in found.pairs
        ],
        "pictures": [str(path) for path in pictures],
        "cached": found.cached,
        "notes": list(found.notes),
        "text": "\n".join(
            [
                *(each.words for each in found.generators),
                *(pair.words for pair in found.pairs),
                *found.notes,
                *(f"written: {path}" for path in pictures),
            ]
        ),
    }


def _fingerprint(found: Fingerprint) -> dict[str, Any]:
    """Mean residual and spectra are in the pictures; here is what they come to."""
    return {
        "generator": found.generator,
        "n": found.n,
        "grid_period": found.period,
        "residual_deviation": round(float(found.residuals.mean.std()), 6),
        "radial_spectrum": _digits(found.residuals.radial.mean(0)),
        "peaks": [
            {**asdict(peak), "period": round(peak.period, 6), "z": round(peak.z, 3)} for peak in found.peaks
        ],
        "words": found.words,
    }


def _digits(values: np.ndarray) -> list[float]:
    return [round(float(value), 6) for value in values]


def _pictures(found: Fingerprints, folder: Path) -> list[Path]:
    drawn = {f"fingerprint-{each.generator}": picture(each) for each in found.generators}
    drawn |= {f"difference-{each.first}-{each.second}": difference_picture(each) for each in found.pairs}
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, image in drawn.items():
        plain = re.sub(r"[^\w.-]+", "-", name)
        path = folder / f"{plain}.png"
        if path in written:  # of names that differ only in characters that no file may have
            path = folder / f"{plain}-{len(written) + 1}.png"
        image.save(path)
        written.append(path)
    return written


def robustness(args: Args) -> Outcome:
    store, library = Store(), Library()
    image_set = library.get(args.set)
    embedder = Embedder(store, library, common.effort(args), common.listener(args))
    disturbed = Disturbed(embedder, image_set, common.feature_spec(args))
    rows, cached = disturbed.rows([step for step in args.steps.split(",") if step], common.parse_k(args.k))
    auditing = Auditor(store, library, listener=common.listener(args))
    confounds = auditing.audit(image_set, best_result(auditing.results(image_set))).sentence
    return {
        "set": image_set.name,
        "n": len(disturbed.files),
        "against": disturbed.against,
        "rows": [asdict(row) for row in rows],
        "confounds": confounds,
        "cached": cached,
        "notes": list(disturbed.notes),
        "text": "\n".join(
            [
                f"{image_set.name}: {counted(len(disturbed.files), 'image')}, ARI with {disturbed.against}",
                *(f"  {_in_words(row)}" for row in rows),
                *disturbed.notes,
                f"Confounders: {confounds}",
            ]
        ),
    }


def _in_words(row: Row) -> str:
    part = "" if row.step == AS_IS else ", all images" if row.share == 1 else ", half of the images"
    told = f"{row.words}{part}: ARI {row.ari:.3f} at k = {row.k}, {counted(row.k_found, 'group')} found"
    if row.accuracy is None or row.against_clean is None:
        return told
    return f"{told}, {row.accuracy:.1%} identified, {row.against_clean:.1%} against untouched images"


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
