"""What a summary of a real frame adds to a description: figures of what the description leaves open, and nothing of single rows.

::

    real frame ──► summary, small cells withheld ──► figures by column ──► a draft, as a model's answers are one
                                                          │
    statements ──► called as the frame calls its columns and levels

What is withheld, and how each figure is kept from telling of a few rows, is in `synthnb.engines._summary`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb._canonical import digest_bytes
from synthnb._frames import frame_digest, to_pandas
from synthnb.config import get_config
from synthnb.engines._encoding.codec import Calendar, Moments, Real
from synthnb.engines._encoding.table import encode_table
from synthnb.engines._summary import LevelSummary, MeasureSummary, summarise
from synthnb.engines.egress import permit, preflight
from synthnb.engines.llm.prompts import as_data
from synthnb.errors import FrameError, shown
from synthnb.recipes.draft import Draft, DraftColumn, DraftLink, DraftNumbers, Known
from synthnb.recipes.infer import infer_recipe

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines._encoding.table import Coder
    from synthnb.engines.egress import Policy
    from synthnb.models.calls import Calls
    from synthnb.recipes.draft import DraftKind
    from synthnb.recipes.recipe import Column, Kind, Level

__all__ = ["Figures", "drafted", "figures_of", "send"]

_MOST_COLUMNS = 200
_MOST_LISTED = 8
_LONGEST_LEVEL = 200
_SKEWED = 0.3
_KINDS: dict[Kind, DraftKind] = {
    "integer": "integer",
    "real": "real",
    "boolean": "boolean",
    "category": "category",
    "constant": "category",
    "date": "date",
    "datetime": "date",
}
"""What a column of the frame is in a draft; those of other kinds are left out."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The summary of a real frame, as far as a recipe can use it."""

    name: str
    """What the frame is called."""
    columns: Mapping[str, Known]
    """By name, in the frame's order."""
    links: tuple[DraftLink, ...] = ()
    """The strongest rank correlations, to one decimal."""
    minimum_cell: int = 11
    """Fewest rows behind a figure."""
    frame: Mapping[str, Json]
    """``{"name", "rows", "columns", "digest"}`` of the frame that was summarised."""
    notes: tuple[str, ...] = ()
    """What was left out or withheld, in sentences."""

    @property
    def text(self) -> str:
        """The figures as they are sent to a model."""
        told: dict[str, Json] = {name: known.to_dict() for name, known in self.columns.items()}
        links: list[Json] = [[link.column, link.on, link.value] for link in self.links]
        return as_data({"columns": told, "correlations": links})


def figures_of(frame: Any, *, name: str = "real") -> Figures:
    """Return the figures of a real frame.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The real rows. Figures over fewer than the setting ``minimum_cell`` of them are withheld.
    name : str
        What the frame is called.

    Raises
    ------
    FrameError
        It has no row, too many columns, or none of numbers, dates, booleans or categories.
    """
    rows, _ = to_pandas(frame, what=f"frame {shown(name)}")
    if rows.shape[1] > _MOST_COLUMNS:
        raise FrameError(
            f"A frame of at most {_MOST_COLUMNS} columns is summarised; {shown(name)} has {rows.shape[1]:,}.", fix="Drop some."
        )
    recipe = infer_recipe(rows, table=name, rows=max(len(rows), 1), seed=1)
    used = tuple(column for column in recipe.columns if _is_figured(column))
    left = [column.name for column in recipe.columns if not _is_figured(column)]
    table = encode_table(rows, recipe.model_copy(update={"columns": used}))
    least = get_config().minimum_cell
    summary = summarise(table, minimum_cell=least)
    columns = {coder.column.name: _known(coder, told) for coder, told in zip(table.coders, summary.columns, strict=True)}
    plain = {name for name, known in columns.items() if known.kind in {"integer", "real", "date"}}
    links = tuple(DraftLink(a, b, "", r, "summary") for a, b, r in summary.correlations if {a, b} <= plain)
    notes = [f"Columns of {shown(name)} that no figure tells of were left out: {_listed(left)}."] if left else []
    withheld = [column for column, known in columns.items() if not known.told or known.unnamed or None in known.shares.values()]
    if withheld:
        notes.append(f"Figures of {shown(name)} over fewer than {least} rows were withheld, of {_listed(withheld)}.")
    told: dict[str, Json] = {"name": name, "rows": len(rows), "columns": [str(column) for column in rows], "digest": frame_digest(rows)}
    return Figures(name=name, columns=columns, links=links, minimum_cell=least, frame=told, notes=tuple(notes))


def _is_figured(column: Column) -> bool:
    """Whether figures tell of a column: not of codes, texts, times of day and spans, nor of levels as long as texts."""
    return column.kind in _KINDS and all(len(str(level)) <= _LONGEST_LEVEL for level in column.levels or ())


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_LISTED:,} more" if len(names) > _MOST_LISTED else ""
    return ", ".join(shown(name) for name in names[:_MOST_LISTED]) + more


