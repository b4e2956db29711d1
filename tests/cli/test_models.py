from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from synthnb._packages import is_there
from synthnb.cli.models import models
from synthnb.errors import OptionError, SynthnbError
from synthnb.models.downloads import DOWNLOADS


def run(*arguments: str) -> str:
    result = CliRunner().invoke(models, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_list_says_what_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_CACHE_DIR", str(tmp_path))
    rows = {line.split()[0]: line.split() for line in run("list").splitlines()}
    assert rows["smollm2-135m"][1:6] == ["no", "98.4", "MB", "Apache-2.0", "4,096"]
    assert rows["echo"][1] == "yes"


def test_pull_of_what_is_there_says_so() -> None:
    if not is_there(DOWNLOADS["smollm2-135m"].pinned):
        pytest.fail("The embedded model's weights aren't in the cache. Run: synthnb models pull smollm2-135m")
    assert "SmolLM2-135M-Instruct (Q4_1) is already there" in run("pull", "local")


def test_pull_shows_size_and_licence_and_checks_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    result = CliRunner().invoke(models, ["pull", "smollm2-135m", "--from", str(tmp_path / "model.gguf")])
    assert "98.4 MB from a file, licence Apache-2.0. Weights by Hugging Face" in result.output
    assert isinstance(result.exception, SynthnbError)


def test_pull_of_an_unknown_model_is_refused() -> None:
    with pytest.raises(OptionError, match="must be one of smollm2-135m, local"):
        run("pull", "gpt")


def test_path_is_where_the_weights_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_CACHE_DIR", str(tmp_path))
    assert run("path", "local").strip() == str(tmp_path / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf")
