"""A pandas, polars or Arrow table in, pandas inside, the same kind of table out.

Inside, a frame has unique string column names and a plain row number for its
index; an index of the user's isn't data and is left behind. `Restore` gives the
labels, the types and the kind of table back.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from synthnb._marks import without_marks
from synthnb.errors import FrameError, shown

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Restore", "as_pandas", "cell_types", "column_content", "frame_digest", "frame_of", "to_pandas", "with_text_names"]

Backend = Literal["pandas", "polars", "pyarrow"]

_NAMES_SHOWN = 5
_SCHEME = "synthnb.frame/1"
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31, as days since 1970."""
_DAY_MILLISECONDS = 86_400_000


@dataclass(frozen=True)
class Restore:
    """Gives a pandas frame back as the kind of table that came in, under its own column labels."""

    backend: Backend
    """The kind of table."""
    labels: dict[str, Hashable] = field(default_factory=dict)
    """The label that came in, by the name used inside."""
    schema: Any = None
    """The column types of a polars or Arrow table."""
    notes: tuple[str, ...] = ()
    """What was left behind on the way in."""

    def __call__(self, frame: pd.DataFrame) -> Any:
        """Return the frame as it would have come in; columns may be fewer, but not new."""
        if self.backend == "polars":
            return _to_polars(frame, self.schema)
        if self.backend == "pyarrow":
            return _to_arrow(frame, self.schema)
        out = frame.reset_index(drop=True)
        labels = [self.labels[str(name)] for name in out.columns]
        out.columns = _index(labels)
        return out


def frame_of(source: Any, what: str = "frame") -> Any:
    """Return the frame of what a verb of this package made, or the source as it is.

    Raises
    ------
    FrameError
        It holds several frames, or one for each replicate.
    """
    kind = type(source)
    if not (kind.__module__.startswith("synthnb.") and hasattr(source, "run")):
        return source
    several = getattr(source, "frames", None)
    if several:
        raise FrameError(f"The {what} must be one table; got a {kind.__name__} of {len(several)} frames.", fix="Pass one of its `.frames`.")
    return getattr(source, "frame", source)


def to_pandas(frame: Any, what: str = "frame") -> tuple[pd.DataFrame, Restore]:
    """Return a frame as pandas with unique string names and without marks of origin, and the way back.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame, pyarrow.Table, or what a verb made of one
        At least one row and one column. Of a `Synthesis`, its ``.frame`` is taken.
    what : str
        What to call it in messages.

    Raises
    ------
    FrameError
        Not a table; no rows or no columns; columns in several levels; names that
        occur twice; cells that hold lists, mappings, sets, ranges or records; dates
        and times beyond what Python's own hold; categories that are null or occur twice.
    """
    inside, restore = _convert(frame, what)
    inside = without_marks(inside)
    rows, columns = inside.shape
    if rows == 0 or columns == 0:
        raise FrameError(
            f"The {what} needs at least one row and one column; it has {rows} rows and {columns} columns.",
            fix="Check how it was loaded or filtered.",
        )
    nested = [restore.labels[name] for name in inside.columns if _is_nested(inside[name])]
    if nested:
        raise FrameError(
            f"Each cell of the {what} must hold one value; there are records, ranges, lists, mappings or sets in {_named(nested)}.",
            fix="Flatten those columns (`explode`, `unnest`, `pandas.json_normalize`) or drop them.",
        )
    return inside, restore


def as_pandas(frame: Any, what: str = "frame") -> pd.DataFrame:
    """Return a frame as pandas with unique string names, whatever its cells hold, marks of origin too."""
    return _convert(frame, what)[0]


def cell_types(column: pd.Series[Any]) -> set[type]:
    """The Python types found in the cells that aren't missing."""
    return set(map(type, column[column.notna()].array.astype(object)))


def _named(labels: Iterable[Hashable]) -> str:
    found = list(labels)
    text = ", ".join(shown(label) for label in found[:_NAMES_SHOWN])
    return text if len(found) <= _NAMES_SHOWN else f"{text} and {len(found) - _NAMES_SHOWN} more"


def _index(labels: list[Hashable]) -> pd.Index[Any]:
    import pandas as pd

    return pd.Index(labels, tupleize_cols=False)


def _is_nested(column: pd.Series[Any]) -> bool:
    import numpy as np
    import pandas as pd

    if isinstance(column.dtype, pd.ArrowDtype):
        return str(column.dtype).startswith(("list", "struct", "map", "large_list", "fixed_size_list"))
    if column.dtype != object:
        return False
    types = set(map(type, column))
    nested = (list, dict, set, frozenset, tuple, range, np.ndarray, np.void, pd.Series, pd.DataFrame)
    return any(issubclass(kind, nested) or kind.__hash__ is None for kind in types)


