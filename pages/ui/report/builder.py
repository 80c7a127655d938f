"""A run or a comparison as one self-contained HTML file, to read, print and share offline.

One result makes the report of a run, several that of a comparison. Numbers, charts and texts are those of the
pages.
"""

from collections.abc import Sequence
from datetime import datetime

from core import __version__
from core.attribution.pipeline import Attribution
from core.engine import Answer, Engine
from core.experiments import run_file
from core.membership.reconstruction.attack import Reconstruction
from core.types import ImageSet
from pages.ui.report import attribution, comparison, document, membership, parts


def build(engine: Engine, sets: Sequence[ImageSet], answers: Sequence[Answer]) -> str:
    """The whole HTML file. Raises BadChoice where the results can't be compared."""
    title = _title(sets, answers)
    made = f"Made on {datetime.now().astimezone():%d %B %Y, %H:%M %Z} with Imprint {__version__}."
    head = parts.heading(title, 1) + parts.words(_question(answers), made, kind="quiet")
    return document.page(title, head + _body(engine, sets, answers) + _again(sets, answers))


def _title(sets: Sequence[ImageSet], answers: Sequence[Answer]) -> str:
    about = f"{sets[1].name}, selected on {sets[0].name}" if len(sets) > 1 else sets[0].name
    kind = "Generators" if isinstance(answers[0], Attribution) else "Training data"
    several = f", {len(answers)} configurations" if len(answers) > 1 else ""
    return f"{kind}{several}: {about}"


def _question(answers: Sequence[Answer]) -> str:
    if isinstance(answers[0], Attribution):
        return "Model attribution: which generator made each image?"
    if len(answers) == 1 and isinstance(answers[0], Reconstruction):
        return (
            "Which slices was the generator trained on? Reconstruction attack: an autoencoder trained on "
            "its images."
        )
    return "Membership inference attack: which slices was the generator trained on?"


def _body(engine: Engine, sets: Sequence[ImageSet], answers: Sequence[Answer]) -> str:
    if len(answers) > 1:
        return comparison.body(engine, sets, answers)
    answer = answers[0]
    if isinstance(answer, Attribution):
        return attribution.body(engine, sets[0], answer)
    return membership.body(engine, sets, answer)


def _again(sets: Sequence[ImageSet], answers: Sequence[Answer]) -> str:
    """The run files, and how to reproduce the numbers."""
    several = len(answers) > 1
    names = [f"run-{name}.json" for name in comparison.names_of(answers)] if several else ["run.json"]
    said = (
        "To reproduce: save the run file, import the same images under any name, and run the command below. "
        "It compares the numbers."
    )
    command = f"<p><code>python -m core run {parts.escaped(names[0])}</code></p>\n"
    files = [
        parts.attached(run_file.make_run(sets, answer).text(), name, f"Run file {name}")
        for name, answer in zip(names, answers, strict=True)
    ]
    return parts.section("Reproduce", parts.words(said), command, *files)
