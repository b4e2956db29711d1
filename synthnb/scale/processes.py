"""Units of work in other processes of this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

__all__ = ["Processes"]

T = TypeVar("T")
R = TypeVar("R")


class Processes:
    """Runs units in worker processes, which stay for the next call for a while.

    Parameters
    ----------
    workers : int, optional
        How many; one per core by default.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1
        """How many processes work at once."""

    def map(self, work: Callable[[Any, T], R], shared: Any, units: Sequence[T]) -> Iterator[R]:
        """Call ``work(shared, unit)`` for each unit; see `synthnb.scale.Runner.map`."""
        from joblib import Parallel, delayed

        pool = Parallel(n_jobs=self.workers, backend="loky", return_as="generator", pre_dispatch=2 * self.workers, batch_size=1)
        yield from pool(delayed(work)(shared, unit) for unit in units)
