from __future__ import annotations

from pathlib import Path

import pytest

from synthnb.errors import OptionError, SynthnbError
from synthnb.models.downloads import DOWNLOADS, pull


def test_pulling_what_is_there_returns_its_path(weights: Path) -> None:
    assert pull("smollm2-135m") == pull("local") == weights


def test_a_model_that_cannot_be_pulled_is_refused_with_the_choices() -> None:
    with pytest.raises(OptionError, match=r"must be one of smollm2-135m, local; got 'smollm2'.*Did you mean 'smollm2-135m'"):
        pull("smollm2")


def test_pulling_from_a_file_checks_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    with pytest.raises(SynthnbError, match=r"'model.gguf' doesn't hold SmolLM2-135M-Instruct \(Q4_1\) with the pinned sha256"):
        pull("local", file=tmp_path / "model.gguf")


def test_pulling_from_the_weights_copies_them(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_CACHE_DIR", str(tmp_path))
    assert pull("local", file=weights).stat().st_size == DOWNLOADS["smollm2-135m"].pinned.member_size
