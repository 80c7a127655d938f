"""A dossier as one page that requests nothing and runs nothing, for the screen and for paper.

The page is a function of the JSON object alone, which it holds as well: so both can be checked together.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.release.dossier import elements
from core.release.dossier.assessed import identifiability
from core.release.dossier.elements import escaped, facts, listed, number, paragraphs, table
from core.release.dossier.reading import CLOSING, OPENING
from core.release.dossier.style import CSS, POLICY
from core.release.result import FOUND, NOT_FOUND

KINDS: Mapping[str, str] = {FOUND: " found", NOT_FOUND: " missed"}
FIGURES: Mapping[str, str] = {
    "mmd": "Maximum mean discrepancy (KID), unbiased; 0 is best",
    "frechet": "Frechet distance; smaller is better",
    "precision": "Precision: generated images that look real",
    "recall": "Recall: real variety that is covered",
    "density": "Density: how many real images are near",
    "coverage": "Coverage: real images with a generated one near",
}
SETTINGS: Mapping[str, str] = {
    "headline": "Headline attack",
    "attacks": "Further attacks",
    "rate": "False discovery rate",
    "context": "Context",
    "reference": "Reference set",
    "seed": "Random seed",
}


def page(body: Mapping[str, Any]) -> str:
    """The whole file. Raises KeyError, TypeError, ValueError and the like for what is no dossier."""
    names = [each["name"] for each in body["data"]["sets"] if each["part"] != "reference"]
    title = f"Release dossier: {', '.join(names)}"
    sections = "".join(
        f'<section aria-labelledby="{anchor}">\n'
        f'<h2 id="{anchor}">{escaped(heading)}</h2>\n{content}</section>\n'
        for anchor, heading, content in (
            ("answer", "Question and answer", _answer(body)),
            ("context", "1 Context", paragraphs(_context(body["context"]))),
            ("data", "2 Data", _data(body["data"])),
            ("identifiability", "3 Identifiability assessment", identifiability(body["identifiability"])),
            ("mitigation", "4 Mitigation", _mitigation(body["mitigation"])),
            ("governance", "5 Governance", _governance(body)),
        )
    )
    drawn = f"Drawn up on {body['drawn_up']}. " if body["drawn_up"] else ""
    data = escaped(json.dumps(body, indent=1, allow_nan=False))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width">
<title>{escaped(title)}</title>
<style>{CSS}</style>
</head>
<body>
<header>
<h1>{escaped(title)}</h1>
<p class="quiet">{escaped(drawn)}Sections after {escaped(body["headings_after"])}. Schema \
{escaped(body["schema"])}, made by Imprint {escaped(body["governance"]["versions"]["imprint"])}.</p>
</header>
<main>
{sections}</main>
{OPENING}{data}{CLOSING}
</body>
</html>
"""


def _answer(body: Mapping[str, Any]) -> str:
    names = [each["name"] for each in body["data"]["sets"]]
    answer, risk = body["answer"], body["identifiability"]["people_at_risk"]
    context = body["context"]["in_words"]
    return (
        paragraphs([body["question"]], "question")
        + f'<div class="answer{KINDS.get(answer["verdict"], "")}"><b>{escaped(answer["in_words"])}</b>'
        + f"{escaped(_beyond(answer, names))}</div>\n"
        + facts(
            "In short",
            [
                ("Context of the release", f"{context[0].upper()}{context[1:]}"),
                ("People at risk", _at_risk(risk)),
                ("Limits", body["governance"]["limits"][0]),
            ],
        )
    )


def _beyond(answer: Mapping[str, Any], names: Sequence[str]) -> str:
    """The sentence without the words that stand above it; a data set's name stays as it is."""
    said: str = answer["sentence"].removeprefix(f"{answer['in_words']}: ")
    return said if said.startswith(tuple(names)) else f"{said[:1].upper()}{said[1:]}"


def _at_risk(risk: Mapping[str, Any]) -> str:
    if not risk["images"] and not risk["groups"]:
        return str(risk["sentences"][0])
    copies = f"{risk['exact_copies']:,} of them" if risk["exact_copies"] else "none of them"
    return f"{risk['groups']:,} patient groups and {risk['images']:,} real images, {copies} by an exact copy"


def _context(context: Mapping[str, Any]) -> list[str]:
    if not context["declared"]:
        return list(context["sentences"])
    return [f"The context was declared as “{context['in_words']}”.", *context["sentences"]]


# -- data ------------------------------------------------------------------------------------------------


def _data(data: Mapping[str, Any]) -> str:
    counts = table(
        "Distinct images by role. Patient groups: of the labelled real images, near-duplicates as one.",
        ["Data set", "Part", "Generated", "Real, used", "Real, not used", "Unlabelled", "Patient groups"],
        [
            [
                *(each["name"], each["part"], f"{each['generated']:,}", f"{each['used']:,}"),
                *(f"{each['not_used']:,}", f"{each['unlabelled']:,}", _groups(each)),
            ]
            for each in data["sets"]
        ],
        2,
    )
    described = "".join(_described(each) for each in data["sets"])
    notes = f"<h3>Notes on the sample</h3>\n{listed(data['notes'])}" if data["notes"] else ""
    return counts + described + notes


