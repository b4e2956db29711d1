"""Coders as plain JSON and arrays of numbers, and back; a state that doesn't hold together is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Never

import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from synthnb.engines._encoding.codec import MISSING, ORDINARY, Cells, Levels, NumberCells, Whole
from synthnb.engines._encoding.dtypes import dtype_from_json, dtype_to_json, value_from_json, value_to_json
from synthnb.engines._encoding.table import LEVEL_KINDS, Coder
from synthnb.engines.base import State
from synthnb.errors import FrameError, RecordError, shown

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.recipes.recipe import Column

__all__ = ["coder_from_state", "coder_to_state", "coders_from_state", "coders_to_state", "texts_from_arrays", "texts_to_arrays"]

Array = np.ndarray[Any, Any]

_CELLS: TypeAdapter[Levels | NumberCells] = TypeAdapter(Cells)
_FIX = "The file is damaged or was changed: save the generator again, or fit it anew."


def coder_to_state(coder: Coder) -> State:
    """A coder as plain data.

    Raises
    ------
    FrameError
        Its storage type or a level is of a type that can't be said in JSON.
    """
    meta: dict[str, Json] = {
        "dtype": dtype_to_json(coder.dtype),
        "cells": coder.cells.model_dump(mode="json"),
        "ordered": coder.ordered,
        "step": str(coder.step),
    }
    arrays = {"values": coder.values, "counts": coder.counts.astype("i8"), "kept": coder.kept}
    if isinstance(coder.cells, Levels):
        if coder.levels and all(type(level) is str for level in coder.levels):
            arrays |= texts_to_arrays(coder.levels)
        else:
            meta["levels"] = [value_to_json(level) for level in coder.levels]
    return State(meta, arrays)


def coders_to_state(coders: Sequence[Coder]) -> State:
    """Several coders as one state; arrays are named ``"<number>.<name>"``."""
    states = [coder_to_state(coder) for coder in coders]
    arrays = {f"{j}.{name}": array for j, state in enumerate(states) for name, array in state.arrays.items()}
    return State({"coders": [state.meta for state in states]}, arrays)


def coders_from_state(columns: Sequence[Column], state: State) -> tuple[Coder, ...]:
    """The coders of columns that are neither text nor identifiers, in order, as `coders_to_state` wrote them.

    Raises
    ------
    RecordError
        There is not one for each, or one doesn't hold together.
    """
    coded = [column for column in columns if column.kind not in {"text", "identifier"}]
    metas = state.meta.get("coders")
    if not isinstance(metas, list) or len(metas) != len(coded):
        count = len(metas) if isinstance(metas, list) else 0
        raise RecordError(f"A coder for each of {len(coded)} columns was expected; there are {count}.", fix=_FIX)
    return tuple(
        coder_from_state(column, State(meta, {name.partition(".")[2]: array for name, array in state.arrays.items() if _of(name, j)}))
        for j, (column, meta) in enumerate(zip(coded, metas, strict=True))
    )


def _of(name: str, number: int) -> bool:
    return name.partition(".")[0] == str(number)


def coder_from_state(column: Column, state: State) -> Coder:
    """The coder of a column, as `coder_to_state` wrote it.

    Raises
    ------
    RecordError
        The state doesn't hold together.
    """
    try:
        meta = state.meta
        how = _CELLS.validate_python(meta["cells"])
        levels = _levels(state) if isinstance(how, Levels) else ()
        coder = Coder(
            column=column,
            dtype=dtype_from_json(meta["dtype"]),
            values=state.arrays["values"],
            counts=state.arrays["counts"],
            kept=state.arrays["kept"],
            ordered=meta["ordered"] is True,
            step=int(meta["step"]),
            cells=how,
            levels=levels,
        )
    except (KeyError, TypeError, ValueError) as error:
        _refuse(
            column, str(error) if not isinstance(error, ValidationError) else f"{len(error.errors())} fields of how its cells are built"
        )
    _check_values(coder)
    _check_levels(coder)
    _check_cells(coder)
    return coder


def _refuse(column: Column, what: str) -> Never:
    raise RecordError(f"The coder of column {shown(column.name)} doesn't hold together: {what}.", fix=_FIX)


def _levels(state: State) -> tuple[Any, ...]:
    if "text" in state.arrays:
        return tuple(texts_from_arrays(state.arrays))
    return tuple(value_from_json(level) for level in state.meta["levels"])


def _check_values(coder: Coder) -> None:
    """Values, counts and the grid fit one another."""
    values, counts, kept = coder.values, coder.counts, coder.kept
    kinds = [array.dtype.kind if array.ndim == 1 else "?" for array in (values, counts, kept)]
    if kinds[0] not in "if" or kinds[1:] != ["i", "b"] or values.dtype.itemsize != 8:
        _refuse(coder.column, f"its arrays are of the kinds {kinds}")
    if not len(values) == len(counts) == len(kept):
        _refuse(coder.column, f"it has {len(values)} values, {len(counts)} counts and {len(kept)} marks")
    if not np.isfinite(values).all() or (values[1:] <= values[:-1]).any() or (counts < 0).any():
        _refuse(coder.column, "its values don't increase, or a count is negative")
    if len(counts) and not 0 < sum(counts.tolist()) < 2**63:
        _refuse(coder.column, "its counts add up to no number of rows")
    apart = np.diff(values) if values.dtype.kind == "i" else np.zeros(0)
    if (apart < 0).any():  # it wrapped round
        _refuse(coder.column, "two values are further apart than 64 bits hold")
    on_grid = coder.step == 0 or (coder.step > 0 and values.dtype.kind == "i" and not (apart % coder.step).any())
    if not on_grid:
        _refuse(coder.column, f"its values aren't multiples of {coder.step} apart")


def _check_levels(coder: Coder) -> None:
    """Levels are as many as values, differ, and exist in the storage type."""
    how, column = coder.cells, coder.column
    if isinstance(how, Levels) != (column.kind in LEVEL_KINDS):
        _refuse(column, f"a column of kind {column.kind} isn't built as {how.cells}")
    if not isinstance(how, Levels):
        return
    if len(coder.levels) != coder.size or not np.array_equal(coder.values, np.arange(coder.size)):
        _refuse(column, f"it has {len(coder.levels)} levels for {coder.size} values")
    if len({(type(level), level) for level in coder.levels}) != coder.size:
        _refuse(column, "a level occurs twice")
    categorical = isinstance(coder.dtype, pd.CategoricalDtype)
    if categorical != (how.cells == "categories"):
        _refuse(column, f"its storage type is {coder.dtype}, but its cells are {how.cells}")
    if categorical and not all(isinstance(place, int) and 0 <= place < len(coder.dtype.categories) for place in coder.levels):
        _refuse(column, f"a level stands outside the {len(coder.dtype.categories)} categories")


def _check_cells(coder: Coder) -> None:
    """The mark of a missing cell is one; the least and the largest value, and a missing cell, can be built in the storage type."""
    try:
        _ = coder.cells.mark
    except RecordError as error:
        _refuse(coder.column, error.message)
    dtype = getattr(coder.dtype, "numpy_dtype", coder.dtype)
    if isinstance(coder.cells, Whole) and coder.size and isinstance(dtype, np.dtype) and dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if int(coder.values[0]) < limits.min or int(coder.values[-1]) > limits.max:
            _refuse(coder.column, f"its values exceed {coder.dtype}")
    ends = [0.0, float(coder.size - 1)] if coder.size else []
    states = np.array([ORDINARY] * len(ends) + [MISSING] * (coder.column.missing or not ends), dtype="i1")
    try:
        coder.decode(states, np.array([*ends, *([0.0] * (len(states) - len(ends)))]))
    except (TypeError, ValueError, OverflowError, IndexError, AttributeError, ArithmeticError, FrameError) as error:
        _refuse(coder.column, f"its cells can't be built: {str(error)[:200]}")


def texts_to_arrays(texts: Sequence[str]) -> dict[str, Array]:
    """Text as bytes (UTF-8, lone surrogates passed on) and where each ends."""
    pieces = [text.encode("utf-8", "surrogatepass") for text in texts]
    ends = np.cumsum(np.fromiter(map(len, pieces), dtype="i8", count=len(pieces)))
    return {"text": np.frombuffer(b"".join(pieces), dtype="u1"), "ends": ends}


def texts_from_arrays(arrays: dict[str, Array]) -> list[str]:
    """What `texts_to_arrays` wrote.

    Raises
    ------
    ValueError
        The ends don't fit the bytes, or the bytes aren't UTF-8.
    """
    text, ends = arrays["text"], arrays["ends"]
    if text.dtype != np.dtype("u1") or ends.dtype.kind != "i" or ends.ndim != 1 or text.ndim != 1:
        raise ValueError("its text is not bytes")
    starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
    if (ends < starts).any() or (int(ends[-1]) if len(ends) else 0) != len(text):
        raise ValueError("its text doesn't end where it says")
    data = text.tobytes()
    return [data[start:end].decode("utf-8", "surrogatepass") for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
