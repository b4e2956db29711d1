"""Where a frame's rows come from: which of them a run of this process made.

A frame that a user cut, sorted or added columns to is still recognised, row by
row. What isn't recognised is of unknown origin: it may be real, so it is
never shown, and no record calls it synthetic.

What may leave the machine is asked for more strictly, column by column: a
frame that merely holds values that also occur among synthetic rows is real.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthnb._frames import to_pandas

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Origin", "Origins", "quoting"]

_MOST_FRAMES = 32
_MOST_ROWS = 5_000_000
_BITS = 20
"""Some rows of a frame are taken for its own if other rows would be the same by chance less than once in 2**20 times."""
_SENTENCE = 6
"""Words of a cell, on average, from which a column may quote somebody's texts."""
_FEW = 10
"""Levels that may be few by chance alone."""


@dataclass(frozen=True)
class Origin:
    """The run that made a frame's rows."""

    run: str
    """The run's id."""
    name: str
    """What the run's frame is called."""


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


class Origins:
    """The rows that this process made, as 64-bit hashes; the rows themselves aren't kept."""

    def __init__(self) -> None:
        self._made: list[_Made] = []

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
            rows, times = np.unique(_row_hashes(table, names), return_counts=True)
            known = frozenset(map(str, synthetic)) & set(names)
            labels = _row_hashes(table, names, index=True) if known else rows[:0]
            made = _Made(origin, names, rows, times, *np.unique(labels, return_counts=True), known)
            self._made = [*self._made[1 - _MOST_FRAMES :], made]

    def of(self, frame: Any) -> Origin | None:
        """Return the latest run that made every row of a frame, judged on the columns that run made; None if there is none."""
        import numpy as np

        table = _table(frame)
        for made in reversed(self._made):
            if set(made.names) <= set(table.columns) and bool(np.isin(_row_hashes(table, made.names), made.rows).all()):
                return made.origin
        return None

    def synthetic(self, frame: Any) -> frozenset[str]:
        """Return the columns of a frame that are known to be synthetic: those that runs of this process made, as they made them.

        The frame's rows must be rows that a run made: none twice that was there once, with the index labels and the values
        they had in every column of that run. Some rows only must besides be too many or too rare to be the same by
        chance. When in doubt a column isn't known; it may be real then.
        """
        table = _table(frame)
        known: frozenset[str] = frozenset()
        for made in self._made:
            if made.synthetic and set(made.names) <= set(table.columns) and _is_of(table, made):
                known |= made.synthetic
        return known

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


def _is_of(table: pd.DataFrame, made: _Made) -> bool:
    """Whether a table's rows are a run's own, not others with the same values."""
    import numpy as np

    labelled, times = np.unique(_row_hashes(table, made.names, index=True), return_counts=True)
    place = np.searchsorted(made.labelled, labelled)
    if len(labelled) == 0 or place[-1] >= len(made.labelled) or not np.array_equal(made.labelled[place], labelled):
        return False
    if (times > made.labelled_times[place]).any():
        return False
    total = int(made.times.sum())
    if len(table) == total:
        return True
    share = made.times[np.searchsorted(made.rows, _row_hashes(table, made.names))] / total
    return bool(-np.log2(share).sum() >= _BITS)


def _row_hashes(table: pd.DataFrame, names: tuple[str, ...], *, index: bool = False) -> np.ndarray[Any, Any]:
    """A hash of each row's values in some columns, and of its index label if asked."""
    import pandas as pd

    part = table[list(names)]
    try:
        hashes: np.ndarray[Any, Any] = pd.util.hash_pandas_object(part, index=index).to_numpy()
    except (TypeError, ValueError):  # pandas hashes text as UTF-8, which has no lone surrogates, and no objects that are sequences
        odd = part.map(repr).set_axis([repr(label) for label in part.index]) if index else part.map(repr)
        hashes = pd.util.hash_pandas_object(odd, index=index).to_numpy()
    return hashes