def _known(coder: Coder, told: LevelSummary | MeasureSummary) -> Known:
    """One column's figures."""
    column = coder.column
    kind = _KINDS[column.kind]
    if isinstance(told, LevelSummary):
        return _levelled(coder, told, kind)
    if told.mean is None or told.low is None or told.high is None:
        return Known(name=column.name, kind=kind, missing=told.missing)
    if kind == "date":
        return Known(name=column.name, kind=kind, missing=told.missing, dates=_days(coder, told.low, told.high))
    unit = 10.0**-coder.cells.places if isinstance(coder.cells, Real) and coder.values.dtype.kind == "i" else 1.0
    ends = [told.low, *told.quantiles, told.high] if told.quantiles else []
    rising = np.maximum.accumulate(ends).tolist()
    return Known(
        name=column.name,
        kind=kind,
        decimals=column.decimals,
        quantiles=tuple(_scaled(value, unit) for value in rising),
        mean=_scaled(told.mean, unit),
        sd=None if told.spread is None else _scaled(told.spread, unit),
        missing=told.missing,
    )


def _scaled(value: float, unit: float) -> float:
    return value if unit == 1.0 else float(f"{value * unit:.12g}")


def _levelled(coder: Coder, told: LevelSummary, kind: DraftKind) -> Known:
    """A column of levels; of true and false, the share of true."""
    levels = _levels(coder)
    if kind == "boolean":
        places = {bool(level): place for place, level in enumerate(levels)}
        share = told.shares.get(places.get(True, -1))
        other = told.shares.get(places.get(False, -1))
        share = 1 - other if share is None and other is not None else share
        return Known(name=told.name, kind=kind, share=share, missing=told.missing)
    shares = {levels[place]: share for place, share in told.shares.items()}
    return Known(name=told.name, kind=kind, shares=shares, unnamed=told.unnamed > 0, missing=told.missing)


def _levels(coder: Coder) -> list[Level]:
    """A column's levels by their places among the coder's, as JSON can carry them."""
    known: list[Any] = list(coder.levels)
    if getattr(coder.cells, "cells", "") == "categories":
        known = [coder.dtype.categories[place] for place in known]
    plain = [level.item() if isinstance(level, np.generic) else level for level in known]
    return [level if isinstance(level, bool | int | float) and level == level else _text(level) for level in plain]


def _text(level: Any) -> str:
    """A level as text that any file can hold, spelt as a recipe spells it."""
    return str(level).encode("utf-8", "backslashreplace").decode()


def _days(coder: Coder, low: float, high: float) -> tuple[str, str] | None:
    """Days at two numbers of a column of dates; None for periods."""
    if not isinstance(coder.cells, Moments | Calendar):
        return None
    at = np.array([math.floor(low), math.ceil(high)], dtype="i8").view(coder.cells.ticks).astype("M8[D]")
    return str(at[0]), str(at[1])


def drafted(figures: Figures) -> Draft:
    """Return a summary's figures as a draft, as a model's answers would be one."""
    draft = Draft(known=dict(figures.columns), links=figures.links)
    draft.columns = tuple(DraftColumn(name, known.kind) for name, known in figures.columns.items())
    for name, known in figures.columns.items():
        if known.mean is not None and known.sd:
            ends: tuple[float | None, float | None] = (known.quantiles[0], known.quantiles[-1]) if known.quantiles else (None, None)
            low, high = (None if end is None else float(round(end)) if known.kind == "integer" else end for end in ends)
            draft.numbers[name] = DraftNumbers(_shape(known), known.mean, known.sd, low, high, "summary")
    return draft


def _shape(known: Known) -> Any:
    """Whether values have a long right tail, by Pearson's second coefficient of skewness."""
    if not known.quantiles or not known.sd or known.mean is None:
        return "bell"
    return "skewed" if known.quantiles[0] >= 0 and 3 * (known.mean - known.quantiles[3]) / known.sd > _SKEWED * 3 else "bell"


def send(figures: Figures, calls: Calls, *, allowed: bool, policy: Policy | None = None, whole: bool = True) -> tuple[str, ...]:
    """Refuse to send a summary that may not leave this machine; declare the one that does, and return what is to be noted.

    Parameters
    ----------
    figures : Figures
        The summary.
    calls : Calls
        The model it would go to.
    allowed : bool
        Whether the call allows a hosted model to see it.
    policy : {"block", "warn"}, optional
        What a direct identifier does that is found in it; ``block`` by default.
    whole : bool
        Every figure goes into prompts; else the names of columns without figures alone, where the model reads little at once.

    Raises
    ------
    OptionError
        The model is hosted, and the call doesn't allow it, or a level looks like a direct identifier.
    """
    what = f"summary figures of {shown(figures.name)}"
    permit(calls.model.info, rows="summary", allowed=allowed, what=what)
    scanned = preflight(calls.model.info, [figures.text], rows="summary", what=what, policy=policy)
    detail: dict[str, Json] = {
        "rows": "summary",
        "rows_behind": figures.frame["rows"],
        "columns": len(figures.columns),
        "minimum_cell": figures.minimum_cell,
    }
    sent = figures.text if whole else as_data([name for name, known in figures.columns.items() if not known.told])
    if whole or any(not known.told for known in figures.columns.values()):
        label = f"figures and levels of {figures.name}" if whole else f"names of columns of {figures.name}"
        calls.declare_sent(label, digest=digest_bytes(sent.encode("utf-8", "surrogatepass")), detail=detail)
    return scanned.notes