def _convert(frame: Any, what: str) -> tuple[pd.DataFrame, Restore]:
    """Tell the kinds of table apart without importing any that the user hasn't."""
    frame = frame_of(frame, what)
    pandas, polars, pyarrow = (sys.modules.get(name) for name in ("pandas", "polars", "pyarrow"))
    if pandas is not None and isinstance(frame, pandas.DataFrame):
        return _from_pandas(frame, what)
    if polars is not None and isinstance(frame, polars.DataFrame):
        return _from_polars(frame, what)
    if polars is not None and isinstance(frame, polars.LazyFrame):
        raise FrameError(f"The {what} must be in memory; got a polars LazyFrame.", fix="Call `.collect()` on it first.")
    if pyarrow is not None and hasattr(pyarrow, "Table") and isinstance(frame, pyarrow.Table):
        return _from_arrow(frame, what)
    kind = type(frame)
    raise FrameError(
        f"The {what} must be a pandas or polars DataFrame or a pyarrow Table; got {kind.__module__}.{kind.__qualname__}.",
        fix="Convert it first, for example with `pandas.DataFrame(...)`.",
    )


def _refuse_twice(labels: pd.Index[Any], what: str) -> None:
    twice = list(dict.fromkeys(labels[labels.duplicated()]))
    if twice:
        raise FrameError(
            f"Column names of the {what} must differ; {_named(twice)} occurs more than once.", fix="Rename or drop the repeats."
        )


def _unique_names(labels: Iterable[Hashable]) -> dict[str, Hashable]:
    """A string for each label, in order; labels that read the same are told apart by a number."""
    found = list(labels)
    taken = {label for label in found if isinstance(label, str)}
    names: dict[str, Hashable] = {}
    for label in found:
        name = label if isinstance(label, str) else str(label)
        if not isinstance(label, str):
            name = next(n for n in (name, *(f"{name} ({i})" for i in range(2, len(found) + 3))) if n not in taken and n not in names)
        names[name.encode("utf-8", "backslashreplace").decode()] = label
    return names


def _is_plain(index: pd.Index[Any]) -> bool:
    """Whether an index only numbers the rows, as it does after a filter or a shuffle."""
    import pandas as pd

    return index.nlevels == 1 and index.name is None and pd.api.types.is_integer_dtype(index.dtype)


def with_text_names(frame: Any, what: str = "frame") -> Any:
    """Return a table of any kind with unique strings for column names; its index and cells stay as they are.

    Raises
    ------
    FrameError
        Columns in several levels, or names that occur twice.
    """
    if hasattr(frame, "iloc"):
        return frame.set_axis(_index(list(_text_names(frame, what))), axis=1)
    if hasattr(frame, "column_names"):
        _refuse_twice(_index(frame.column_names), what)
    return frame


def _text_names(frame: pd.DataFrame, what: str) -> dict[str, Hashable]:
    """A string for each column of a pandas frame."""
    if frame.columns.nlevels > 1:
        raise FrameError(
            f"Column names of the {what} must have one level; they have {frame.columns.nlevels}.",
            fix="Join the levels first: `frame.columns = ['_'.join(map(str, c)) for c in frame.columns]`.",
        )
    _refuse_twice(frame.columns, what)
    return _unique_names(frame.columns)


def _from_pandas(frame: pd.DataFrame, what: str) -> tuple[pd.DataFrame, Restore]:
    import pandas as pd

    labels = _text_names(frame, what)
    inside = frame.set_axis(_index(list(labels)), axis=1).reset_index(drop=True)
    for name in inside.columns[[isinstance(dtype, pd.ArrowDtype) for dtype in inside.dtypes]]:
        _refuse_beyond_python(str(name), inside[name].array.__arrow_array__(), what)
    left = f"The {what}'s index isn't data and was left behind; call `reset_index()` first to keep it as a column."
    return inside, Restore("pandas", labels, notes=() if _is_plain(frame.index) else (left,))


def _from_arrow(table: Any, what: str) -> tuple[pd.DataFrame, Restore]:
    import pandas as pd
    import pyarrow as pa

    _refuse_twice(_index(table.column_names), what)
    kinds: dict[Any, Any] = {
        getattr(pa, f"{sign}int{bits}")(): f"{sign.upper()}Int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
    }
    kinds[pa.bool_()] = "boolean"
    labels = _unique_names(table.column_names)
    for name, column in zip(labels, table.columns, strict=True):
        _refuse_beyond_python(name, column, what)
        if pa.types.is_dictionary(column.type):
            _refuse_odd_dictionary(name, column, what)
    plain = pa.Table.from_arrays([_signed(column) for column in table.columns], names=list(labels))
    inside: pd.DataFrame = plain.to_pandas(
        types_mapper=lambda kind: pd.api.types.pandas_dtype(kinds[kind]) if kind in kinds else None, date_as_object=True
    )
    return inside, Restore("pyarrow", labels, schema=table.schema.remove_metadata())


