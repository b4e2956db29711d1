"""Units of work on a Dask cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from synthnb._optional import need
from synthnb.errors import OptionError, reason, shown

__all__ = ["Dask"]

T = TypeVar("T")
R = TypeVar("R")

_PATIENCE = "15s"
_AHEAD = 2


class Dask:
    """Runs units on a Dask cluster.

    Parameters
    ----------
    address : str, optional
        ``host:port`` of a scheduler; by default a cluster of this machine's cores, for the time of the call.

    Raises
    ------
    MissingExtraError
        The package distributed isn't installed.
    """

    def __init__(self, address: str | None = None) -> None:
        self._distributed = need("distributed", extra="dask")
        self._address = address

    def map(self, work: Callable[[Any, T], R], shared: Any, units: Sequence[T]) -> Iterator[R]:
        """Call ``work(shared, unit)`` for each unit; see `synthnb.scale.Runner.map`.

        Raises
        ------
        OptionError
            No scheduler answers at the address.
        """
        with self._client() as client:
            [sent] = client.scatter([shared], broadcast=True)
            ahead = _AHEAD * max(1, sum(client.nthreads().values()))
            waiting: deque[Any] = deque()
            for unit in units:
                waiting.append(client.submit(work, sent, unit, pure=False))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _client(self) -> Any:
        if self._address is None:
            return self._distributed.Client(processes=True, dashboard_address=None)
        try:
            return self._distributed.Client(f"tcp://{self._address}", timeout=_PATIENCE)
        except (OSError, ValueError) as error:
            raise OptionError(
                f"No Dask scheduler answers at {shown(self._address)}: {reason(error)}.",
                fix="Start one with `dask scheduler`, check the address, or use --on processes.",
            ) from error
