"""Models on a `FaultyServer`, patient in milliseconds instead of seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from synthnb.models.base import Reply, Request
from synthnb.models.keys import Key, Lookup
from synthnb.models.remote import Remote
from synthnb.models.remote.addresses import read_address
from synthnb.models.remote.pacing import Patience
from tests.servers.faulty import FaultyServer

QUICK = Patience(tries=8, first=0.005, longest=0.02, connect=2.0, silence=5.0, total=10.0)


@contextmanager
def opened(server: FaultyServer, *, patience: Patience = QUICK, at_once: int = 16, key: Key | None = None) -> Iterator[Remote]:
    """A model on the server, closed at the end."""
    address = replace(read_address(f"any@{server.base}"), patience=patience, at_once=at_once)
    model = Remote(address, Lookup(key=key))
    try:
        model.describe()
        yield model
    finally:
        model.close()


def requests(count: int) -> list[Request]:
    return [Request(prompt=f"Write about {number}.", seed=number) for number in range(count)]


def written(schedule: list[str], count: int = 1, *, patience: Patience = QUICK) -> list[Reply]:
    """The replies to a number of requests under a schedule, in the requests' order."""
    with FaultyServer(schedule) as server, opened(server, patience=patience) as model:
        found = dict(model.write(requests(count)))
    return [found[position] for position in range(count)]
