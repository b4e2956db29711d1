"""What the lab extension's package says, where it could drift from the Python package or the outside."""

from __future__ import annotations

import json
from pathlib import Path

import synthnb

FOLDER = Path(__file__).parents[2] / "labextension"


def test_the_version_is_that_of_the_python_package() -> None:
    assert json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["version"] == synthnb.__version__


def test_the_lock_file_names_no_host() -> None:
    assert "http" not in (FOLDER / "yarn.lock").read_text(encoding="utf-8")
