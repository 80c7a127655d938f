"""The section of a dossier's page that says what was tested, how, and what came of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.release.dossier.chart import auc_chart
from core.release.dossier.elements import (
    escaped,
    facts,
    interval,
    listed,
    p_words,
    paragraphs,
    share,
    table,
)

LEGEND = (
    "Dots: AUC with 95% interval by patient. 0.5, the dashed line, is chance and 1 tells every used image "
    "from every other."
)
DIAMONDS = " Diamonds: the same attack with the placebo in the generator's place."


def identifiability(found: Mapping[str, Any]) -> str:
    """Its HTML; ``found`` is the object of the same name."""
    return "".join(
        [
            _protocol(found["protocol"]),
            _attacks(found),
            f"<h3>3.3 Exact copies</h3>\n{paragraphs(found['copies']['sentences'])}",
            f"<h3>3.4 Controls and other explanations</h3>\n{paragraphs(found['controls']['sentences'])}",
            _power(found),
            _people(found["people_at_risk"]),
            _scope(found),
        ]
    )


def _protocol(protocol: Mapping[str, Any]) -> str:
    rates = ", ".join(f"{rate:.0%}" for rate in protocol["false_positive_rates"])
    rows = [
        ("Headline attack", f"{protocol['headline_title']} ({protocol['headline']})"),
        ("Reported on", f"{protocol['reported_set']} ({protocol['reported']})"),
        ("Permutations", f"{protocol['permutations']:,}, by {protocol['permuted_by']}"),
        ("Smallest p-value possible", _least(protocol)),
        ("Placebo", f"{protocol['placebo'] or 'none'}; {protocol['placebo_images']:,} images"),
        ("False discovery rate", f"{protocol['false_discovery_rate']:.0%}"),
        ("False alarms allowed", rates),
        ("Random seed", protocol["seed"]),
    ]
    return (
        "<h3>3.1 Protocol</h3>\n" + paragraphs(protocol["sentences"]) + facts("The protocol in figures", rows)
    )


def _least(protocol: Mapping[str, Any]) -> str:
    if protocol["least_p"] is None:
        return "–"
    drawn = 1 / (protocol["permutations"] + 1)
    if protocol["least_p"] > drawn:
        return f"{protocol['least_p']:.2g}, by the number of patient groups"
    return f"{drawn:.4f}, by the number of permutations"


# -- attacks ---------------------------------------------------------------------------------------------


def _attacks(found: Mapping[str, Any]) -> str:
    rows = found["attacks"]
    heading = "<h3>3.2 Attacks that were run</h3>\n"
    not_run = [f"Not run: {each}." for each in found["not_run"]]
    if not rows:
        return heading + paragraphs(["No attack could be scored; the answer above says why.", *not_run])
    p = found["corrected_p"]
    joint = f"All attacks together: p {p_words(p) if p is not None and p < 0.001 else f'= {p_words(p)}'}."
    placebo = any(row["placebo_auc"] is not None for row in rows)
    words = f"<figcaption>{escaped(LEGEND + DIAMONDS * placebo)}</figcaption>"
    drawing = f"<figure>\n{auc_chart(rows)}\n{words}</figure>\n"
    return "".join(
        [
            _kept(heading, paragraphs([joint]), drawing),
            _evidence(rows),
            _why(rows),
            _loss(rows),
            paragraphs(not_run),
        ]
    )


def _kept(*parts: str) -> str:
    """On one sheet of paper."""
    return f'<div class="keep">{"".join(parts)}</div>\n'


def _evidence(rows: Sequence[Mapping[str, Any]]) -> str:
    caption = (
        "Evidence by attack, the most certain first. Corrected p: for all attacks that were tried. The last "
        "two columns: share of used images that are found at so many false alarms, with 95% interval "
        "(Clopper and Pearson 1934)."
    )
    heads = ["Attack", "AUC", "95% interval", "Placebo", "Corrected p", "Found at 1%", "Found at 5%"]
    return table(
        caption,
        heads,
        [
            [
                row["title"] + (" (headline)" if row["headline"] else ""),
                *(f"{row['auc']:.3f}", interval(row["auc_ci"]) or "–"),
                "–" if row["placebo_auc"] is None else f"{row['placebo_auc']:.2f}",
                p_words(row["corrected_p"]),
                share(row["tpr_at_1fpr"], row["tpr_at_1fpr_ci"]),
                share(row["tpr_at_5fpr"], row["tpr_at_5fpr_ci"]),
            ]
            for row in rows
        ],
    )


def _why(rows: Sequence[Mapping[str, Any]]) -> str:
    """Why rates are missing, each reason once."""
    reasons = list(dict.fromkeys(reason for row in rows for reason in row["undefined"]))
    return paragraphs([f"A dash stands where a rate is undefined: {'; '.join(reasons)}."] if reasons else [])


def _loss(rows: Sequence[Mapping[str, Any]]) -> str:
    caption = (
        "Source and size. Advantage: what an attack gains of what control leaves, (attack - control) / (1 - "
        "control), at 5% of control named (Giomi et al. 2023). Privacy loss: lower bound of epsilon, beside "
        "the largest that this sample could have shown (Jagielski et al. 2020)."
    )
    heads = ["Attack", "Source", "Battery", "Advantage", "Epsilon at least", "Could show"]
    return table(
        caption,
        heads,
        [
            [
                *(row["title"], row["source"], "always\u00a0run" if row["battery"] else "asked for"),
                share(row["advantage"], row["advantage_ci"]),
                *(f"{row['epsilon']:.2f}", f"{row['epsilon_largest']:.2f}"),
            ]
            for row in rows
        ],
        3,
    )


# -- the rest --------------------------------------------------------------------------------------------


def _power(found: Mapping[str, Any]) -> str:
    power, caps = found["power"], [each["sentence"] for each in found["caps"]]
    said = "<h3>3.5 What would have been missed</h3>\n" + paragraphs(power["sentences"])
    if power["measured"]:
        said += table(
            "Planted copies: how often the attacks found them",
            ["Share of the used images copied", "Found"],
            [[f"{part:.0%}", f"{hits:.0%}"] for part, hits in power["found"]],
        )
    if caps:
        said += paragraphs(["What was counted zero times is a cap, not zero:"]) + listed(caps)
    return said


def _people(people: Mapping[str, Any]) -> str:
    rows = [
        ("Real images named", f"{people['images']:,}"),
        ("Patient groups named", f"{people['groups']:,}"),
        ("Of the images, exact copies", f"{people['exact_copies']:,}"),
        ("Of the images, labelled “not used”", f"{people['labelled_not_used']:,}"),
        ("Compared with", f"{people['calibrated_on']:,} images that were not used"),
    ]
    said = "<h3>3.6 People at risk</h3>\n" + paragraphs(people["sentences"]) + facts("By number", rows)
    if people["named"]:
        said += table(
            "By name: patient groups",
            ["Patient group", "p-value", "Images named", "Of"],
            [[e["group"], p_words(e["p_value"]), e["images"], e["of"]] for e in people["group_list"]],
        )
        said += table(
            "By name: real images",
            ["Image", "Patient group", "Labelled", "p-value", "Exact copy"],
            [
                [
                    *(e["name"], e["group"] or "unknown", e["role"].replace("_", " ")),
                    *(p_words(e["p_value"]), "yes" if e["copy"] else "no"),
                ]
                for e in people["list"]
            ],
            3,
        )
    return said


def _scope(found: Mapping[str, Any]) -> str:
    rows = [[each["name"], each["question"], "not\u00a0run"] for each in found["out_of_scope"]]
    return (
        "<h3>3.7 What was tested, and what was not</h3>\n"
        + paragraphs([found["in_scope"]])
        + table(
            "Tests of EDPB Opinion 28/2024, paragraph 55, that were not run",
            ["Test", "Question", "State"],
            rows,
            3,
        )
        + paragraphs([found["not_a_pass"]])
    )
