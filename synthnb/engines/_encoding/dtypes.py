"""Storage types, time zones and single values as plain JSON, and back; nothing is ever executed on the way.

A storage type is a mapping with one telling key (``numpy``, ``masked``, ``string``,
``zoned``, ``period``, ``interval``, ``category``, ``sparse`` or ``arrow``); a value is a
list of a tag and what the tag needs, such as ``["Decimal", "1.20"]``.
"""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb.errors import FrameError, RecordError, shown

if TYPE_CHECKING:
    from synthnb._canonical import Json

__all__ = ["dtype_from_json", "dtype_to_json", "value_from_json", "value_to_json", "zone_from_json", "zone_to_json"]

_MASKED = {f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)} | {"Float32", "Float64", "boolean"}
_BARE_ARROW = {
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    *("bool", "float", "double", "halffloat", "string", "large_string", "date32", "date64", "null", "binary", "large_binary"),
}
_ARROW_NAMES = {"float": "float32", "double": "float64", "halffloat": "float16", "bool": "bool_"}
_UNITS = ("s", "ms", "us", "ns")
_REFUSED = (KeyError, IndexError, TypeError, ValueError, OverflowError, ArithmeticError, OSError, zoneinfo.ZoneInfoNotFoundError)

_DEEPEST = 12
"""Levels of lists and mappings; a sparse category of intervals of numbers needs eight."""
_WIDEST = 2**16
"""Bytes in a cell of fixed width."""
_PYTHON_OF = {"b": bool, "i": int, "u": int, "f": float, "c": float, "S": bytes, "U": str}
"""What a numpy value of each kind is made from."""


