"""The columns of a data file with schema.org's types, read from the file itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synthnb._optional import need
from synthnb.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["Column", "columns_of"]

Column = tuple[str, str]
"""A column's name, and its type: ``sc:Integer``, ``sc:Float``, ``sc:Boolean``, ``sc:Date``, ``sc:DateTime`` or ``sc:Text``."""

_ROWS_AT_ONCE = 50_000
_ORDER = ("sc:Integer", "sc:Float")


def columns_of(file: Path) -> list[Column]:
    """Return the columns of a ``.csv``, ``.jsonl`` or ``.parquet`` file; empty for other forms, or if it can't be read.

    Every row is looked at, some thousand at a time: a type holds for the whole column or it is ``sc:Text``.
    """
    readers = {".csv": _from_csv, ".jsonl": _from_lines, ".ndjson": _from_lines, ".parquet": _from_parquet}
    reader = readers.get(file.suffix.lower())
    if reader is None:
        return []
    try:
        return reader(file)
    except (ValueError, TypeError, KeyError, OSError, MissingExtraError):
        return []


def _from_csv(file: Path) -> list[Column]:
    import pandas as pd

    with pd.read_csv(file, chunksize=_ROWS_AT_ONCE, index_col=False, keep_default_na=True) as pieces:
        return _joined(pieces)


def _from_lines(file: Path) -> list[Column]:
    import pandas as pd

    with pd.read_json(file, lines=True, chunksize=_ROWS_AT_ONCE, dtype=False) as pieces:
        return _joined(pieces)


def _joined(pieces: Iterator[Any]) -> list[Column]:
    found: dict[str, set[str]] = {}
    for piece in pieces:
        for name in piece.columns:
            kind = _kind(piece[name])
            found.setdefault(str(name), set()).update({kind} if kind else set())
    return [(name, _common(kinds)) for name, kinds in found.items()]


def _common(kinds: set[str]) -> str:
    if len(kinds) == 1:
        return next(iter(kinds))
    return "sc:Float" if kinds and kinds <= set(_ORDER) else "sc:Text"


def _kind(values: Any) -> str:
    """The type of some values; empty if all are missing, and ``sc:Float`` for whole numbers among which some are missing."""
    import pandas as pd

    if values.isna().all():
        return ""
    if pd.api.types.is_bool_dtype(values):
        return "sc:Boolean"
    if pd.api.types.is_integer_dtype(values):
        return "sc:Integer"
    if pd.api.types.is_float_dtype(values):
        return "sc:Float"
    there = values.dropna().astype(str)
    return "sc:Date" if there.str.fullmatch(r"\d{4}-\d{2}-\d{2}").all() else "sc:Text"


def _from_parquet(file: Path) -> list[Column]:
    parquet: Any = need("pyarrow.parquet", extra="parquet")
    arrow: Any = need("pyarrow", extra="parquet")
    schema = parquet.read_schema(file)
    return [(field.name, _arrow_kind(arrow.types, field.type)) for field in schema]


def _arrow_kind(types: Any, kind: Any) -> str:
    if types.is_dictionary(kind):
        kind = kind.value_type
    known: Mapping[str, Any] = {
        "sc:Boolean": types.is_boolean,
        "sc:Integer": types.is_integer,
        "sc:Float": types.is_floating,
        "sc:Date": types.is_date,
        "sc:DateTime": types.is_timestamp,
    }
    return next((name for name, test in known.items() if test(kind)), "sc:Text")
