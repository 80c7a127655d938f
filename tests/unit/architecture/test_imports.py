"""Imports run downwards only: every package has its place in the order below, and no arrow goes up or round.

The packages are those of the tree. One that is new fails the first test until somebody gives it a place.
"""

import ast
from pathlib import Path

import pytest

from tests.unit.architecture.tree import (
    MODULES,
    circles,
    files,
    imported,
    module_of,
    named,
    package_of,
    targets,
    under,
)

# From the top to the bottom. What stands in one line does not know each other.
ORDER = (
    ("pages",),
    ("pages.ui.report",),
    (
        *("pages.ui.attribution", "pages.ui.membership", "pages.ui.sweep", "pages.ui.compare"),
        *("pages.ui.paper", "pages.ui.audit", "pages.ui.runs", "pages.ui.data", "pages.ui.system"),
        "pages.ui.release",
    ),
    ("pages.ui.background", "pages.ui.layout", "pages.ui.server"),
    ("pages.ui.widgets",),
    ("pages.ui.session",),
    ("pages.ui",),
    ("core.__main__",),
    ("core.cli.generators",),
    ("core.cli",),
    ("core.service",),
    ("core.jobs",),
    ("core.release.dossier",),
    ("core.release",),
    ("core.release.attacks",),
    ("core.audit", "core.paper"),
    ("core.experiments",),
    ("core.engine",),
    ("core.membership.reconstruction", "core.attribution", "core.battery"),
    ("core.membership",),
    ("core.membership.sets",),
    ("core.stages",),
    ("core.extraction",),
    ("core.features",),
    ("core.features.custom",),
    ("core.features.pretrained", "core.images.importing"),
    ("core.fidelity", "core.images.sources"),
    ("core.images.formats", "core.regions", "core.store", "core.clustering"),
    ("core.images", "core.inference"),
    ("core.access", "core.numeric", "core.sandbox"),
    ("core.config", "core.memoize", "core.types"),
    ("core.files", "core.hashing", "core.paths", "core.progress", "core.registry", "core.wording"),
    ("core.errors",),
    ("core",),
)
PLACE = {package: place for place, line in enumerate(ORDER) for package in line}
CORE = files("core/**/*.py")
PAGES = files("pages/**/*.py")
SCREENS = {"streamlit", "plotly"}
LONGEST = 300  # lines of a module
LARGEST = 15  # modules of a package


def arrows_between_packages() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {package: set() for package in PLACE}
    for path in (*CORE, *PAGES):
        own = package_of(path)
        others = {package_of(MODULES[name]) for name in targets(path)} - {own}
        found[own] |= {other for other in others if not other.startswith("demo")}
    return found


def test_every_package_has_its_place_and_no_other_has_one() -> None:
    assert sorted(PLACE) == sorted({package_of(path) for path in (*CORE, *PAGES)})


def test_no_arrow_runs_up_or_sideways() -> None:
    arrows = arrows_between_packages()
    for line in ORDER:
        print("  ".join(line))
    print(f"{len(arrows)} packages, {sum(map(len, arrows.values()))} arrows, all of them downwards")
    wrong = [
        f"{package} -> {other}"
        for package, others in arrows.items()
        for other in others
        if PLACE[other] <= PLACE[package]
    ]
    assert not wrong


def test_no_circle_of_packages_or_of_files() -> None:
    """But for demo's generators, whose package offers what its modules hold."""
    assert not circles(arrows_between_packages())
    modules = {module_of(path): targets(path) for path in (*CORE, *PAGES)}
    assert not circles(modules)


def test_a_circle_and_an_arrow_upwards_would_be_seen() -> None:
    """The tests above can fail: three modules that import each other in a ring are one circle."""
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == [["a", "b", "c", "a"]]
    assert not circles({"a": {"b", "c"}, "b": {"c"}})


def test_the_two_questions_do_not_know_each_other() -> None:
    for question, other in (("attribution", "membership"), ("membership", "attribution")):
        for path in files(f"core/{question}/**/*.py"):
            assert not under(imported(path), f"core.{other}"), path


ARITHMETIC = files(
    *("core/clustering/*.py", "core/regions/*.py", "core/numeric/*.py", "core/sandbox/*.py"),
    "core/fidelity/*.py",
    *(f"core/features/{name}.py" for name in ("catalog", "descriptors", "extract")),
    *(f"core/membership/{name}.py" for name in ("distances", "decision_rules", "metrics", "f1_over_k")),
    *(
        "core/membership/model_selection.py",
        "core/membership/intervals.py",
        "core/membership/reconstruction/error_maps.py",
    ),
    "core/membership/reconstruction/autoencoder.py",
)


@pytest.mark.parametrize("path", ARITHMETIC, ids=named)
def test_arithmetic_knows_neither_the_store_nor_the_library(path: Path) -> None:
    """Arrays in, arrays out: what is kept, and where images lie, is the business of those that call it."""
    assert not under(imported(path), "core.store", "core.images.library", "core.extraction", "core.stages")


def test_numbers_and_sandbox_know_nothing_of_images() -> None:
    for path in files("core/numeric/*.py", "core/sandbox/*.py"):
        assert not under(imported(path), "core.images", "core.types", "core.config"), path


@pytest.mark.parametrize("path", CORE, ids=named)
def test_core_knows_no_screen_and_nobody_outside(path: Path) -> None:
    """But for the verb ``demo``, which installs what the package of that name holds."""
    outside = under(imported(path), *SCREENS, "app", "pages", "demo", "tests")
    verb_demo = {"demo.install", "demo.install.install"} if named(path) == "core/cli/sets.py" else set()
    assert outside <= verb_demo


def test_only_pages_and_their_entrance_draw() -> None:
    others = files("demo/**/*.py")
    assert not [path for path in others if under(imported(path), *SCREENS)]


def test_pages_ui_knows_no_page() -> None:
    """app, pages -> pages.ui -> core, and never back."""
    for path in files("pages/ui/**/*.py"):
        pages = {name for name in under(imported(path), "pages") if not under({name}, "pages.ui")}
        assert pages <= {"pages"}
        assert not under(imported(path), "app", "tests")


HEAVY = ("torch", "torchvision", "umap", "openvino", "sklearn", "distributed")
NEEDS_TORCH = "core/features/pretrained/torch_models.py", "core/membership/reconstruction/autoencoder.py"


@pytest.mark.parametrize("heavy", HEAVY)
def test_no_heavy_library_is_imported_at_the_top(heavy: str) -> None:
    """A page whose results are cached imports none of these; only the networks' own modules need torch."""
    for path in CORE:
        top = ast.parse(path.read_text("utf-8")).body
        names = {
            alias.name if isinstance(node, ast.Import) else node.module or ""
            for node in top
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
        }
        assert named(path) in NEEDS_TORCH or not under(names, heavy), path


def test_modules_and_packages_stay_small() -> None:
    lines = {named(path): len(path.read_text("utf-8").splitlines()) for path in MODULES.values()}
    assert not {name: count for name, count in lines.items() if count > LONGEST}
    packages = [package_of(path) for path in MODULES.values()]
    assert not {package for package in packages if packages.count(package) > LARGEST}
