"""Where a frame's rows come from: which of them a run of this process made.

A frame that a user cut, sorted or added columns to is still recognised, row by
row. What isn't recognised is of unknown origin: it may be real, so it is
never shown, and no record calls it synthetic.

What may leave the machine is asked for more strictly, column by column: a
frame that merely holds values that also occur among synthetic rows is real.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from synthnb._frames import to_pandas
from synthnb._marks import claim_of, is_marked, marks_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Origin", "Origins", "Recognised", "quoting"]

_MOST_FRAMES = 32
_MOST_ROWS = 5_000_000
_BITS = 20
"""Some rows of a frame are taken for its own if other rows would be the same by chance less than once in 2**20 times."""
_SENTENCE = 6
"""Words of a cell, on average, from which a column may quote somebody's texts."""
_FEW = 10
"""Levels that may be few by chance alone."""
_ODD = 0.05
"""The chance that another row is the same as one of a run's, up to which rows tell by their values alone that the run made them."""
_PART, _MOST_OF = 0.1, 0.5
"""Rows told by their values are this part of a frame, or of what the run made, at least: fewer may be copies of real ones."""
_STARTS = 64
"""How many places in a frame where a run's rows may begin are looked at, and how many rows tell such a place."""
_MOST_CELLS = 1_000_000
"""Cells of a frame up to which each is remembered by 32 bits, so that a row that was edited is known again."""


@dataclass(frozen=True)
class Origin:
    """The run that made a frame's rows."""

    run: str
    """The run's id."""
    name: str
    """What the run's frame is called."""
    depth: int = 1
    """How many generations lie between the frame and data that weren't made by software, as far as is known."""
    share: float = 1.0
    """The share of its rows that are synthetic."""
    claimed: bool = False
    """Whether only the frame says so, and no row could be compared."""

    def to_dict(self) -> dict[str, Any]:
        """The origin as plain JSON types, as an input has it."""
        told: dict[str, Any] = {"run": self.run, "name": self.name, "depth": self.depth, "share": self.share}
        return told | ({"claimed": True} if self.claimed else {})


@dataclass(frozen=True)
class Recognised:
    """What is known of each row of a frame."""

    runs: tuple[Origin, ...]
    """The runs that made some of the rows."""
    which: np.ndarray[Any, Any]
    """Per row, which of the runs made it; -1 for none that is known."""
    edited: np.ndarray[Any, Any]
    """Per row, whether it is one of the run's that has been changed since."""
    differs: np.ndarray[Any, Any]
    """Per row, whether it is marked as synthetic and the runs that are known and have its columns made other rows."""


@dataclass(frozen=True)
class _Made:
    """What is remembered of a frame."""

    origin: Origin
    names: tuple[str, ...]
    rows: np.ndarray[Any, Any]
    """Hashes of the rows, each once, sorted."""
    times: np.ndarray[Any, Any]
    """How often each occurs."""
    labelled: np.ndarray[Any, Any]
    """Hashes of the rows with their index labels, each once, sorted."""
    labelled_times: np.ndarray[Any, Any]
    """How often each occurs."""
    synthetic: frozenset[str]
    """Columns none of whose cells is of a real row or document."""
    cells: Mapping[str, np.ndarray[Any, Any]]
    """Hashes of the cells by column, in the order of `places`; empty for a large frame."""
    places: np.ndarray[Any, Any]
    """Hashes of the index labels."""

    order: np.ndarray[Any, Any]
    """Hashes of the rows, as they came."""

    @cached_property
    def bits(self) -> float:
        """How many bits it takes to name all of the rows, one after the other."""
        import numpy as np

        return float(-(self.times * np.log2(self.times / len(self.order))).sum())

    @cached_property
    def chance(self) -> float:
        """An upper bound of the chance that a row of another origin, but of the same distribution, equals one of these.

        Of n rows, k pairs are the same: a pair is so with a chance of at most about (k + 2√k + 3) / (n (n - 1) / 2), by the
        rule of three where k is 0, and a row equals one of n with n times that.
        """
        pairs = float((self.times * (self.times - 1.0) / 2).sum())
        return float(min(1.0, 2 * (pairs + 2 * pairs**0.5 + 3) / max(len(self.order) - 1, 1)))