def _groups(each: Mapping[str, Any]) -> str:
    if each["part"] == "reference":
        return "–"
    unknown = each["ungrouped"]
    return f"{each['groups']:,}" + (f" ({unknown:,} images of unknown patients)" if unknown else "")


def _described(each: Mapping[str, Any]) -> str:
    origin = each["provenance"]
    formats = [
        f"{kind.replace('_', ' ')}: {', '.join(f'{count:,} × {name}' for name, count in found.items())}"
        for kind, found in origin["formats"].items()
        if found
    ]
    return facts(
        f"{each['name']}: role, provenance as far as it is known, and identity",
        [
            ("Role", each["role"]),
            ("Files", f"{each['files']:,}; {'; '.join(formats)}"),
            ("How scans were shown", origin["view"] or "not recorded, or no scans"),
            ("Pixels, SHA-256", each["content"]),
            ("With labels, SHA-256", each["truth"]),
        ],
    )


# -- mitigation, governance ------------------------------------------------------------------------------


def _mitigation(mitigation: Mapping[str, Any]) -> str:
    tables = "".join(_fidelity(title, found) for title, found in mitigation["fidelity"].items())
    if not tables:
        tables = paragraphs(["It was not measured, as there is no real image to compare with."])
    lead = (
        "Every measure that lowers the risk is weighed against what the images are still worth. The floor is "
        "what one half of the real patients reaches against the other, over several splits. Compare it with "
        "the column beside it, which is of as many images."
    )
    return (
        paragraphs(mitigation["sentences"])
        + "<h3>4.1 What the images are worth</h3>\n"
        + paragraphs([lead])
        + tables
    )


def _fidelity(title: str, found: Mapping[str, Any]) -> str:
    caption = (
        f"Fidelity by {title}: {found['measured_generated']:,} generated and {found['measured_real']:,} real "
        f"images of {found['real_groups']:,} patient groups"
    )
    rows = []
    for score in found["scores"]:
        if score["undefined"]:
            rows.append([FIGURES.get(score["name"], score["name"]), "–", score["undefined"], "", ""])
            continue
        pair = None if score["low"] is None else (score["low"], score["high"])
        rows.append(
            [
                FIGURES.get(score["name"], score["name"]),
                number(score["value"]),
                "" if pair is None else f"{number(pair[0])} to {number(pair[1])}",
                *(number(score[each]["mean"]) if score[each] else "–" for each in ("same_size", "floor")),
            ]
        )
    heads = ["Figure", "All images", "95% interval", "At the floor's size", "Floor"]
    return table(caption, heads, rows)


def _governance(body: Mapping[str, Any]) -> str:
    governance = body["governance"]
    return (
        "<h3>5.1 Limits</h3>\n"
        + listed(governance["limits"])
        + "<h3>5.2 What this dossier does not know, and the data office adds</h3>\n"
        + listed(governance["to_add"])
        + _decision(governance["decision"])
        + _repeat(body)
    )


def _decision(decision: Mapping[str, str]) -> str:
    """Lines to fill in by hand; what is known is printed."""
    labels = {
        "decision": "Decision, and terms",
        "reasons": "Reasons",
        "decided_by": "Name of who decides",
        "date": "Date",
        "signature": "Signature",
    }
    rows = [(label, decision[name]) for name, label in labels.items()]
    lead = paragraphs(["A person decides, not this dossier. Empty lines are to be filled in by hand."])
    table_of = elements.facts("Decision on the release", rows, "sign")
    return f'<div class="keep"><h3>5.3 Decision</h3>\n{lead}{table_of}</div>\n'


def _repeat(body: Mapping[str, Any]) -> str:
    governance = body["governance"]
    config = governance["run"]["config"]
    rows = [
        *((SETTINGS.get(name, name), _setting(value)) for name, value in config.items()),
        ("Time taken", f"{governance['run']['seconds']:.0f} s, with what was kept of earlier steps"),
        ("Versions", ", ".join(f"{name} {value}" for name, value in governance["versions"].items())),
    ]
    how = (
        "To check this file, run the command below where the data sets are, under whatever names. It tests "
        "the hash, computes the assessment again, and reports every number that differs."
    )
    rule = "SHA-256 of this dossier's data but for this hash, as JSON with sorted keys, no spaces, in ASCII:"
    return (
        "<h3>5.4 How it is repeated and checked</h3>\n"
        + facts("Configuration and versions; the hashes of the data sets are in section 2", rows)
        + paragraphs([how])
        + '<p class="hash"><code>python -m core release verify FILE</code></p>\n'
        + f'<div class="keep">{paragraphs([rule])}'
        + f'<p class="hash"><code>{escaped(body["sha256"])}</code></p></div>\n'
    )


def _setting(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