def zone_to_json(zone: dt.tzinfo | None) -> Json:
    """A time zone's name, or its fixed offset in microseconds.

    Raises
    ------
    FrameError
        The zone has neither.
    """
    if zone is None:
        return None
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if isinstance(name, str):
        return {"zone": name}
    offset = zone.utcoffset(None)
    if offset is None:
        raise FrameError(
            f"A time zone needs a name or a fixed offset; got {shown(zone)}.",
            fix="Convert the column first, for example with `tz_convert('UTC')`.",
        )
    return {"offset": offset // dt.timedelta(microseconds=1)}


def zone_from_json(data: Json) -> dt.tzinfo | None:
    """The time zone that `zone_to_json` wrote.

    Raises
    ------
    KeyError, TypeError, ValueError
        Something else, or a zone that isn't known here.
    """
    if data is None:
        return None
    if "zone" in data:
        try:
            return zoneinfo.ZoneInfo(str(data["zone"]))
        except OSError as error:  # a folder of the zones, or a name that no file can have
            raise ValueError(f"{shown(data['zone'])} is no time zone") from error
    return dt.timezone(dt.timedelta(microseconds=int(data["offset"]))) if data["offset"] else dt.UTC


def dtype_to_json(dtype: Any) -> Json:
    """A column's storage type as plain JSON.

    Raises
    ------
    FrameError
        A type of another library that can't be said in JSON.
    """
    if isinstance(dtype, np.dtype):
        return {"numpy": dtype.str}
    if isinstance(dtype, pd.StringDtype):
        return {"string": dtype.storage, "nan": bool(dtype.na_value is not pd.NA)}
    if isinstance(dtype, pd.DatetimeTZDtype):
        return {"zoned": dtype.unit, "zone": zone_to_json(dtype.tz)}
    if isinstance(dtype, pd.PeriodDtype):
        return {"period": str(dtype)[len("period[") : -1]}
    if isinstance(dtype, pd.IntervalDtype):
        return {"interval": dtype_to_json(dtype.subtype), "closed": dtype.closed}
    if isinstance(dtype, pd.CategoricalDtype):
        levels = dtype.categories
        return {
            "category": dtype_to_json(levels.dtype),
            "values": [value_to_json(x) for x in levels.astype(object)],
            "ordered": bool(dtype.ordered),
        }
    if isinstance(dtype, pd.SparseDtype):
        return {"sparse": dtype_to_json(dtype.subtype), "fill": value_to_json(dtype.fill_value)}
    if isinstance(dtype, pd.ArrowDtype):
        return {"arrow": _arrow_to_json(dtype.pyarrow_dtype)}
    if str(dtype) in _MASKED:
        return {"masked": str(dtype)}
    raise FrameError(
        f"A column of the storage type {shown(str(dtype))} can't be saved.", fix="Convert it to a type of pandas or numpy first."
    )


def dtype_from_json(data: Json) -> Any:
    """The storage type that `dtype_to_json` wrote.

    Raises
    ------
    RecordError
        Something else.
    """
    _refuse_deep(data)
    try:
        return _dtype(data)
    except _REFUSED as error:
        raise RecordError(f"A storage type was expected; got {shown(data)}.", fix=_DAMAGED) from error


_DAMAGED = "The file is damaged or of another version: make it again."


def _refuse_deep(data: Json) -> None:
    """Refuse what is nested so deeply that reading it, or only showing it, would fill the stack."""
    level: list[Any] = [data]
    for _ in range(_DEEPEST):
        level = [part for node in level for part in (node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())]
        if not level:
            return
    raise RecordError(f"A storage type or a value was expected; got one nested more than {_DEEPEST} levels deep.", fix=_DAMAGED)


def _dtype(data: Json) -> Any:
    if "numpy" in data:
        found = np.dtype(str(data["numpy"]))
        if found.kind not in "biufcmMO" or found.names:
            raise ValueError(f"{found} is no column's type")
        return found
    if "masked" in data and data["masked"] in _MASKED:
        return pd.api.types.pandas_dtype(data["masked"])
    if "string" in data:
        string: Any = pd.StringDtype
        return string(data["string"], na_value=np.nan) if data["nan"] else string(data["string"])
    if "zoned" in data:
        return pd.DatetimeTZDtype(data["zoned"], zone_from_json(data["zone"]))
    if "period" in data:
        return pd.PeriodDtype(str(data["period"]))
    if "interval" in data:
        return pd.IntervalDtype(_dtype(data["interval"]), data["closed"])
    if "category" in data:
        levels = pd.Index([value_from_json(x) for x in data["values"]], dtype=object).astype(_dtype(data["category"]))
        return pd.CategoricalDtype(levels, ordered=bool(data["ordered"]))
    if "sparse" in data:
        return pd.SparseDtype(_dtype(data["sparse"]), value_from_json(data["fill"]))
    return pd.ArrowDtype(_arrow(data["arrow"]))


def _arrow_to_json(kind: Any) -> Json:
    import pyarrow as pa

    types = pa.types
    name = str(kind).split("[")[0]
    if types.is_dictionary(kind):
        return ["dictionary", _arrow_to_json(kind.index_type), _arrow_to_json(kind.value_type), bool(kind.ordered)]
    if types.is_timestamp(kind):
        return ["timestamp", kind.unit, kind.tz]
    if types.is_fixed_size_binary(kind):
        if kind.byte_width > _WIDEST:
            raise FrameError(f"Cells of {kind.byte_width:,} bytes each can't be saved; at most {_WIDEST:,} can.", fix="Drop the column.")
        return ["fixed_size_binary", kind.byte_width]
    if types.is_time(kind) or types.is_duration(kind):
        return [name, kind.unit]
    if types.is_decimal(kind):
        return [name.split("(")[0], kind.precision, kind.scale]
    if name in _BARE_ARROW:
        return [name]
    raise FrameError(f"A column of the Arrow type {shown(str(kind))} can't be saved.", fix="Cast it to a plain Arrow type first.")


def _arrow(data: Json) -> Any:
    import pyarrow as pa

    name, *rest = data
    if name == "dictionary":
        return pa.dictionary(_arrow(rest[0]), _arrow(rest[1]), ordered=bool(rest[2]))
    if name == "timestamp":
        known = None if rest[1] is None else pd.DatetimeTZDtype("ns", rest[1])  # Arrow itself would take any name
        return pa.timestamp(rest[0], known and rest[1])
    if name == "fixed_size_binary":
        if not 0 <= int(rest[0]) <= _WIDEST:
            raise ValueError(f"cells of {rest[0]} bytes")
        return pa.binary(int(rest[0]))
    if name in {"time32", "time64", "duration"}:
        return getattr(pa, name)(rest[0])
    if name in {"decimal32", "decimal64", "decimal128", "decimal256"}:
        return getattr(pa, name)(int(rest[0]), int(rest[1]))
    if name in _BARE_ARROW:
        return getattr(pa, _ARROW_NAMES.get(name, name))()
    raise ValueError(f"{name} is no Arrow type")


def value_to_json(value: Any) -> list[Json]:
    """One value of a column as a tag and its parts.

    Raises
    ------
    FrameError
        A value of a type that can't be said in JSON.
    """
    for single, tag in ((None, "none"), (pd.NaT, "nat"), (pd.NA, "na")):
        if value is single:
            return [tag]
    parts = _PARTS.get(type(value))
    if parts is None and isinstance(value, np.generic):
        item = value.item()
        if type(item) is _PYTHON_OF.get(value.dtype.kind):
            return ["numpy", value.dtype.str, value_to_json(item)]
    if parts is None:
        kind = type(value)
        raise FrameError(
            f"A level of the type {kind.__module__}.{kind.__qualname__} can't be saved: {shown(value)}.",
            fix="Convert the column to text first.",
        )
    return [type(value).__name__, *parts(value)]


def _text_parts(text: str) -> list[Json]:
    """Text as it is, or, with lone surrogates, as the hexadecimal digits of its bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return [text.encode("utf-8", "surrogatepass").hex(), "hex"]
    return [text]


_PARTS: dict[type, Callable[[Any], list[Json]]] = {
    bool: lambda x: [x],
    int: lambda x: [str(x)],
    float: lambda x: [repr(x)],
    str: _text_parts,
    bytes: lambda x: [x.hex()],
    Decimal: lambda x: [str(x)],
    uuid.UUID: lambda x: [x.hex],
    dt.date: lambda x: [x.isoformat()],
    dt.datetime: lambda x: [x.replace(tzinfo=None, fold=0).isoformat(), zone_to_json(x.tzinfo), x.fold],
    dt.time: lambda x: [x.replace(tzinfo=None, fold=0).isoformat(), zone_to_json(x.tzinfo), x.fold],
    dt.timedelta: lambda x: [x.days, x.seconds, x.microseconds],
    np.datetime64: lambda x: [str(x.view("i8")), x.dtype.str],
    np.timedelta64: lambda x: [str(x.view("i8")), x.dtype.str],
    pd.Timestamp: lambda x: [str(x.asm8.view("i8")), x.unit, zone_to_json(x.tz)],
    pd.Timedelta: lambda x: [str(x.asm8.view("i8")), x.unit],
    pd.Period: lambda x: [x.ordinal, x.freqstr],
    pd.Interval: lambda x: [value_to_json(x.left), value_to_json(x.right), x.closed],
}

_MADE: dict[str, Callable[..., Any]] = {
    "none": lambda: None,
    "nat": lambda: pd.NaT,
    "na": lambda: pd.NA,
    "numpy": lambda kind, item: _numpy(kind, item),
    "datetime64": lambda ticks, kind: _ticks(ticks, kind, "M"),
    "timedelta64": lambda ticks, kind: _ticks(ticks, kind, "m"),
    "bool": lambda flag: flag is True,
    "int": lambda digits: int(digits),
    "float": lambda digits: float(digits),
    "str": lambda text, *how: bytes.fromhex(text).decode("utf-8", "surrogatepass") if how else str(text),
    "bytes": bytes.fromhex,
    "Decimal": lambda digits: Decimal(digits),
    "UUID": uuid.UUID,
    "date": dt.date.fromisoformat,
    "datetime": lambda text, zone, fold: dt.datetime.fromisoformat(text).replace(tzinfo=zone_from_json(zone), fold=fold),
    "time": lambda text, zone, fold: dt.time.fromisoformat(text).replace(tzinfo=zone_from_json(zone), fold=fold),
    "timedelta": lambda days, seconds, micro: dt.timedelta(days, seconds, micro),
    "Timestamp": lambda ticks, unit, zone: _timestamp(ticks, unit, zone),
    "Timedelta": lambda ticks, unit: _timedelta(ticks, unit),
    "Period": lambda ordinal, freq: pd.Period(ordinal=int(ordinal), freq=freq),
    "Interval": lambda left, right, closed: pd.Interval(value_from_json(left), value_from_json(right), closed),
}


def _numpy(kind: str, item: Json) -> Any:
    """A number, a flag or text of numpy's; an item of another type could ask for any amount of memory."""
    dtype, made = np.dtype(str(kind)), value_from_json(item)
    if type(made) is not _PYTHON_OF.get(dtype.kind):
        raise ValueError(f"{dtype} of {type(made).__name__}")
    return dtype.type(made)


def _ticks(ticks: str, kind: str, letter: str) -> Any:
    dtype = np.dtype(str(kind))
    if dtype.kind != letter:
        raise ValueError(f"{dtype} is no type of ticks")
    return np.array([int(ticks)], dtype="i8").view(dtype)[0]


def _timestamp(ticks: str, unit: str, zone: Json) -> Any:
    if unit not in _UNITS:
        raise ValueError(unit)
    made = pd.Series(np.array([int(ticks)], dtype="i8").view(f"M8[{unit}]"))
    return made[0] if zone is None else made.dt.tz_localize("UTC").dt.tz_convert(zone_from_json(zone))[0]


def _timedelta(ticks: str, unit: str) -> Any:
    if unit not in _UNITS:
        raise ValueError(unit)
    return pd.Series(np.array([int(ticks)], dtype="i8").view(f"m8[{unit}]"))[0]


def value_from_json(data: Json) -> Any:
    """The value that `value_to_json` wrote.

    Raises
    ------
    RecordError
        Something else.
    """
    _refuse_deep(data)
    try:
        tag, *parts = data
        return _MADE[tag](*parts)
    except _REFUSED as error:
        raise RecordError(f"A value with its type was expected; got {shown(data)}.", fix=_DAMAGED) from error
