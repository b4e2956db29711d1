"""Limits hold whatever a provider counts beyond the text, once it has counted a first call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthnb.models.base import Locality, Reply, Request
from synthnb.models.calls import Calls, Limits
from synthnb.models.echo import Echo
from tests.servers.faulty import FaultyServer
from tests.servers.opening import opened


class Counting(Echo):
    """Counts a constant and a share of the bytes for each prompt; draws many requests before it replies to any."""

    def __init__(self, hidden: int, density: float, at_once: int, *, over: int = 0) -> None:
        self.hidden, self.density, self.at_once, self.over = hidden, density, at_once, over
        self.drawn_at_first = 0
        self.info = replace(Echo.info, locality="local-server", at_once=at_once, price_in=1e6, price_out=1e6)

    def write(self, requests: Any) -> Iterator[tuple[int, Reply]]:
        waiting = enumerate(iter(requests))
        while batch := [drawn for _, drawn in zip(range(self.at_once), waiting, strict=False)]:
            self.drawn_at_first = self.drawn_at_first or len(batch)
            yield from ((position, self._counted(request)) for position, request in batch)

    def _counted(self, request: Request) -> Reply:
        read = max(1, self.hidden + int(self.density * len((request.system + request.prompt).encode())))
        return Reply(text="a", tokens_in=read, tokens_out=request.max_tokens + self.over, finish="stop", model="m")


def asked(sizes: list[int]) -> list[Request]:
    return [Request(prompt="x" * size, seed=number, max_tokens=20) for number, size in enumerate(sizes)]


@settings(max_examples=150, deadline=None)
@given(
    hidden=st.integers(0, 8000),
    density=st.floats(0, 1),
    at_once=st.integers(1, 32),
    sizes=st.lists(st.integers(1, 4000), min_size=2, max_size=60),
    limit=st.integers(0, 40_000),
    of=st.sampled_from(["tokens", "money"]),
)
def test_a_limit_is_exceeded_by_the_first_call_at_most(
    hidden: int, density: float, at_once: int, sizes: list[int], limit: int, of: str
) -> None:
    model = Counting(hidden, density, at_once)
    calls = Calls(model, limits=Limits(**{of: limit}))
    done = len(list(calls.ask(asked(sizes))))
    used = calls.account()["tokens_in"] + calls.account()["tokens_out"]
    assert used <= limit or done == 1
    assert model.drawn_at_first <= 1
    assert (done < len(sizes)) == (calls.stopped == f"the limit of {limit:,} {'US dollars' if of == 'money' else of} was reached")


@pytest.mark.parametrize("hidden", [0, 1000])
def test_what_is_left_over_of_a_limit_is_about_a_call(hidden: int) -> None:
    calls = Calls(Counting(hidden, 0.3, 16), limits=Limits(tokens=20_000))
    list(calls.ask(asked([400] * 500)))
    used = calls.account()["tokens_in"] + calls.account()["tokens_out"]
    assert 20_000 - (hidden + 120 + 20) - 200 < used <= 20_000


def test_a_server_that_counts_a_long_prompt_of_its_own_keeps_within_the_limit() -> None:
    with FaultyServer(latency=0.01, hidden=1500) as server, opened(server, at_once=32) as model:
        calls = Calls(model, limits=Limits(tokens=20_000))
        list(calls.ask(asked([50] * 200)))
    used = calls.account()["tokens_in"] + calls.account()["tokens_out"]
    assert 16_000 < used <= 20_000
    assert server.peak > 1


def test_a_model_that_writes_more_than_asked_for_is_held_to_what_it_writes() -> None:
    calls = Calls(Counting(0, 0.3, 16, over=500), limits=Limits(tokens=5000))
    list(calls.ask(asked([50] * 100)))
    assert calls.account()["tokens_in"] + calls.account()["tokens_out"] <= 5000


def test_a_schema_counts_where_a_provider_may_read_it() -> None:
    schema = {"type": "object", "properties": {f"column_{number}": {"type": "string"} for number in range(200)}}
    cases: list[tuple[Locality, int]] = [("hosted", 0), ("in-process", 1)]
    for locality, made in cases:
        model = Counting(0, 0.3, 1)
        model.info = replace(model.info, locality=locality)
        calls = Calls(model, limits=Limits(tokens=1000))
        assert len(list(calls.ask([Request(prompt="A row.", schema=schema, max_tokens=20)]))) == made


def test_without_a_limit_on_tokens_nobody_waits_for_the_first_reply() -> None:
    model = Counting(0, 0.3, 16)
    list(Calls(model, limits=Limits(seconds=100)).ask(asked([50] * 40)))
    assert model.drawn_at_first == 16
