"""Settings: few, each with a type, a default and an environment variable.

``get_config()`` shows them, ``config_context(minimum_cell=5)`` changes some for
a while, and ``SYNTHNB_MINIMUM_CELL=5`` changes one for a process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from synthnb.errors import OptionError, shown

__all__ = ["Config", "config_context", "get_config"]


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings in force."""

    cache_dir: str = ""
    """Where models and data sets are kept; empty for the user's cache folder. ``SYNTHNB_CACHE_DIR``"""
    ledger: str = ".synthnb/ledger.sqlite3"
    """The ledger's file, relative to the working folder; ``off`` for none. ``SYNTHNB_LEDGER``"""
    person: str = ""
    """Who states what only a person can, such as ``Ada Núñez, data steward``; noted with each statement. ``SYNTHNB_PERSON``"""
    signing_key: str = ""
    """Where the private key to sign with is; empty for the user's data folder. ``SYNTHNB_SIGNING_KEY``"""
    preview_rows: int = 5
    """Synthetic rows shown under a generation. ``SYNTHNB_PREVIEW_ROWS``"""
    minimum_cell: int = 11
    """Smallest group for which a figure is shown. ``SYNTHNB_MINIMUM_CELL``"""
    budget: str = ""
    """Where privacy budgets are kept; empty for the user's data folder. ``SYNTHNB_BUDGET``"""
    model: str = "local"
    """The language model used where none is named. ``SYNTHNB_MODEL``"""
    server: str = ""
    """Base address of an OpenAI-compatible server, such as ``http://localhost:8000/v1``. ``SYNTHNB_SERVER``"""
    calls: str = ".synthnb/calls.sqlite3"
    """Where the replies of language models are kept, relative to the working folder; ``off`` for nowhere. ``SYNTHNB_CALLS``"""
    hosted_rows: bool = False
    """Real rows may go to a model off this machine, where the call allows it too. ``SYNTHNB_HOSTED_ROWS``"""
    watts_per_core: float = 12.0
    """What a busy core draws, for the estimate of a local model's energy. ``SYNTHNB_WATTS_PER_CORE``"""
    policy: str = ""
    """The institution's policy, a file's path; a project's ``synthnb.toml`` can only make it stricter. ``SYNTHNB_POLICY``"""
    progress_after: float = 2.0
    """Seconds of work after which a progress bar appears. ``SYNTHNB_PROGRESS_AFTER``"""
    debug: bool = False
    """Show whole traces instead of one-line errors. ``SYNTHNB_DEBUG``"""

    def __post_init__(self) -> None:
        for field in fields(self):
            _check(field.name, getattr(self, field.name), field.default)

    def cache_path(self) -> Path:
        """The folder where models and data sets are kept (not created here)."""
        if self.cache_dir:
            return Path(self.cache_dir).expanduser()
        from platformdirs import user_cache_path

        return user_cache_path("synthnb")


_LEAST = {"minimum_cell": 1}
"""The least value of a number, where it isn't 0."""
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}
_context: ContextVar[dict[str, Any] | None] = ContextVar("synthnb_config", default=None)


def _check(name: str, value: Any, default: Any) -> None:
    """Refuse a setting of another type than its default's, or a number that is too small."""
    kind = type(default)
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise OptionError(f"{name} must be of type {kind.__name__}; got {shown(value)}.", fix="Correct the setting.")
    least = _LEAST.get(name, 0)
    if kind in {int, float} and value < least:
        raise OptionError(f"{name} must be at least {least}; got {shown(value)}.", fix="Correct the setting.")


def _parse(name: str, text: str, default: object) -> object:
    """Read one environment variable as the type of its default."""
    try:
        if isinstance(default, bool):
            if text.lower() in _TRUE | _FALSE:
                return text.lower() in _TRUE
            raise ValueError(text)
        return text if isinstance(default, str) else int(text) if isinstance(default, int) else float(text)
    except ValueError:
        raise OptionError(
            f"SYNTHNB_{name.upper()} must be of type {type(default).__name__}; got {shown(text)}.", fix="Correct or unset the variable."
        ) from None


def get_config() -> Config:
    """Return the settings in force: defaults, then the environment, then any ``config_context``."""
    from_environment: dict[str, Any] = {
        field.name: _parse(field.name, os.environ[variable], field.default)
        for field in fields(Config)
        if (variable := f"SYNTHNB_{field.name.upper()}") in os.environ
    }
    return replace(Config(), **(from_environment | (_context.get() or {})))


@contextmanager
def config_context(**changes: Any) -> Iterator[Config]:
    """Change some settings inside a ``with`` block.

    Raises
    ------
    OptionError
        A setting of that name doesn't exist.
    """
    names = [field.name for field in fields(Config)]
    for name in changes:
        if name not in names:
            raise OptionError.from_choice("A setting", name, names)
    token = _context.set((_context.get() or {}) | changes)
    try:
        yield get_config()
    finally:
        _context.reset(token)