def _refuse_beyond_python(name: str, column: Any, what: str) -> None:
    """Refuse what Arrow holds, but no date and no time of day of Python's."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        for part in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
            _refuse_beyond_python(name, part.dictionary, what)
    elif kind == pa.time64("ns"):
        _refuse_nanoseconds(name, column.cast(pa.int64()).drop_null().to_numpy(), what)
    elif pa.types.is_date(kind):
        ticks = column.cast(pa.int32() if kind == pa.date32() else pa.int64()).drop_null().to_numpy()
        _refuse_far_days(name, ticks if kind == pa.date32() else ticks // _DAY_MILLISECONDS, what)


def _refuse_far_days(name: str, days: np.ndarray[Any, Any], what: str) -> None:
    """Refuse dates, as days since 1970, that Python's own can't hold."""
    if len(days) and not (days.min() >= _FIRST_DAY and days.max() <= _LAST_DAY):
        far = int(days.min() if days.min() < _FIRST_DAY else days.max())
        raise FrameError(
            f"A date lies in the years 1 to 9999; column {shown(name)} of the {what} holds one {abs(far):,} days "
            f"{'before' if far < 0 else 'after'} 1970-01-01.",
            fix="Make it missing, or keep the column as a number of days.",
        )


def _refuse_odd_dictionary(name: str, column: Any, what: str) -> None:
    """Refuse dictionaries that can't be categories."""
    import pyarrow as pa

    kind = column.type.value_type
    if pa.types.is_nested(kind):
        raise FrameError(
            f"Each category must be one value; those of column {shown(name)} of the {what} are of Arrow's type {kind}.",
            fix="Flatten the column or drop it.",
        )
    for part in column.chunks:
        words = part.dictionary
        if words.null_count or len(words.unique()) != len(words):
            raise FrameError(
                f"Categories must differ and be there; the dictionary of column {shown(name)} of the {what} holds "
                f"{'null' if words.null_count else 'a value twice'}.",
                fix=f"Encode it again: `column.cast('{kind}').dictionary_encode()`.",
            )


def _refuse_nanoseconds(name: str, ticks: np.ndarray[Any, Any], what: str) -> None:
    """Refuse times of day that Python's own, which have microseconds, would cut short."""
    if (ticks % 1000).any():
        raise FrameError(
            f"A time of day has microseconds; column {shown(name)} of the {what} holds nanoseconds.", fix="Round it to microseconds first."
        )


def _signed(column: Any) -> Any:
    """An Arrow column whose dictionary, if it has one, is indexed by signed integers: pandas takes no others."""
    import pyarrow as pa

    kind = column.type
    if not pa.types.is_dictionary(kind) or not pa.types.is_unsigned_integer(kind.index_type):
        return column
    chunks = [
        pa.DictionaryArray.from_arrays(part.indices.cast(pa.int64()), part.dictionary, ordered=kind.ordered) for part in column.chunks
    ]
    return pa.chunked_array(chunks, type=pa.dictionary(pa.int64(), kind.value_type, ordered=kind.ordered))


def _to_arrow(frame: pd.DataFrame, schema: Any) -> Any:
    import pyarrow as pa

    kept = pa.schema([schema.field(str(name)) for name in frame.columns])
    return pa.Table.from_pandas(frame, schema=kept, preserve_index=False)


def _from_polars(frame: Any, what: str) -> tuple[pd.DataFrame, Restore]:
    import pandas as pd

    labels = _unique_names(frame.columns)
    for name, label in labels.items():
        _refuse_polars_type(name, frame[label], what)
    columns = {name: _polars_column(frame[label]) for name, label in labels.items()}
    return pd.DataFrame(columns, index=range(frame.height)), Restore("polars", labels, schema=dict(frame.schema))


def _refuse_polars_type(name: str, series: Any, what: str) -> None:
    kind = str(series.dtype.base_type())
    if kind == "Time":
        _refuse_nanoseconds(name, series.to_physical().drop_nulls().to_numpy(), what)
    if kind == "Date":
        _refuse_far_days(name, series.to_physical().drop_nulls().to_numpy(), what)
    if kind in {"Object", "Unknown"}:
        raise FrameError(
            f"Column {shown(name)} of the {what} is of polars' type {kind}, which says nothing of its cells.", fix="Cast it or drop it."
        )


