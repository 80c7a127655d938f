"""The plan of the house keeps itself: imports run one way (design.md, Rooms)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.samples import ROOT

STAGES = (
    *("reduction", "clustering", "scores", "projection", "features", "regions", "membership"),
    "reconstruction",
)
SCREENS = {"streamlit", "plotly"}


def files(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def imported(path: Path) -> set[str]:
    """Dotted names of all that a file imports, at its top or within a function."""

    def names(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)

    return {name for node in ast.walk(ast.parse(path.read_text("utf-8"))) for name in names(node)}


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def under(names: set[str], *packages: str) -> set[str]:
    return {name for name in names if any(name == p or name.startswith(f"{p}.") for p in packages)}


def stage_of(path: Path) -> str | None:
    room = path.relative_to(ROOT / "core").parts[0].removesuffix(".py")
    return room if room in STAGES else None


CORE = files("core/**/*.py")


def test_there_is_something_to_check() -> None:
    assert {stage_of(path) for path in CORE} >= set(STAGES)


@pytest.mark.parametrize("path", CORE, ids=named)
def test_core_knows_no_screen_and_nobody_outside(path: Path) -> None:
    """But for the verb ``demo``, which installs what the room of that name holds."""
    outside = under(imported(path), *SCREENS, "app", "pages", "demo", "tests")
    assert outside <= ({"demo.install", "demo.install.install"} if path.name == "cli.py" else set())


@pytest.mark.parametrize("path", [path for path in CORE if stage_of(path)], ids=named)
def test_a_stage_knows_neither_the_store_nor_another_stage(path: Path) -> None:
    others = {f"core.{stage}" for stage in STAGES if stage != stage_of(path)}
    rooms = {
        *("core.store", "core.embedding", "core.stages", "core.pipeline", "core.training_data"),
        *("core.measuring", "core.judging", "core.evidence", "core.reconstructing"),
        *("core.jobs", "core.cli", "core.trail", "core.cluster", "core.engine", "core.grid", "core.sweep"),
        *("core.runs", "core.comparison", "core.auditing", "core.deriving", "core.submission"),
        *("core.repairing", "core.gate"),
    }
    assert not under(imported(path), *others, *rooms)


ABOVE = ("sweep", "runs", "comparison", "trail", "grid", "auditing", "deriving", "jobs", "repairing", "gate")


@pytest.mark.parametrize("path", CORE, ids=named)
def test_what_answers_knows_nobody_that_asks(path: Path) -> None:
    """One door: engine.py and all below it know neither sweeps nor runs, logs, comparisons and audits."""
    room = path.relative_to(ROOT / "core").parts[0].removesuffix(".py")
    if room in ABOVE or room.startswith(("cli", "__main__")) or room in ("paper", "audit", "submission"):
        return
    assert not under(imported(path), *(f"core.{each}" for each in ABOVE))


def test_the_store_knows_no_stage() -> None:
    for path in files("core/store/*.py"):
        assert not under(imported(path), *(f"core.{stage}" for stage in STAGES), "core.images")


def test_only_pages_and_their_entrance_draw() -> None:
    allowed = {*files("app.py", "entrance.py", "pages/*.py", "pages/ui/**/*.py"), *files("tests/**/*.py")}
    others = set(files("*.py", "pages/**/*.py", "demo/**/*.py")) - allowed
    assert not [path for path in others if under(imported(path), *SCREENS)]


def test_pages_ui_knows_no_page() -> None:
    """app, pages -> pages.ui -> core, and never back."""
    for path in files("pages/ui/**/*.py"):
        pages = {name for name in under(imported(path), "pages") if not under({name}, "pages.ui")}
        assert pages <= {"pages"}
        assert not under(imported(path), "app", "tests")


@pytest.mark.parametrize("heavy", ["torch", "torchvision", "umap", "openvino", "sklearn", "distributed"])
def test_no_heavy_library_is_imported_at_the_top(heavy: str) -> None:
    """A page whose results are cached imports none of these; only the networks' own module needs torch."""
    for path in CORE:
        top = ast.parse(path.read_text("utf-8")).body
        names = {
            alias.name if isinstance(node, ast.Import) else node.module or ""
            for node in top
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
        }
        assert path.name == "networks.py" or not under(names, heavy)
