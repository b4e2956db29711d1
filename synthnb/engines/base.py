"""What an engine is, and what comes out of one: a run and the synthesis that carries it."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol

from synthnb._display import Shown
from synthnb._progress import Progress, no_progress

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from synthnb._canonical import Json
    from synthnb.engines.generator import Generator
    from synthnb.recipes.conditions import Conditions
    from synthnb.recipes.recipe import Recipe

__all__ = [
    "BLOCK",
    "Drawn",
    "Engine",
    "FittedEngine",
    "Progress",
    "Run",
    "State",
    "Synthesis",
    "Unit",
    "new_run_id",
    "no_progress",
    "versions",
]

BLOCK = 32_768
"""Rows in a unit of work."""

Unit = tuple[str | int, ...]
"""What sets one unit's draws apart from another's: the block's number, and for a further attempt more."""

_PACKAGES = ("synthnb", "numpy", "pandas", "scikit-learn")


class Drawn(NamedTuple):
    """What a fitted engine drew."""

    frame: pd.DataFrame
    """The rows asked for, in order; columns as in the recipe without those left out."""
    counts: dict[str, int] = {}  # noqa: RUF012 - a named tuple's default; nobody writes to it
    """Figures that add up over blocks, such as ``uncommon_copies_left``."""
    short: np.ndarray[Any, Any] | None = None
    """Per row, whether it could not be made as asked; None where all could."""


class State(NamedTuple):
    """What a saved generator holds of one of its parts."""

    meta: dict[str, Json]
    """Plain JSON."""
    arrays: dict[str, np.ndarray[Any, Any]]
    """Arrays of numbers by name; never of objects."""


class FittedEngine(Protocol):
    """An engine that can draw any number of rows."""

    @property
    def parameters(self) -> Mapping[str, Json]:
        """What was chosen while fitting, as plain JSON."""

    @property
    def how(self) -> Mapping[str, str]:
        """How each column was made, by column name."""

    @property
    def account(self) -> Mapping[str, str]:
        """What the engine says of itself in the disclosure; see `Run.account`."""

    @property
    def conditions(self) -> frozenset[str]:
        """What `draw` can honour by itself: ``"given"``, ``"where"``, both or none."""

    def draw(
        self,
        rows: np.ndarray[Any, Any],
        *,
        seed: int,
        unit: Unit,
        given: pd.DataFrame | None = None,
        where: Conditions | None = None,
    ) -> Drawn:
        """Draw some rows of one block.

        Parameters
        ----------
        rows : ndarray of int
            Which rows of the block, increasing, each from 0 to `BLOCK` - 1. What a row holds
            depends on the seed, the unit and its number alone.
        seed : int
            The run's.
        unit : Unit
            The block and the attempt.
        given : pandas.DataFrame, optional
            Cells fixed from outside, one row per row drawn; they come back unchanged.
        where : Conditions, optional
            What every row must meet; a row for which that can't be had is marked in ``short``.
        """

    def notes(self, counts: Mapping[str, int]) -> list[str]:
        """Sentences the reader of the run should see, given the counts of the whole run."""

    def to_state(self) -> State:
        """Everything needed to draw again, as plain data."""


class Engine(Protocol):
    """A way for rows to come to be; registered in the group ``synthnb.engines``.

    It is made with the user's options as keywords.
    """

    def fit(self, frame: pd.DataFrame | None, recipe: Recipe, *, seed: int, progress: Progress = no_progress) -> FittedEngine:
        """Learn a frame whose columns the recipe describes; None for an engine that needs no data."""

    def restore(self, recipe: Recipe, state: State) -> FittedEngine:
        """Return what `FittedEngine.to_state` kept.

        Raises
        ------
        RecordError
            The state isn't one of this engine's.
        """


def new_run_id() -> str:
    """A fresh run id: ``"run-"`` and 12 hexadecimal digits."""
    return f"run-{secrets.token_hex(6)}"


