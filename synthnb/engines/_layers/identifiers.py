"""Identifiers: taken off before an engine learns, and made afresh around what it draws.

Nothing about an identifier is learnt but its spelling, how long the real codes are, the
share of missing cells, and a salted 64-bit hash of each real code, so that none is made
again. Where a spelling has few codes, whoever holds the salt can find the real ones by trying.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Never

import numpy as np
import pandas as pd
from typing_extensions import override

from synthnb._random import generator
from synthnb.engines._encoding.codec import absent_mark, without_arrow
from synthnb.engines._encoding.dtypes import dtype_from_json, dtype_to_json, value_from_json, value_to_json
from synthnb.engines._layers import Layer
from synthnb.engines._layers.codes import Codes, code_hashes, too_few
from synthnb.engines.base import State, Unit
from synthnb.errors import FrameError, RecipeError, RecordError, shown
from synthnb.recipes.columns import largest_integer
from synthnb.recipes.formats import Format, Run, parse_format

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.recipes.recipe import Column, Recipe

__all__ = ["Identifiers", "fit_codes", "fresh_codes", "restore", "take_off"]

Array = np.ndarray[Any, Any]

_FIX = "The file is damaged or was changed: save the generator again, or fit it anew."


@dataclass(frozen=True)
class Identifiers(Layer):
    """The layer: identifier columns made afresh."""

    codes: tuple[Codes, ...]
    """One per identifier column, in the recipe's order."""

    @property
    def capacity(self) -> int:
        """How many rows can be made before a column runs out of codes."""
        return min(codes.capacity for codes in self.codes)

    @property
    def how(self) -> Mapping[str, str]:
        """How each identifier is made, by name."""
        return {codes.name: _how(codes) for codes in self.codes}

    @override
    def rebuild(self, frame: pd.DataFrame, *, numbers: Array, seed: int, unit: Unit) -> tuple[pd.DataFrame, Array]:
        """Put fresh identifiers on rows; a row's code follows from the seed and its number alone, whatever the attempt.

        Raises
        ------
        FrameError
            There are more rows than codes.
        """
        made = frame.assign(**{codes.name: codes.column(numbers, seed=seed).set_axis(frame.index) for codes in self.codes})
        return made, np.zeros(len(frame), dtype=bool)

    @override
    def finish(self, frame: pd.DataFrame, *, seed: int) -> tuple[pd.DataFrame, dict[str, int], Array]:
        """Nothing is left to settle: codes of different rows differ already."""
        return frame, {}, np.zeros(len(frame), dtype=bool)

    @override
    def notes(self, counts: Mapping[str, int]) -> list[str]:
        """What is said of identifiers with missing cells."""
        return [
            f"Column {shown(codes.name)} names rows, so it was made afresh; {codes.missing:.1%} of its cells are missing, as in the real "
            "table, whatever the other columns hold."
            for codes in self.codes
            if codes.missing
        ]

    def to_state(self) -> State:
        """Spellings and hashes as plain data."""
        metas: list[Json] = [_meta(codes) for codes in self.codes]
        return State({"codes": metas}, {f"{j}.taken": codes.taken for j, codes in enumerate(self.codes)})


def _how(codes: Codes) -> str:
    spelt = Format(codes.format.spellings)
    if codes.blind:
        return f"made afresh, spelt {spelt}; none occurs twice, but one may equal a real row's by chance, since those weren't looked at"
    counted = ", counting on from the real ones" if codes.format.in_order else ""
    return f"made afresh, spelt {spelt}{counted}; no code is a real row's, and none occurs twice"


def take_off(frame: pd.DataFrame, recipe: Recipe, *, seed: int, private: bool = False) -> tuple[Identifiers, pd.DataFrame, Recipe]:
    """Return the layer of a recipe's identifiers, and the frame and the recipe without them.

    If ``private``, real codes aren't read: fresh ones follow from the pattern alone, none is
    missing, and one may equal a real one by chance.

    Raises
    ------
    FrameError
        There are fewer free codes than rows to make.
    RecipeError
        A pattern isn't in the notation, or a column has none and its codes share no spelling.
    """
    columns = [column for column in recipe.columns if column.kind == "identifier"]
    codes = tuple(fit_codes(frame[column.name], column, seed=seed, private=private) for column in columns)
    for made in codes:
        if made.capacity < recipe.rows:
            raise too_few(made.name, made.format, made.capacity, recipe.rows)
    names = [made.name for made in codes]
    kept = tuple(column for column in recipe.columns if column.name not in names)
    given = tuple(name for name in recipe.given if name not in names)
    return Identifiers(codes), frame.drop(columns=names), recipe.model_copy(update={"columns": kept, "given": given})


