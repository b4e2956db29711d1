"""Which table refers to which: declared relations checked, or found by their values and names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from synthnb.errors import FrameError, OptionError, SynthnbError, reason, shown
from synthnb.recipes.tables import Relation, parents_first

__all__ = ["Reference", "find_relations", "read_reference", "read_relations"]

Array = np.ndarray[Any, Any]

_GENERIC = {"code", "id", "index", "key", "no", "nr", "number", "uid", "uuid"}
"""Names that many tables give their own key, so that two tables sharing one say nothing."""
_HELD = 0.95
"""Least share of a column's values that must be keys for it to be taken as a reference."""


class Reference(NamedTuple):
    """A relation in the real tables."""

    relation: Relation
    """Which."""
    parent: Array
    """For each of the child's rows the number of its parent's row, or -1."""
    missing: int
    """The child's rows without a reference."""
    orphans: int
    """The child's rows whose reference names no row of the parent."""


def read_relations(frames: Mapping[str, pd.DataFrame], relations: Iterable[Any] | None) -> tuple[Relation, ...]:
    """Return the relations declared, checked against the tables, or those found if none are declared.

    Raises
    ------
    OptionError
        A relation names no table or column, a column refers to two tables, tables refer to themselves, none
        is found, or what is found is ambiguous.
    FrameError
        A key isn't unique or has missing cells.
    """
    read = find_relations(frames) if relations is None else tuple(Relation.of(value) for value in relations)
    _raise_all([problem for relation in read for problem in _wrong_names(frames, relation)] or _given_twice(read))
    parents_first(frames, read)
    keys = {(relation.parent, relation.key): relation for relation in read}
    _raise_all([problem for relation in keys.values() if (problem := _wrong_key(frames[relation.parent], relation))])
    return read


def _raise_all(problems: Sequence[SynthnbError]) -> None:
    """Raise the one problem as it is, and several, which are of one kind, as one error that tells them all."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        told = "; ".join(dict.fromkeys(reason(problem) for problem in problems))
        raise type(problems[0])(f"{len(problems)} things are wrong with the relations: {told}.", fix="Correct what is named.")


def _end(relation: Relation) -> tuple[str, str]:
    return relation.child, relation.column


def _given_twice(read: Sequence[Relation]) -> list[OptionError]:
    twice = dict.fromkeys(_end(relation) for number, relation in enumerate(read) if _end(relation) in map(_end, read[:number]))
    return [
        OptionError(f"A column refers to one table; {shown(column)} of {shown(child)} is given two.", fix="Leave one of them out.")
        for child, column in twice
    ]


def _wrong_names(frames: Mapping[str, pd.DataFrame], relation: Relation) -> list[OptionError]:
    """Tables and columns of a relation that aren't there."""
    problems: dict[str, OptionError] = {}
    ends = [(relation.parent, relation.key), (relation.child, relation.column)]
    for table, column in [*ends, *([(relation.child, relation.order)] if relation.order else [])]:
        if table not in frames:
            found = OptionError.from_choice(f"A table of the relation {relation}", table, list(frames))
        elif column not in frames[table]:
            found = OptionError.from_choice(f"A column of {shown(table)} in the relation {relation}", column, list(frames[table].columns))
        else:
            continue
        problems[str(found)] = found
    return list(problems.values())


def _wrong_key(frame: pd.DataFrame, relation: Relation) -> FrameError | None:
    cells = frame[relation.key]
    missing, repeated = int(cells.isna().sum()), int(cells.dropna().duplicated().sum())
    if not (missing or repeated):
        return None
    told = " and ".join(f"{count:,} {what}" for count, what in ((missing, "missing cells"), (repeated, "repeated values")) if count)
    return FrameError(
        f"A key has a value of its own in every row; {shown(relation.key)} of {shown(relation.parent)} has {told}.",
        fix="Drop or correct these rows, or name another column as the key.",
    )


def read_reference(frames: Mapping[str, pd.DataFrame], relation: Relation) -> Reference:
    """Return whose row each of a child's rows belongs to.

    Raises
    ------
    FrameError
        Not one of the references names a row.
    """
    cells = frames[relation.child][relation.column]
    keys = frames[relation.parent][relation.key]
    parent = _plain(keys).get_indexer(_plain(cells))
    missing = cells.isna().to_numpy()
    parent = np.where(missing, -1, parent)
    orphans = int(((parent < 0) & ~missing).sum())
    if len(cells) and (parent < 0).all():
        raise FrameError(
            f"No value of {shown(relation.column)} in {shown(relation.child)} is one of {shown(relation.key)} in {shown(relation.parent)}.",
            fix="Check that both are stored alike (numbers, or text with the same zeros and spaces).",
        )
    return Reference(relation, parent, int(missing.sum()), orphans)