class Origins:
    """The rows that this process made, as 64-bit hashes; the rows themselves aren't kept."""

    def __init__(self) -> None:
        self._made: list[_Made] = []
        self.told: dict[str, dict[str, Any]] = {}
        """What files that were read say of runs made elsewhere: entries by id."""

    def register(self, origin: Origin, frame: Any, *, synthetic: Iterable[str] = ()) -> None:
        """Remember the rows of a frame that a run made; the oldest frames are forgotten.

        Parameters
        ----------
        origin : Origin
            The run.
        frame : frame
            What it made.
        synthetic : iterable of str
            The columns that the run made and that quote no real row or document: they may go where synthetic rows may go.
        """
        import numpy as np

        table = _table(frame)
        if len(table) <= _MOST_ROWS:
            names = tuple(table.columns)
            hashes = _row_hashes(table, names)
            rows, times = np.unique(hashes, return_counts=True)
            known = frozenset(map(str, synthetic)) & set(names)
            labels = _row_hashes(table, names, index=True)
            made = _Made(origin, names, rows, times, *np.unique(labels, return_counts=True), known, *_cells(table), hashes)
            self._made = [*self._made[1 - _MOST_FRAMES :], made]

    def synthetic(self, frame: Any) -> frozenset[str]:
        """Return the columns of a frame that are known to be synthetic: those that runs of this process made, as they made them.

        The frame's rows must be rows that a run made: none twice that was there once, with the index labels and the values
        they had in every column of that run. Some rows only must besides be too many or too rare to be the same by
        chance. When in doubt a column isn't known; it may be real then.
        """
        looked = _Looked(frame)
        known: frozenset[str] = frozenset()
        for made in self._made:
            if made.synthetic and looked.has(made) and _is_of(looked, made):
                known |= made.synthetic
        return known

    def recognise(self, frame: Any) -> Recognised:
        """Return which rows of a frame runs of this process made: the whole frame cut from one, or rows that no other is likely to equal.

        Of a frame that has only some of a run's columns all rows need the run's index labels.

        A row that was changed is known again only if the frame has marks or claims to come from the run (see `synthnb._marks`),
        the row has the index label of one of the run's, more than half of its cells are the same, and these are so seldom
        together that another row would hardly have them.
        """
        import numpy as np

        looked = _Looked(frame)
        which, edited = np.full(len(looked), -1), np.zeros(len(looked), dtype=bool)
        runs: list[Origin] = []
        claimed, marked = claim_of(frame).get("run"), is_marked(frame)
        for made in reversed(self._made):
            found, changed = _rows_of(looked, made, claimed=marked or made.origin.run == claimed)
            new = (which < 0) & (found | changed)
            if new.any():
                which[new], edited[new] = len(runs), (changed & ~found)[new]
                runs.append(made.origin)
        stated = np.array([word == "synthetic" for word in marks_of(frame)]) if marked else np.zeros(len(looked), dtype=bool)
        return Recognised(tuple(runs), which, edited, self._differs(looked, stated, which))

    def _differs(self, looked: _Looked, stated: np.ndarray[Any, Any], which: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Which of the rows that are stated to be synthetic and aren't recognised no run with the frame's columns can have made."""
        import numpy as np

        left = stated & (which < 0)
        likely = [made for made in self._made if looked.has(made)] if left.any() else []
        if not likely:
            return np.zeros(len(looked), dtype=bool)
        may_be = [_may_be(looked, made) | _are_among(looked, made, stated) for made in likely]
        return np.asarray(left & ~np.logical_or.reduce(may_be))

    def possible(self, frame: Any, run: str) -> float | None:
        """Return the share of a frame's rows that hold only values that a run made; None if nothing is known of the run here."""
        looked = _Looked(frame)
        known = [made for made in self._made if made.origin.run == run]
        return max(float(_possible(looked, made).mean()) for made in known) if known and len(looked) else None

    def whole(self, frame: Any) -> Origin | None:
        """Return the latest run that made every row of a frame, and not only rows that happen to be equal; None if there is none."""
        looked = _Looked(frame)
        for made in reversed(self._made):
            if looked.has(made) and (_is_from(looked, made) or bool(_by_values(looked, made).all())):
                return made.origin
        return None

    def is_synthetic(self, frame: Any, columns: Iterable[str]) -> bool:
        """Whether each of these columns of a frame is known to be synthetic; see `synthetic`."""
        return set(columns) <= self.synthetic(frame)


def quoting(made: Any, source: Any = None, *, fresh: Collection[str] = ()) -> set[str]:
    """Columns of a synthetic frame whose cells may be some real row's own: sentences, and texts that hardly any two rows share.

    Parameters
    ----------
    made : frame
        What a run made.
    source : frame, optional
        What it read, if that is at hand; else what it made is judged.
    fresh : collection of str
        Columns known to be made afresh, such as identifiers.
    """
    table, real = _table(made), None if source is None else _table(source)
    return {
        str(name)
        for name in table.columns
        if _quotes(table[name], real[name] if real is not None and name in real else None, name in fresh)
    }


def _quotes(cells: pd.Series[Any], real: pd.Series[Any] | None, fresh: bool) -> bool:
    if cells.dtype.kind in "biufcmM":
        return False
    texts = {cell for cell in cells.dropna().unique() if isinstance(cell, str)}
    if texts and sum(len(text.split()) for text in texts) / len(texts) >= _SENTENCE:
        return True
    if not texts or fresh:
        return False
    if real is None:
        return len(texts) > max(_FEW, len(cells) / 2)
    there = real.dropna()
    return int(there.nunique()) > len(there) / 2 and not texts.isdisjoint(there.unique())


def _table(frame: Any) -> pd.DataFrame:
    """The frame in pandas, with its own index labels where it has any."""
    import pandas as pd

    table, _ = to_pandas(frame)
    return table.set_axis(frame.index) if isinstance(frame, pd.DataFrame) else table


class _Looked:
    """A frame that is looked at, whose rows are hashed once for each set of columns, and whose cells once."""

    def __init__(self, frame: Any) -> None:
        self.table = _table(frame)
        self._hashes: dict[tuple[tuple[str, ...], bool], np.ndarray[Any, Any]] = {}
        self._cells: dict[str, np.ndarray[Any, Any]] = {}

    def __len__(self) -> int:
        return len(self.table)

    def has(self, made: _Made) -> bool:
        """Whether it has every column of a run's frame."""
        return set(made.names) <= set(self.table.columns)

    def hashes(self, names: tuple[str, ...], *, index: bool = False) -> np.ndarray[Any, Any]:
        """Hashes of the rows, with their index labels if asked."""
        if (names, index) not in self._hashes:
            self._hashes[names, index] = _row_hashes(self.table, names, index=index)
        return self._hashes[names, index]

    def cells(self, name: str) -> np.ndarray[Any, Any]:
        """Hashes of a column's cells."""
        if name not in self._cells:
            self._cells[name] = _cell_hashes(self.table[name])
        return self._cells[name]

    @cached_property
    def places(self) -> np.ndarray[Any, Any]:
        """Hashes of the index labels."""
        return _place_hashes(self.table)


def _by_values(looked: _Looked, made: _Made) -> np.ndarray[Any, Any]:
    """Per row, whether its values tell that the run made it: all of the run's rows are there one after the other, or it is too odd."""
    import numpy as np

    hashes = looked.hashes(made.names)
    found = np.zeros(len(looked), dtype=bool)
    size = len(made.order)
    if made.bits >= _BITS and size <= len(hashes):
        for start in _starts(hashes, made.order):
            if np.array_equal(hashes[start : start + size], made.order):
                found[start : start + size] = True
    chance = made.chance
    if chance > _ODD:
        return found
    alone = _within(hashes, made.rows[made.times == 1])
    return found | alone if _is_enough(int(alone.sum()), chance=chance, size=size, n=len(looked)) else found


def _within(hashes: np.ndarray[Any, Any], known: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Which hashes are among some that are sorted."""
    import numpy as np

    if not len(known):
        return np.zeros(len(hashes), dtype=bool)
    found: np.ndarray[Any, Any] = known[np.minimum(np.searchsorted(known, hashes), len(known) - 1)] == hashes
    return found


def _starts(hashes: np.ndarray[Any, Any], order: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Places where some rows may begin one after the other: those where the first ones do."""
    import numpy as np

    found = np.arange(max(len(hashes) - len(order) + 1, 0))
    for step in range(min(len(order), _STARTS)):
        found = found[hashes[found + step] == order[step]]
    return found[:_STARTS]


def _surprise(hashes: np.ndarray[Any, Any], made: _Made) -> float:
    """How many bits it takes to name rows of the run's: the more, the less they are the same by chance."""
    import numpy as np

    share = made.times[np.searchsorted(made.rows, hashes)] / len(made.order)
    return float(-np.log2(share).sum())


def _rows_of(looked: _Looked, made: _Made, *, claimed: bool) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Per row, whether the run made it, and whether it is one of the run's that was changed."""
    import numpy as np

    found, changed = np.zeros(len(looked), dtype=bool), np.zeros(len(looked), dtype=bool)
    if looked.has(made):
        found = np.ones(len(looked), dtype=bool) if _is_from(looked, made) else _by_values(looked, made)
    narrower = not looked.has(made) and set(looked.table.columns) <= set(made.names)
    if (claimed or narrower) and made.cells and not found.all():
        alike, chance = _alike(looked, made)
        whole = alike == 1
        if narrower and whole.all() and float(-np.log2(chance).sum()) >= _BITS:
            return whole, changed
        if claimed:
            found, changed = _by_labels(found, made, alike, chance)
    return found, changed & ~found


def _by_labels(
    found: np.ndarray[Any, Any], made: _Made, alike: np.ndarray[Any, Any], chance: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Which rows are as the run's with the same index label, and which are so for the most part, where that isn't likely by chance."""
    whole = alike == 1
    told = _is_enough(int(whole.sum()), chance=float(chance[whole].mean()) if whole.any() else 1.0, size=len(made.order), n=len(found))
    changed = (alike > _MOST_OF) & ((chance <= _ODD) | (told and made.chance > _ODD))
    return found | (whole & ((chance <= _ODD) | told)), changed


def _is_enough(many: int, *, chance: float, size: int, n: int) -> bool:
    """Whether so many of n rows tell that a run made them: more than by chance, and not few of either the run's or the frame's."""
    return many > 3 * chance * n + 3 and (many >= _MOST_OF * size or many >= _PART * n)


def _places_of(looked: _Looked, made: _Made) -> np.ndarray[Any, Any]:
    """Per row, where the run's row with the same index label is; -1 where there is none."""
    import numpy as np
    import pandas as pd

    places = pd.Index(made.places)
    found = places.get_indexer_for(looked.places) if places.is_unique else np.full(len(looked), -1)
    return np.asarray(found)


def _alike(looked: _Looked, made: _Made) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Per row, the share of its cells that are as in the run's row with the same index label, and a bound of the chance of so many.

    The bound is the chance of just these cells, by how often each is in its column, times the number of ways to choose so many.
    """
    import numpy as np

    there = _places_of(looked, made)
    common = [name for name in made.names if name in looked.table.columns]
    same, chance = np.zeros(len(looked), dtype=int), np.ones(len(looked))
    for name in common:
        cells = looked.cells(name)
        levels, times = np.unique(made.cells[name], return_counts=True)
        equal = (cells == made.cells[name][there]) & (there >= 0)
        same += equal
        chance[equal] *= times[np.searchsorted(levels, cells[equal])] / len(made.order)
    ways = np.array([math.comb(len(common), many) for many in range(len(common) + 1)], dtype=float)
    return same / max(len(common), 1), np.minimum(chance * ways[same], 1.0)


def _possible(looked: _Looked, made: _Made) -> np.ndarray[Any, Any]:
    """Per row, whether each of its cells is one that the run made in that column."""
    import numpy as np

    common = [name for name in made.names if name in looked.table.columns]
    if not made.cells and looked.has(made):
        return _within(looked.hashes(made.names), made.rows)
    if not made.cells or not common:
        return np.full(len(looked), bool(common))
    return np.asarray(np.logical_and.reduce([np.isin(looked.cells(name), made.cells[name]) for name in common]))


def _may_be(looked: _Looked, made: _Made) -> np.ndarray[Any, Any]:
    """Per row, whether it may be one of the run's that lost its index label."""
    return _possible(looked, made) & (_places_of(looked, made) < 0) if made.cells else _possible(looked, made)


def _are_among(looked: _Looked, made: _Made, some: np.ndarray[Any, Any]) -> bool:
    """Whether some rows, taken together, are rows that the run made, none more often than it did."""
    import numpy as np

    rows, times = np.unique(looked.hashes(made.names)[some], return_counts=True)
    if not _within(rows, made.rows).all():
        return False
    return bool((times <= made.times[np.searchsorted(made.rows, rows)]).all())


def _is_from(looked: _Looked, made: _Made) -> bool:
    """Whether a table's rows are a run's own: by their index labels, or all of them in whatever order, where that is odd enough."""
    return _is_of(looked, made) or _is_shuffled(looked, made)


def _is_shuffled(looked: _Looked, made: _Made) -> bool:
    """Whether a table has each of a run's rows just as often, and other rows of the same distribution hardly would.

    The chance is the multinomial one: n! times the product of (k/n)^k / k! over the rows' counts k.
    """
    import numpy as np

    n = len(made.order)
    if len(looked) != n or not np.array_equal(np.sort(looked.hashes(made.names)), np.sort(made.order)):
        return False
    counts = zip(*(found.tolist() for found in np.unique(made.times, return_counts=True)), strict=True)
    odd: float = sum(many * (math.lgamma(k + 1) - k * math.log(k / n)) for k, many in counts) - math.lgamma(n + 1)
    return odd >= _BITS * math.log(2)


def _is_of(looked: _Looked, made: _Made) -> bool:
    """Whether a table's rows are a run's own, not others with the same values."""
    import numpy as np

    if len(looked) > len(made.order):
        return False
    labelled, times = np.unique(looked.hashes(made.names, index=True), return_counts=True)
    place = np.searchsorted(made.labelled, labelled)
    if len(labelled) == 0 or place[-1] >= len(made.labelled) or not np.array_equal(made.labelled[place], labelled):
        return False
    if (times > made.labelled_times[place]).any():
        return False
    return len(looked) == len(made.order) or _surprise(looked.hashes(made.names), made) >= _BITS


def _cells(table: pd.DataFrame) -> tuple[dict[str, np.ndarray[Any, Any]], np.ndarray[Any, Any]]:
    """Hashes of the cells and of the index labels of a frame that isn't too large."""
    import numpy as np

    if table.size > _MOST_CELLS:
        return {}, np.zeros(0, dtype="u8")
    return {str(name): _cell_hashes(table[name]) for name in table.columns}, _place_hashes(table)


def _cell_hashes(column: pd.Series[Any]) -> np.ndarray[Any, Any]:
    return _row_hashes(column.to_frame("cell"), ("cell",)).astype("u4")


def _place_hashes(table: pd.DataFrame) -> np.ndarray[Any, Any]:
    import pandas as pd

    try:
        hashes: np.ndarray[Any, Any] = pd.util.hash_pandas_object(table.index).to_numpy()
    except (TypeError, ValueError):
        hashes = pd.util.hash_pandas_object(pd.Index([repr(label) for label in table.index])).to_numpy()
    return hashes


def _row_hashes(table: pd.DataFrame, names: tuple[str, ...], *, index: bool = False) -> np.ndarray[Any, Any]:
    """A hash of each row's values in some columns, and of its index label if asked."""
    import pandas as pd

    part = table[list(names)]
    whole = [name for name in names if pd.api.types.is_integer_dtype(part[name].dtype)]
    part = part.astype(dict.fromkeys(whole, "float64")) if whole else part  # as they become beside a missing cell
    try:
        hashes: np.ndarray[Any, Any] = pd.util.hash_pandas_object(part, index=index).to_numpy()
    except (TypeError, ValueError):  # pandas hashes text as UTF-8, which has no lone surrogates, and no objects that are sequences
        odd = part.map(repr).set_axis([repr(label) for label in part.index]) if index else part.map(repr)
        hashes = pd.util.hash_pandas_object(odd, index=index).to_numpy()
    return hashes
