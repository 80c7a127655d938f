"""No page goes round the workspace (core/service/workspace.py), and nothing of a page has an address."""

import ast
from pathlib import Path

from tests.support.samples import ROOT
from tests.unit.architecture.tree import files

OPENERS = {
    "Library": "core.images.library",
    "Store": "core.store",
    "Engine": "core.engine",
    "Workspace": "core.service.workspace",
    "Incoming": "core.images.sources.uploads",
}
DOORS = {
    "run_log": {"record", "ranked_runs", "all_runs"},
    "queue": {"start", "find", "cancel", "recent", "id_of"},
    "worker": {"work"},
    "paths": {"root", "folder", "base"},
    "users": {"known", "find", "arrived"},
    "sharing": {"read", "write", "shared", "claim"},
}
ALLOWED = {
    ("pages/ui/session/workspace.py", "Store"),
    ("pages/ui/session/workspace.py", "Workspace"),
    ("pages/ui/session/workspace.py", "paths.root"),
    ("pages/10_System.py", "paths.root"),  # shown to administrators
    ("pages/10_System.py", "paths.folder"),  # checkpoints, cleared by administrators
}


def calls(path: Path) -> set[str]:
    """What a file calls of that which opens data."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in OPENERS:
            found.add(called.id)
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            if called.attr in DOORS.get(called.value.id, ()):
                found.add(f"{called.value.id}.{called.attr}")
            if called.attr in OPENERS:
                found.add(called.attr)
    return found


def test_no_page_goes_round_the_workspace() -> None:
    pages = files("app.py", "entrance.py", "pages/**/*.py")
    found = {(path.relative_to(ROOT).as_posix(), call) for path in pages for call in calls(path)}
    print(f"{len(pages)} files of the pages, {len(found)} calls that open data, all of them allowed")
    assert found <= ALLOWED
    assert ("pages/ui/session/workspace.py", "Workspace") in found


def test_no_page_imports_what_opens_data_by_another_name() -> None:
    """``from core.experiments.run_log import record`` would be out of sight of the test above."""
    for path in files("app.py", "entrance.py", "pages/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                module = (node.module or "").rpartition(".")[2]
                assert not [a.name for a in node.names if a.name in DOORS.get(module, ())], path
            names = getattr(node, "names", []) if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            renamed = [a.asname for a in names if a.asname and a.name in {*OPENERS, *DOORS}]
            assert not renamed, f"{path}: {renamed}"


def test_every_page_opens_with_the_frame() -> None:
    """Which asks first who is there: before it there are imports, definitions and constants."""
    for path in files("pages/[0-9]*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            text = ast.unparse(node)
            if text.startswith("page.open_page("):
                break
            quiet = isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef))
            assert quiet or not any(isinstance(each, ast.Call) for each in ast.walk(node)), f"{path}: {text}"
        else:
            raise AssertionError(f"{path} does not open with page.open_page")


def test_nothing_of_a_page_has_an_address() -> None:
    """Streamlit gives these an address that anybody who knows it can fetch."""
    addressed = {"download_button", "image", "audio", "video", "pdf", "logo", "map"}
    for path in files("app.py", "entrance.py", "pages/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "st":
                assert node.attr not in addressed, f"{path}: st.{node.attr}"