def _plain(cells: pd.Series[Any]) -> pd.Index[Any]:
    """Cells such that equal values are equal however they are stored."""
    numeric = pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_bool_dtype(cells.dtype)
    if numeric and not cells.isna().any():
        index: pd.Index[Any] = pd.Index(cells.to_numpy(dtype=getattr(cells.dtype, "numpy_dtype", None)))
    elif numeric:
        index = pd.Index(cells.to_numpy(dtype="f8", na_value=np.nan))
    else:
        index = pd.Index(cells.astype(object))
    return index


def find_relations(frames: Mapping[str, pd.DataFrame]) -> tuple[Relation, ...]:
    """Return the relations that names and values tell.

    A table's key is a column with a value of its own in every row. A column of another table refers to it
    if at least 95 % of its values are keys there and it has the key's name (unless that is a general one, such
    as ``id``, and names the other table's rows too), or the parent's name before ``_id`` or before the key's name.

    Raises
    ------
    OptionError
        None is found, or a column may refer to several tables; the candidates are listed.
    """
    found: dict[tuple[str, str], list[Relation]] = {}
    for parent, frame in frames.items():
        for key in _keys(frame):
            for child, other in frames.items():
                for column in other.columns if child != parent else ():
                    if _refers(parent, frame[key], child, other[column], list(frames)):
                        found.setdefault((child, str(column)), []).append(Relation(parent=parent, key=key, child=child, column=str(column)))
    several = [candidates for candidates in found.values() if len(candidates) > 1]
    _raise_all(
        [
            OptionError(
                f"{shown(candidates[0].column)} of {shown(candidates[0].child)} may refer to several tables: "
                + "; or ".join(f'"{relation}"' for relation in candidates)
                + ".",
                fix="Declare the relations, for example relations=[...] with one of these.",
            )
            for candidates in several
        ]
    )
    if not found and len(frames) > 1:
        raise OptionError(
            f"No relation was found among the tables {', '.join(map(shown, frames))}.",
            fix='Declare them, for example relations=["patients.id -> visits.patient_id"], or pass relations=[] if there are none.',
        )
    return tuple(candidates[0] for candidates in found.values())


def _keys(frame: pd.DataFrame) -> list[str]:
    """Columns with a value of their own in every row, of a kind that names rows."""
    return [
        str(name)
        for name in frame.columns
        if len(frame) and _names_rows(frame[name]) and not frame[name].isna().any() and frame[name].is_unique
    ]


def _names_rows(cells: pd.Series[Any]) -> bool:
    dtype = cells.dtype
    if pd.api.types.is_bool_dtype(dtype) or (not isinstance(dtype, pd.CategoricalDtype) and dtype.kind in "fmM"):
        return False
    return bool(pd.api.types.is_integer_dtype(dtype) or pd.api.types.is_object_dtype(dtype)) or isinstance(
        dtype, (pd.StringDtype, pd.CategoricalDtype)
    )


def _refers(parent: str, key: pd.Series[Any], child: str, cells: pd.Series[Any], tables: Sequence[str]) -> bool:
    """Whether a column's name and values say that it refers to a key."""
    name, column = str(key.name).casefold(), str(cells.name).casefold()
    if not (_named_alike(name, column) or _named_after(parent, name, column)):
        return False
    present = cells.dropna()
    if present.empty or float(_plain(present).isin(_plain(key)).mean()) < _HELD:
        return False
    if not present.is_unique:
        return True
    if name == column and name in _GENERIC:
        return False
    # One row each on both sides: the table with more rows is the parent, else the one listed first.
    return len(key) > len(present) or (len(key) == len(present) and tables.index(parent) < tables.index(child))


def _named_alike(key: str, column: str) -> bool:
    return key == column


def _named_after(parent: str, key: str, column: str) -> bool:
    """Whether a column is called ``patient_id`` or ``patients_key`` for a parent called ``patients``."""
    whole = parent.casefold()
    stems = {whole, whole.removesuffix("s"), whole.removesuffix("es"), f"{whole[:-3]}y" if whole.endswith("ies") else whole}
    letters = "".join(c for c in column if c.isalnum())
    return any(letters == "".join(c for c in f"{stem}{end}" if c.isalnum()) for stem in stems if stem for end in ("id", key))