def fit_codes(cells: pd.Series[Any], column: Column, *, seed: int, private: bool = False) -> Codes:
    """Return how to make codes like a column's; if ``private``, without reading them.

    Raises
    ------
    RecipeError
        The column has no pattern, or one that isn't in the notation.
    """
    if column.pattern is None:
        raise RecipeError(
            f"An identifier needs a pattern; column {shown(column.name)} has none.",
            fix="Give it one, such as 'P-[0-9]{5}', or take it as text.",
        )
    made = parse_format(column.pattern)
    plain = without_arrow(cells)
    here = plain.notna().to_numpy()
    integers = _holds_integers(plain[here])
    texts = [str(int(cell)) if integers else str(cell) for cell in plain[here]]
    if integers and not made.in_order:
        _refuse_not_whole(column, made, largest_integer(cells.dtype))
    if private:
        return Codes(column.name, cells.dtype, made, np.empty(0, dtype="u8"), salt=0, integers=integers, start=1, blind=True)
    salt = int(generator(seed, "identifiers", column.name, "salt").integers(2**63))
    start, step = _next(texts, made)
    absent = None if here.all() or not pd.api.types.is_object_dtype(plain.dtype) else value_from_json(absent_mark(plain, here) or ["none"])
    return Codes(
        name=column.name,
        dtype=cells.dtype,
        format=made,
        taken=_hashes_of(texts, made, salt),
        salt=salt,
        widths=_widths(texts, _longest(made)),
        integers=integers,
        missing=float((~here).sum() / max(len(here), 1)),
        absent=absent,
        start=start,
        step=step,
    )


def fresh_codes(made: Format, numbers: Array, *, name: str, seed: int) -> list[str]:
    """Return codes of a declared format for rows by their numbers, all different, without any real ones to avoid.

    Raises
    ------
    FrameError
        There are more rows than codes.
    """
    codes = Codes(name, np.dtype(object), made, np.empty(0, dtype="u8"), salt=0, start=1)
    return [str(code) for code in codes.column(numbers, seed=seed)]


def _refuse_not_whole(column: Column, made: Format, largest: int) -> None:
    """Refuse a spelling whose codes aren't whole numbers that the storage type holds, each written in one way."""
    for shape in made.shapes:
        alphabets = [*map(set, shape.alphabets)]
        fixed = {chr(point) for point in shape.template if point}
        first = int(shape.template[0]) or min(map(int, alphabets[0]))
        widest = int("".join(chr(point or ord("9")) for point in shape.template)) if fixed <= set("0123456789") else largest + 1
        if alphabets and shape.places[0] == 0:
            widest = min(widest, int(chr(max(map(int, alphabets[0]))) + "9" * (len(shape.template) - 1)))
        leading = first == ord("0") and len(shape.template) > 1
        if leading or widest > largest or not all(chr(int(point)).isdigit() for alphabet in alphabets for point in alphabet):
            raise RecipeError(
                f"Column {shown(column.name)} holds whole numbers up to {largest:,}; the pattern {shown(column.pattern)} spells others.",
                fix="Use digits without leading zeros, such as '[1-9][0-9]{5}', or convert the column to text.",
            )


def _holds_integers(cells: pd.Series[Any]) -> bool:
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return True
    objects = pd.api.types.is_object_dtype(cells.dtype) and len(cells) > 0
    return objects and all(isinstance(cell, (int, np.integer)) for cell in cells)


def _longest(made: Format) -> int:
    if made.in_order:
        return sum(part.high if isinstance(part, Run) else len(str(part)) for part in made.spellings[0].parts)
    return max(len(shape.template) for shape in made.shapes)


