"""Where a frame's rows come from: which of them a run of this process made.

A frame that a user cut, sorted or added columns to is still recognised, row by
row. What isn't recognised is of unknown origin: it may be real, so it is
never shown, and no record calls it synthetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthnb._frames import to_pandas

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Origin", "Origins"]

_MOST_FRAMES = 32
_MOST_ROWS = 5_000_000


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


class Origins:
    """The rows that this process made, as 64-bit hashes; the rows themselves aren't kept."""

    def __init__(self) -> None:
        self._made: list[_Made] = []

    def register(self, origin: Origin, frame: Any) -> None:
        """Remember the rows of a frame that a run made; the oldest frames are forgotten."""
        import numpy as np

        table, _ = to_pandas(frame)
        if len(table) <= _MOST_ROWS:
            names = tuple(table.columns)
            self._made = [*self._made[1 - _MOST_FRAMES :], _Made(origin, names, np.unique(_row_hashes(table, names)))]

    def of(self, frame: Any) -> Origin | None:
        """Return the latest run that made every row of a frame, judged on the columns that run made; None if there is none."""
        import numpy as np

        table, _ = to_pandas(frame)
        for made in reversed(self._made):
            if set(made.names) <= set(table.columns) and bool(np.isin(_row_hashes(table, made.names), made.rows).all()):
                return made.origin
        return None


def _row_hashes(table: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray[Any, Any]:
    import pandas as pd

    part = table[list(names)]
    try:
        hashes: np.ndarray[Any, Any] = pd.util.hash_pandas_object(part, index=False).to_numpy()
    except (TypeError, ValueError):  # pandas hashes text as UTF-8, which has no lone surrogates, and no objects that are sequences
        hashes = pd.util.hash_pandas_object(part.map(repr), index=False).to_numpy()
    return hashes