def versions(*more: str) -> dict[str, str]:
    """Versions of Python, synthnb, numpy, pandas, scikit-learn and any further packages that are installed."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    for package in (*_PACKAGES, *more):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            if package == "synthnb":
                from synthnb import __version__

                found[package] = __version__
    return found


@dataclass(frozen=True, kw_only=True)
class Run:
    """One execution of an engine.

    Raises
    ------
    ValueError
        The rows delivered and explained don't add up to the rows requested.
    """

    id: str
    """``"run-"`` and 12 hexadecimal digits."""
    kind: Literal["generate", "column", "impute", "texts", "questions"]
    """A whole table, one column, missing cells that were filled, a corpus of texts, or questions from documents."""
    engine: str
    """The engine's registered name."""
    engine_reason: str
    """Why this engine, in a sentence."""
    recipe_digest: str
    """Digest of what was to be made."""
    seed: int
    """The seed that repeats the run."""
    started: str
    """UTC, as `synthnb._clock.utc_now` gives it."""
    ended: str
    """UTC, as `synthnb._clock.utc_now` gives it."""
    seconds: Mapping[str, float]
    """Wall time by phase, such as ``fit`` and ``sample``."""
    requested: int
    """Rows asked for."""
    delivered: int
    """Rows in the output."""
    explained: Sequence[Mapping[str, Json]] = ()
    """``{"count", "reason"}`` for every group of requested rows not delivered."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Further figures, such as ``uncommon_copies_left``."""
    parameters: Mapping[str, Json] = field(default_factory=dict)
    """What the engine was told and what it chose."""
    account: Mapping[str, str] = field(default_factory=dict)
    """What the engine says of itself, in words the disclosure prints as they are; what it leaves out is not stated.

    ``method``, ``missing_data`` (what became of missing cells), ``record_links`` (which source row a
    row made belongs to), ``copies`` (which copies were looked for); with a language model, ``calls``,
    ``prompt_versions`` and ``other_models`` too.
    """
    inputs: Sequence[Mapping[str, Json]] = ()
    """``{"name", "rows", "columns", "digest"}`` of each frame read."""
    output: Mapping[str, Json] = field(default_factory=dict)
    """``{"name", "rows", "columns", "digest"}`` of the frame made."""
    model: Mapping[str, Json] | None = None
    """The language model, if one took part."""
    calls: Mapping[str, Json] | None = None
    """Its calls, as `synthnb.models.calls.Calls.account` tells them."""
    request: Mapping[str, Json] = field(default_factory=dict)
    """``{"verb", "arguments", "inputs"}``: the call that made this, as plain data, to make it again; ``{"verb", "unsaid"}``
    with the reason where it can't be said, and empty where it is sensitive."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Versions of what ran."""
    columns: Sequence[Mapping[str, Json]] = ()
    """``{"name", "kind", "how"}`` of each column of the input."""
    notes: Sequence[str] = ()
    """Sentences the reader should see."""
    partial: bool = False
    """The run was stopped before it was done."""
    policy: Mapping[str, Json] = field(default_factory=dict)
    """The policy it was made under, and what that came to; empty, and left out of `to_dict`, where there was none."""

    def __post_init__(self) -> None:
        missing = sum(int(item["count"]) for item in self.explained)
        if self.requested != self.delivered + missing:
            raise ValueError(
                f"A run's rows must add up: {self.requested} requested, but {self.delivered} delivered and {missing} explained. "
                "Add an entry to `explained` for each group of missing rows."
            )

    def to_dict(self) -> dict[str, Json]:
        """The run as plain JSON types; a copy, nothing shared."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self) if item.name != "policy" or self.policy}

    @classmethod
    def from_dict(cls, data: Mapping[str, Json]) -> Run:
        """Build a run from `to_dict`'s mapping; keys of a later version are ignored."""
        names = {item.name for item in fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in names})


def _plain(value: Any) -> Json:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


@dataclass(frozen=True, repr=False)
class Synthesis(Shown):
    """A synthetic frame, or several, with the run that made it."""

    display_name: ClassVar[str] = "synthesis"

    frame: Any
    """The rows, in the kind of frame that was given (pandas, polars or Arrow); of several tables, the first."""
    run: Run
    """How they came to be."""
    frames: Mapping[str, Any] = field(default_factory=dict)
    """By table name where several tables were made; else empty."""
    generator: Generator | None = None
    """What drew the rows, to draw more or to be saved; None where nothing was fitted."""

    def to_dict(self) -> dict[str, Json]:
        """The run as plain JSON types; rows are never part of it."""
        return self.run.to_dict()

    def __repr__(self) -> str:
        run = self.run
        name = str(run.output.get("name", ""))[:60]
        rows = f"{run.delivered:,} of {run.requested:,} rows" if run.delivered != run.requested else f"{run.delivered:,} rows"
        width = len(run.output.get("columns", ()))
        return f"<Synthesis {name!r}: {rows} × {width} columns by {run.engine}, seed {run.seed}, {run.id}>"