def _widths(texts: Sequence[str], longest: int) -> tuple[int, ...]:
    lengths = np.array([len(text) for text in texts if len(text) <= longest], dtype="i8")
    return tuple(np.bincount(lengths, minlength=1).tolist())


def _hashes_of(texts: Sequence[str], made: Format, salt: int) -> Array:
    """Hashes of the codes that could be made again; longer ones can't."""
    width = _longest(made)
    fitting = [text for text in texts if len(text) <= width]
    if not fitting or made.in_order:
        return np.empty(0, dtype="u8")
    points = np.array(fitting, dtype=f"<U{width}").view("u4").reshape(len(fitting), width)
    return np.unique(code_hashes(points, salt))


def _next(texts: Sequence[str], made: Format) -> tuple[int, int]:
    """For codes that count upwards: the number after the largest real one, and the step."""
    if not made.in_order:
        return 0, 1
    before, after = (len(part) if isinstance(part, str) else 0 for part in (made.spellings[0].parts[0], made.spellings[0].parts[-1]))
    counted = [text[before : len(text) - after] for text in texts if made.matches(text)]
    numbers = sorted({int(digits) for digits in counted})
    step = int(np.gcd.reduce(np.diff(np.array(numbers, dtype=object)).astype("u8"))) if len(numbers) > 1 else 1
    return (numbers[-1] + step if numbers else 1), step


def _meta(codes: Codes) -> dict[str, Json]:
    return {
        "name": codes.name,
        "dtype": dtype_to_json(codes.dtype),
        "format": str(codes.format),
        "salt": str(codes.salt),
        "widths": list(codes.widths),
        "integers": codes.integers,
        "missing": codes.missing,
        "absent": value_to_json(codes.absent),
        "start": str(codes.start),
        "step": str(codes.step),
        "blind": codes.blind,
    }


def restore(recipe: Recipe, state: State) -> Identifiers:
    """The layer that `Identifiers.to_state` wrote.

    Raises
    ------
    RecordError
        The state doesn't hold together, or isn't of the recipe's identifiers.
    """
    columns = [column for column in recipe.columns if column.kind == "identifier"]
    metas = state.meta.get("codes")
    names = [meta.get("name") if isinstance(meta, dict) else None for meta in metas] if isinstance(metas, list) else []
    if not names or names != [column.name for column in columns]:
        _refuse(f"it holds {shown(names)}, the recipe {shown([column.name for column in columns])}")
    assert isinstance(metas, list)
    return Identifiers(tuple(_codes(meta, state.arrays.get(f"{j}.taken")) for j, meta in enumerate(metas)))


def _refuse(what: str) -> Never:
    raise RecordError(f"The identifiers' part of a generator doesn't hold together: {what}.", fix=_FIX)


def _codes(meta: Mapping[str, Json], taken: Array | None) -> Codes:
    if taken is None or taken.dtype != np.dtype("u8") or taken.ndim != 1 or (taken[1:] <= taken[:-1]).any():
        _refuse(f"the hashes of {shown(meta['name'])} aren't increasing 64-bit numbers")
    try:
        made = Codes(
            name=meta["name"],
            dtype=dtype_from_json(meta["dtype"]),
            format=parse_format(meta["format"]),
            taken=taken,
            salt=int(meta["salt"]),
            widths=tuple(map(int, meta["widths"])),
            integers=meta["integers"] is True,
            missing=float(meta["missing"]),
            absent=_mark(meta["absent"]),
            start=int(meta["start"]),
            step=int(meta["step"]),
            blind=meta["blind"] is True,
        )
        figures = (made.salt, made.step - 1, made.start, *made.widths)
        fits = 0.0 <= made.missing <= 1.0 and min(figures) >= 0 and made.salt < 2**63
        made.column(np.arange(min(1, made.capacity)), seed=0)
    except (KeyError, TypeError, ValueError, OverflowError, FrameError, RecipeError) as error:
        _refuse(str(error)[:200])
    if not fits:
        _refuse(f"a figure of {shown(made.name)} is out of range")
    return made


def _mark(value: Json) -> Any:
    """A mark of missing cells; a value in its place would turn missing cells into it."""
    mark = value_from_json(value)
    if mark is not None and pd.isna(mark) is not True:
        raise ValueError("the mark of missing cells is a value")
    return mark
