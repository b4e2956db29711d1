"""Notebook files to work on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from synthnb._api.signing import new_signing_key

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


@pytest.fixture
def key(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A signing key of one's own, outside the project."""
    path = tmp_path_factory.mktemp("key") / "signing-key.pem"
    monkeypatch.setenv("SYNTHNB_SIGNING_KEY", str(path))
    new_signing_key()
    return path
