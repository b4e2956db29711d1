"""Settings: where each comes from, and what is refused."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from synthnb import config_context, get_config
from synthnb.config import Config
from synthnb.errors import OptionError


def test_the_environment_sets_each_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_MINIMUM_CELL", "5")
    monkeypatch.setenv("SYNTHNB_DEBUG", "yes")
    monkeypatch.setenv("SYNTHNB_PROGRESS_AFTER", "0.5")
    assert (get_config().minimum_cell, get_config().debug, get_config().progress_after) == (5, True, 0.5)


def test_a_context_goes_before_the_environment_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_MINIMUM_CELL", "5")
    with config_context(minimum_cell=7), config_context(debug=True) as inner:
        assert (inner.minimum_cell, inner.debug) == (7, True)
    assert get_config().minimum_cell == 5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"minimum_cel": 5}, r"Did you mean 'minimum_cell'\?"),
        ({"minimum_cell": "five"}, "minimum_cell must be of type int; got 'five'"),
        ({"minimum_cell": True}, "minimum_cell must be of type int; got True"),
        ({"minimum_cell": 0}, "minimum_cell must be at least 1; got 0"),
        ({"preview_rows": -1}, "preview_rows must be at least 0; got -1"),
    ],
)
def test_a_wrong_setting_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message), config_context(**changes):
        pass


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_PREVIEW_ROWS", "many")
    with pytest.raises(OptionError, match="SYNTHNB_PREVIEW_ROWS must be of type int; got 'many'"):
        get_config()


def test_each_setting_says_its_variable() -> None:
    import inspect

    source = inspect.getsource(Config)
    assert all(f"``SYNTHNB_{field.name.upper()}``" in source for field in fields(Config))
