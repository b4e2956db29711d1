"""The arrows of CONTRIBUTING's picture are the only imports there are."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import synthnb

ROOT = Path(synthnb.__file__).parent
LEAF_NAMES = [
    "arrow_files",
    "blocks",
    "canonical",
    "clock",
    "display",
    "download",
    "excel",
    "files",
    "frames",
    "identifiers",
    "marks",
    "novelty",
    "optional",
    "origins",
    "packages",
    "progress",
    "random",
    "tables",
]
LEAVES = {"errors", "config", "plugins", "datasets"} | {f"_{name}" for name in LEAF_NAMES}
ALLOWED: dict[str, set[str]] = {
    "recipes": set(),
    "models": {"recipes"},
    "scale": set(),
    "engines": {"models", "recipes", "scale"},
    "evaluation": {"models", "recipes", "scale"},
    "disclosure": {"recipes"},
    "_api": {"engines", "evaluation", "disclosure", "models", "recipes"},
    "widgets": {"_api", "engines", "evaluation", "disclosure", "models", "recipes"},
    "jupyter": {"_api", "widgets", "engines", "evaluation", "disclosure", "models", "recipes"},
    "cli": {"_api", "jupyter", "engines", "evaluation", "disclosure", "models", "recipes"},
}


def room(module: str) -> str:
    """The folder or file right below `synthnb` that a dotted module lies in."""
    return module.split(".")[1] if "." in module else ""


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found |= {node.module} if node.module != "synthnb" else {f"synthnb.{alias.name}" for alias in node.names}
    return {name for name in found if name.startswith("synthnb.")}


MODULES = sorted(p for p in ROOT.rglob("*.py") if p.parent != ROOT or p.stem not in {"__init__", "__main__"})


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_the_picture_allows(path: Path) -> None:
    here = path.relative_to(ROOT).parts[0].removesuffix(".py")
    allowed = LEAVES | {here} | ALLOWED.get(here, set())
    wrong = {name for name in imports(path) if room(name) not in allowed and name != "synthnb.__version__"}
    assert not wrong, f"{here} may import {sorted(allowed)}"


def test_every_room_is_in_the_picture() -> None:
    rooms = {p.name for p in ROOT.iterdir() if p.is_dir() and any(p.glob("*.py"))}
    assert rooms <= set(ALLOWED)


def test_imports_are_absolute() -> None:
    relative = [
        str(p) for p in MODULES for n in ast.walk(ast.parse(p.read_text(encoding="utf-8"))) if isinstance(n, ast.ImportFrom) and n.level
    ]
    assert relative == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_stays_under_600_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 600