def _polars_column(series: Any) -> pd.Series[Any]:
    """One polars column as pandas, without passing through Arrow, which polars' users may not have."""
    import pandas as pd

    dtype, missing = series.dtype, series.is_null().to_numpy()
    name = str(dtype.base_type())
    if dtype.is_integer() and "128" not in name:
        values = series.fill_null(0).to_numpy()
        return pd.Series(pd.arrays.IntegerArray(values.copy(), missing.copy()) if missing.any() else values)
    if dtype.is_float():
        return pd.Series(series.to_numpy())
    if name == "Boolean":
        flags = series.fill_null(value=False).to_numpy()
        return pd.Series(pd.arrays.BooleanArray(flags.copy(), missing.copy()) if missing.any() else flags)
    if name in {"Datetime", "Duration"}:
        return _polars_moments(series, name, missing)
    if name in {"Categorical", "Enum"}:
        levels = dtype.categories if name == "Enum" else series.unique().drop_nulls().cast(str)
        return pd.Series(pd.Categorical(series.cast(str).to_list(), categories=levels.to_list(), ordered=name == "Enum"))
    return pd.Series(series.to_list(), dtype=object)


def _polars_moments(series: Any, name: str, missing: np.ndarray[Any, Any]) -> pd.Series[Any]:
    import numpy as np
    import pandas as pd

    kind = "datetime64" if name == "Datetime" else "timedelta64"
    values = series.to_physical().fill_null(0).to_numpy().astype(f"{kind}[{series.dtype.time_unit}]")
    values[missing] = np.array("NaT", dtype=values.dtype)
    column = pd.Series(values)
    zone = getattr(series.dtype, "time_zone", None)
    return column.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else column


def _to_polars(frame: pd.DataFrame, schema: dict[str, Any]) -> Any:
    polars = sys.modules["polars"]
    return polars.DataFrame([_polars_series(polars, str(name), frame[name], schema[str(name)]) for name in frame.columns])


def _polars_series(polars: Any, name: str, column: pd.Series[Any], dtype: Any) -> Any:
    cells = column.astype(object).where(column.notna(), None).tolist()
    if str(dtype.base_type()) in {"Datetime", "Duration"}:
        kind = "datetime64" if str(dtype.base_type()) == "Datetime" else "timedelta64"
        physical = column.to_numpy(dtype=f"{kind}[{dtype.time_unit}]").view("int64").tolist()
        cells = [value if here else None for value, here in zip(physical, column.notna(), strict=True)]
        return polars.Series(name, cells, dtype=polars.Int64).cast(dtype)
    if str(dtype.base_type()) == "Enum":  # levels that were merged are one that the table didn't have
        known = dtype.categories.to_list()
        dtype = polars.Enum([*known, *(level for level in dict.fromkeys(cells) if level is not None and level not in set(known))])
    return polars.Series(name, cells, dtype=dtype)


def frame_digest(frame: Any) -> str:
    """Digest a table's content: ``"sha256:<hex>"``.

    The same rows give the same digest in pandas, polars or Arrow, with any version
    of them, and whether a number is stored as integer or float, or a word as string
    or category. Names, order of columns, order of rows, values and missing cells
    count; the index, the storage type and the order of a category's levels don't.

    The scheme (``synthnb.frame/1``): SHA-256 over a canonical JSON header with the
    number of rows, then for each column a canonical JSON line ``{name, class, bytes}``,
    a bit per row for missing, and the present cells as little-endian numbers
    (booleans, whole numbers, other numbers, days, nanoseconds of a day, seconds and
    nanoseconds) or, for text, as codes into the distinct words in order of appearance.
    """
    import hashlib

    from synthnb._canonical import canonical

    inside, _ = _convert(frame, "frame")
    sha = hashlib.sha256(canonical({"scheme": _SCHEME, "rows": len(inside), "columns": inside.shape[1]}))
    for name in inside.columns:
        kind, pieces = column_content(inside[name])
        sha.update(canonical({"name": str(name), "class": kind, "bytes": [len(piece) for piece in pieces]}))
        for piece in pieces:
            sha.update(piece)
    return f"sha256:{sha.hexdigest()}"


def column_content(column: pd.Series[Any]) -> tuple[str, list[bytes]]:
    """Return a column's class and bytes: which cells are present, then what they hold."""
    import numpy as np

    here = column.notna().to_numpy()
    if not here.any():
        return "empty", []
    kind, pieces = _present(column if here.all() else column[here])
    return kind, [np.packbits(here).tobytes(), *pieces]


