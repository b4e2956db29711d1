"""Notebook files to work on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .samples import Json, entries, notebook


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """Writes a notebook as Jupyter does and returns its path."""

    def save(content: Json | None = None, name: str = "trial.ipynb") -> Path:
        path = tmp_path / name
        given = notebook(*entries()) if content is None else content
        path.write_text(json.dumps(given, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return path

    return save
