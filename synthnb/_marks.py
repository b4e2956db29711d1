"""Marks: what each row of a frame is, in a column of the frame, and what a frame says it was derived from.

The column survives whatever keeps columns: sorting, filtering, joining, putting
frames on top of each other, files. It holds one of four words and nothing else, so it never
tells which real row a row is. Beside it, a *claim* says what made a frame, in pandas' ``attrs`` or an
Arrow schema's metadata. A library may drop a claim at any time, or keep it through any change:
it is taken for a hint and never for a proof.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from synthnb.errors import FrameError, shown

__all__ = [
    "CLAIM",
    "COLUMN",
    "WORDS",
    "Word",
    "claim_of",
    "column_names",
    "has_lost_marks",
    "is_marked",
    "marks_of",
    "read_claim",
    "with_claim",
    "with_marks",
    "without_marks",
]

Word = Literal["synthetic", "real", "edited", "unknown"]
WORDS: tuple[Word, ...] = ("synthetic", "real", "edited", "unknown")
"""What a row can be: as a run made it, stated to be real, made by a run and changed since, or not known."""
COLUMN = "synthnb_origin"
"""The column that holds the marks."""
CLAIM = "synthnb"
"""The key of a claim, in pandas' ``attrs``."""
ARROW_CLAIM = b"synthnb.data"
"""The same in an Arrow schema's metadata."""
_LONGEST = 100_000


def is_marked(frame: Any) -> bool:
    """Whether a pandas, polars or Arrow table has a column of marks: of its name, and with no other words in it."""
    return _has_column(frame) and _words_in(frame) <= set(WORDS)


def column_names(frame: Any) -> list[str]:
    """The columns of a pandas, polars or Arrow table, as text."""
    names = getattr(frame, "column_names", None)
    return list(map(str, getattr(frame, "columns", ()) if names is None else names))


def _has_column(frame: Any) -> bool:
    return column_names(frame).count(COLUMN) == 1


def _cells(frame: Any, *, once: bool = False) -> list[Any]:
    """The marks as they are, or each value once, in the kind of frame that comes."""
    column = frame[COLUMN]
    if once:
        column = column.unique()
    if hasattr(column, "to_pylist"):
        return list(column.to_pylist())
    return list(column.astype(object)) if hasattr(column, "astype") else list(column.to_list())


def _words_in(frame: Any) -> set[object]:
    """Which values the column holds; missing cells don't count."""
    try:
        found = set(_cells(frame, once=True))
    except TypeError:  # lists and the like
        return {COLUMN}
    return {value for value in found if not (value is None or value != value)}


def marks_of(frame: Any) -> list[Word]:
    """Return each row's mark; ``unknown`` where there is none, as in rows that came from an unmarked frame."""
    return [cell if isinstance(cell, str) and cell in WORDS else "unknown" for cell in _cells(frame)]


def without_marks(frame: Any) -> Any:
    """Return a frame without its column of marks; a frame that has none as it is."""
    if not is_marked(frame):
        return frame
    if hasattr(frame, "column_names"):
        return frame.drop_columns([COLUMN])
    return frame.drop(columns=COLUMN) if hasattr(frame, "iloc") else frame.drop(COLUMN)


def with_marks(frame: Any, words: Sequence[Word]) -> Any:
    """Return a copy of a pandas, polars or Arrow table with marks, in a last column of category.

    Raises
    ------
    FrameError
        The frame has a column of that name with something else in it.
    """
    if _has_column(frame) and not is_marked(frame):
        raise FrameError(
            f"Marks go into a column {shown(COLUMN)}; the frame has one that holds something else.", fix="Give that column another name."
        )
    bare = without_marks(frame)
    if hasattr(bare, "column_names"):
        import pyarrow as pa

        codes = pa.array([WORDS.index(word) for word in words], pa.int8())
        return bare.append_column(COLUMN, pa.DictionaryArray.from_arrays(codes, pa.array(WORDS)))
    if hasattr(bare, "iloc"):
        import pandas as pd

        out = bare.copy(deep=False)
        out[COLUMN] = pd.Categorical(list(words), categories=list(WORDS))
        return out
    import polars as pl

    return bare.with_columns(pl.Series(COLUMN, list(words), dtype=pl.Enum(list(WORDS))))


def claim_of(frame: Any) -> Mapping[str, Any]:
    """Return what a frame says of where it comes from: ``run``, ``name``, ``depth``, ``share``, ``marked``; empty where it says nothing."""
    attrs = getattr(frame, "attrs", None)
    if isinstance(attrs, dict):
        found = attrs.get(CLAIM)
    else:
        kept = getattr(getattr(frame, "schema", None), "metadata", None)
        text = kept.get(ARROW_CLAIM) if isinstance(kept, dict) else None
        found = read_claim(text) if text is not None else None
    return found if isinstance(found, Mapping) else {}


def read_claim(text: bytes | str) -> Mapping[str, Any]:
    """Return a claim from its JSON; empty if it isn't one."""
    try:
        found = json.loads(text) if len(text) <= _LONGEST else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def with_claim(frame: Any, claim: Mapping[str, Any]) -> Any:
    """Return the frame with a claim: pandas' own with its ``attrs`` set, an Arrow table with other metadata, any other as it is."""
    if isinstance(getattr(frame, "attrs", None), dict):
        frame.attrs[CLAIM] = dict(claim)
        return frame
    if hasattr(frame, "replace_schema_metadata"):
        return frame.replace_schema_metadata({**(frame.schema.metadata or {}), ARROW_CLAIM: json.dumps(dict(claim)).encode()})
    return frame


def has_lost_marks(frame: Any) -> bool:
    """Whether a frame says that it had marks, and has none now."""
    return claim_of(frame).get("marked") is True and not is_marked(frame)
