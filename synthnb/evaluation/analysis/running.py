"""The user's function run on a frame: what it gave, or that it failed, without a word of its message."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from synthnb._random import generator
from synthnb.errors import SynthnbError
from synthnb.evaluation.analysis.classes import class_name
from synthnb.evaluation.analysis.estimates import Entry, Estimate, Key, read

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.evaluation.analysis.analysis import Analysis
    from synthnb.evaluation.base import Clock

__all__ = ["Outcome", "run"]

_FINITE = 0.9
T = TypeVar("T")


@dataclass(frozen=True)
class Outcome:
    """What an analysis gave on one frame."""

    entries: dict[Key, Entry]
    """By term."""
    without: int
    """Terms that had no finite value."""
    rows: int
    """How many rows the frame has."""
    warned: tuple[str, ...] = ()
    """Kinds of warnings it gave."""


def run(analysis: Analysis, frame: pd.DataFrame, clock: Clock, *, seed: int, unit: str) -> Outcome | str:
    """Return what the analysis gives on a copy of the frame, or why it gives nothing.

    The messages of its errors and warnings can quote cells, so only their types are kept.
    """
    clock.check()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = _once(analysis, frame)
        if not isinstance(found, str) and analysis.resamples:
            found = _with_errors(analysis, frame, found, clock, np.random.default_rng(generator(seed, "analysis", unit).integers(2**63)))
    if isinstance(found, str):
        return found
    return replace(found, warned=tuple(sorted({class_name(warning.category) or "Warning" for warning in caught})))


def _once(analysis: Analysis, frame: pd.DataFrame) -> Outcome | str:
    given = _attempt(lambda: analysis.function(frame.copy(deep=True)))
    if isinstance(given, _Failed):
        return _failed(given.error)
    found = _attempt(lambda: read(given))
    if isinstance(found, _Failed):
        # Our own words about the result quote no cell; the function's own errors may.
        return str(found.error) if isinstance(found.error, SynthnbError) else _failed(found.error)
    entries, without = found
    return Outcome(entries, without, len(frame))


@dataclass(frozen=True)
class _Failed:
    """What the user's code raised."""

    error: BaseException


def _attempt(call: Callable[[], T]) -> T | _Failed:
    """What the user's code gives, the attributes of its result among it, or what it raised."""
    try:
        return call()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's own code; that it failed is a result
        return _Failed(error)


def _failed(error: BaseException) -> str:
    """That the function failed, with the kind of error where its name can't be a cell."""
    if isinstance(error, SystemExit):
        return "The function called exit; return a value instead."
    name = class_name(type(error))
    return f"The function failed ({name})." if name else "The function failed."


def _with_errors(analysis: Analysis, frame: pd.DataFrame, found: Outcome, clock: Clock, rng: np.random.Generator) -> Outcome:
    """The outcome with standard errors over resamples of the rows, for estimates that have none."""
    lacking = [key for key, entry in found.entries.items() if isinstance(entry, Estimate) and entry.se is None]
    drawn: dict[Key, list[float]] = {key: [] for key in lacking}
    for _ in range(analysis.resamples if lacking else 0):
        clock.check()
        again = _once(analysis, frame.iloc[rng.integers(0, len(frame), len(frame))].reset_index(drop=True))
        entries: dict[Key, Any] = {} if isinstance(again, str) else again.entries
        for key in lacking:
            if isinstance(entry := entries.get(key), Estimate):
                drawn[key].append(entry.value)
    known = {key: values for key, values in drawn.items() if len(values) >= _FINITE * analysis.resamples and len(values) > 1}
    return replace(found, entries=found.entries | {key: _erring(found.entries[key], values) for key, values in known.items()})


def _erring(entry: Entry, values: list[float]) -> Entry:
    read_again, _ = read((entry.value, float(np.std(values, ddof=1)))) if isinstance(entry, Estimate) else ({}, 0)
    return next(iter(read_again.values()), entry)
