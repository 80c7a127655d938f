"""The modules of the project and what each imports, read from the syntax tree; nothing is imported for it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.samples import ROOT

TOPS = ("core", "pages", "demo")


def files(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def package_of(path: Path) -> str:
    """The folder as a dotted name; modules that lie in ``core`` itself count as packages of their own."""
    folder = ".".join(path.relative_to(ROOT).parts[:-1])
    return module_of(path) if folder == "core" and path.name != "__init__.py" else folder


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


def under(names: set[str], *packages: str) -> set[str]:
    return {name for name in names if any(name == p or name.startswith(f"{p}.") for p in packages)}


MODULES = {module_of(path): path for path in files(*(f"{top}/**/*.py" for top in TOPS))}


def targets(path: Path) -> set[str]:
    """The project's modules that a file imports: of ``from core.x import y`` the deepest that is one."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else str(node.module) for name in full}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name in MODULES and MODULES[name] != path}


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Every circle that a walk along the arrows runs into, each as the names on its way."""
    found: list[list[str]] = []
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> None:
        if name in way:
            found.append([*way[way.index(name) :], name])
        elif name not in done:
            for other in sorted(arrows.get(name, ())):
                walk(other, [*way, name])
            done.add(name)

    for name in sorted(arrows):
        walk(name, [])
    return found