def _present(cells: pd.Series[Any]) -> tuple[str, list[bytes]]:
    import pandas as pd

    dtype = cells.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        if set(map(type, dtype.categories)) == {str}:
            return _text_bytes(cells.cat.codes, dtype.categories)
        return _present(cells.astype(dtype.categories.dtype))
    if pd.api.types.is_bool_dtype(dtype):
        return "boolean", [cells.to_numpy(dtype="u1").tobytes()]
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype):
        return _number_bytes(cells)
    if isinstance(dtype, pd.DatetimeTZDtype) or dtype.kind == "M":
        return _moment_bytes(cells)
    if dtype.kind == "m":
        return _moment_bytes(cells)
    return _object_bytes(cells)


def _object_bytes(cells: pd.Series[Any]) -> tuple[str, list[bytes]]:
    """Bytes of cells whose class only the cells themselves tell."""
    import datetime as dt

    import numpy as np
    import pandas as pd

    types = cell_types(cells)
    if types == {str}:
        return _text_bytes(cells, None)
    if types <= {bool, np.bool_}:
        return "boolean", [cells.to_numpy(dtype="u1").tobytes()]
    if types == {dt.date}:
        return "date", [cells.to_numpy(dtype="M8[D]").astype("<i8").tobytes()]
    if types == {dt.time}:
        return "time", [_day_nanoseconds(cells).tobytes()]
    if types == {dt.timedelta}:
        return _moment_bytes(pd.to_timedelta(cells))
    if types <= {dt.datetime, pd.Timestamp} and all(moment.tzinfo is None for moment in cells):
        return _moment_bytes(pd.to_datetime(cells))
    if all(issubclass(kind, (int, float, np.integer, np.floating)) and kind is not bool for kind in types):
        try:
            return _number_bytes(pd.to_numeric(cells))
        except (OverflowError, ValueError, TypeError):
            pass
    kind, pieces = _text_bytes(pd.Series([f"{type(cell).__name__} {cell}" for cell in cells], dtype=object), None)
    return f"mixed {kind}", pieces


def _day_nanoseconds(cells: Iterable[Any]) -> np.ndarray[Any, Any]:
    import numpy as np

    seconds = ((t.hour * 3600 + t.minute * 60 + t.second) * 10**9 + t.microsecond * 1000 for t in cells)
    return np.fromiter(seconds, dtype="<i8")


def _number_bytes(cells: pd.Series[Any]) -> tuple[str, list[bytes]]:
    """Whole numbers as integers however they are stored; others as 64-bit floats, with one zero."""
    import numpy as np

    values = cells.to_numpy(dtype=getattr(cells.dtype, "numpy_dtype", None))
    if values.dtype.kind in "iu":
        if values.dtype.kind == "u" and values.max() > np.iinfo("i8").max:
            return "large", [values.astype("<u8").tobytes()]
        return "whole", [values.astype("<i8").tobytes()]
    floats = values.astype("<f8") + 0.0
    if np.all(np.abs(floats) < 2**53) and np.array_equal(floats, np.trunc(floats)):
        return "whole", [floats.astype("<i8").tobytes()]
    return "number", [floats.tobytes()]


def _moment_bytes(cells: pd.Series[Any]) -> tuple[str, list[bytes]]:
    """Instants and spans as whole seconds and the nanoseconds left over, in any unit they are stored in."""
    import numpy as np

    zone = getattr(cells.dtype, "tz", None) or getattr(getattr(cells.dtype, "pyarrow_dtype", None), "tz", None)
    values = (cells.dt.tz_convert("UTC").dt.tz_localize(None) if zone else cells).to_numpy()
    if values.dtype.kind not in "mM":
        values = values.astype("M8[ns]")
    ticks = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[np.datetime_data(values.dtype)[0]]
    seconds, rest = np.divmod(values.view("i8"), ticks)
    kind = "span" if values.dtype.kind == "m" else f"instant {zone}" if zone else "instant"
    return kind, [seconds.astype("<i8").tobytes(), (rest * (10**9 // ticks)).astype("<i8").tobytes()]


def _text_bytes(cells: pd.Series[Any], words: pd.Index[Any] | None) -> tuple[str, list[bytes]]:
    """Codes in order of appearance, then the lengths of the words, then the words."""
    import numpy as np
    import pandas as pd

    codes, found = pd.factorize(cells)
    distinct = list(found if words is None else words[found])
    lengths = np.fromiter(map(len, distinct), dtype="<i8", count=len(distinct))
    return "text", [codes.astype("<i8").tobytes(), lengths.tobytes(), "".join(distinct).encode("utf-8", "surrogatepass")]
