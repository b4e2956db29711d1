"""Where units of work run: in this process, in others, or on a Dask cluster, with the same result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from synthnb.errors import OptionError, shown

__all__ = ["INLINE", "Runner", "open_runner"]

T = TypeVar("T")
R = TypeVar("R")


class Runner(Protocol):
    """Runs units of work and gives their results in order."""

    def map(self, work: Callable[[Any, T], R], shared: Any, units: Sequence[T]) -> Iterator[R]:
        """Call ``work(shared, unit)`` for each unit.

        Parameters
        ----------
        work : callable
            A function of a module, so that another process finds it by name.
        shared : object
            What every unit reads; sent to each worker once.
        units : sequence
            One result comes back for each, in order; results are computed only a little ahead of their use.
        """


class Inline:
    """Runs each unit here, when its result is asked for."""

    def map(self, work: Callable[[Any, T], R], shared: Any, units: Sequence[T]) -> Iterator[R]:
        """Call ``work(shared, unit)`` for each unit; see `Runner.map`."""
        for unit in units:
            yield work(shared, unit)


INLINE = Inline()
"""The runner that needs nothing."""


def open_runner(on: str) -> Runner:
    """Return the runner that a word stands for.

    Parameters
    ----------
    on : str
        ``inline``; ``processes`` or ``processes:4``; ``dask`` for a cluster on this machine
        or ``dask://host:port`` for one that runs already.

    Raises
    ------
    OptionError
        It is none of these.
    MissingExtraError
        Dask isn't installed.
    """
    if not isinstance(on, str):
        raise OptionError(f"Where to run is said in a word; got {shown(on)}.", fix="Use inline, processes or dask.")
    name, _, rest = on.partition(":")
    if on == "inline":
        return INLINE
    if on == "processes" or (name == "processes" and rest.isdecimal() and 1 <= int(rest) <= 1024):
        from synthnb.scale.processes import Processes

        return Processes(int(rest) if rest else None)
    if on == "dask" or (name == "dask" and rest.startswith("//") and len(rest) > 2):
        from synthnb.scale.dask import Dask

        return Dask(rest.removeprefix("//") or None)
    raise OptionError(
        f"Where to run must be inline, processes, processes:N, dask or dask://host:port; got {shown(on)}.", fix="Choose one of these."
    )
