from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from synthnb.models.base import Request
from synthnb.models.remote.faults import Lasting, Passing, from_status, said_by, wait_asked
from synthnb.models.remote.pacing import Pace, Patience


def after(rounds: Callable[[Pace], Awaitable[None]], ceiling: int = 64) -> int:
    """The room there is after something happened."""

    async def happen() -> int:
        pace = Pace(ceiling)
        await rounds(pace)
        return pace.room

    return asyncio.run(happen())


def test_room_doubles_with_each_good_round_up_to_the_ceiling() -> None:
    async def two_rounds(pace: Pace) -> None:
        for _ in range(4 + 8):
            pace.good(0.1, 0.1)

    assert after(two_rounds) == 16
    assert after(two_rounds, ceiling=10) == 10


def test_a_crowd_halves_the_room_once_for_calls_sent_together_and_growth_is_slow_from_then_on() -> None:
    async def crowded(pace: Pace) -> None:
        for _ in range(12):
            pace.good(0.1, 0.1)
        sent = asyncio.get_running_loop().time()
        for _ in range(5):
            pace.crowded(sent)
        assert pace.room == 8
        for _ in range(10):
            pace.good(0.1, 0.1)

    assert after(crowded) == 9


def test_a_server_that_only_queues_more_calls_gets_no_more() -> None:
    async def queueing(pace: Pace) -> None:
        for _ in range(300):
            # Two at a time, one second each: whoever comes later waits for those before.
            pace.good(wait=max(0.0, (pace.room - 2) / 2), work=1.0)

    assert 4 <= after(queueing) <= 16


def test_replies_that_take_long_but_do_not_wait_are_no_crowd() -> None:
    async def slow(pace: Pace) -> None:
        for _ in range(200):
            pace.good(wait=0.3, work=30.0)

    assert after(slow) == 64


def test_the_room_is_never_less_than_one() -> None:
    async def refused(pace: Pace) -> None:
        for _ in range(20):
            pace.crowded(asyncio.get_running_loop().time())

    assert after(refused) == 1


def test_delays_are_the_same_each_time_grow_and_are_bounded() -> None:
    patience = Patience(first=1.0, longest=20.0)
    delays = [[patience.delay(Request(prompt="a", seed=3), number) for number in range(1, 9)] for _ in range(2)]
    assert delays[0] == delays[1]
    assert all(0.5 * 2**number <= delay <= 1.5 * 2**number for number, delay in enumerate(delays[0][:3]))
    assert max(delays[0]) <= 20
    assert patience.delay(Request(prompt="b", seed=3), 1) != delays[0][0]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        # A server whose clock is far from ours still asks for 90 seconds.
        ({"retry-after": "Wed, 21 Oct 2015 07:29:30 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 90.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_a_retry_after_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert wait_asked(headers) == seconds


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"message": "Too\\nlong."}}', "Too long"),
        (b'{"error": "model not found"}', "model not found"),
        (b'{"detail": "Not Found"}', "Not Found"),
        (b'[{"error": {"message": "m"}}]', "m"),
        (b"plain words", "plain words"),
        (b"<!doctype html><title>502</title>", ""),
        (b"", ""),
        (b"\xff", "\ufffd"),
        (b'{"error": {"message": {"a": 1}}}', '{"a": 1}'),
        (b'"' + b"x" * 1000 + b'"', "x" * 300 + "…"),
    ],
)
def test_what_a_server_says_is_found_and_cut(body: bytes, said: str) -> None:
    assert said_by(body)[0] == said


@pytest.mark.parametrize(
    ("status", "passing"), [(408, True), (429, True), (500, True), (522, True), (400, False), (404, False), (301, False), (413, False)]
)
def test_a_status_tells_whether_trying_again_may_help(status: int, passing: bool) -> None:
    assert isinstance(from_status(status, {}, b"", key_from="K"), Passing if passing else Lasting)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, {"message": "m", "code": "insufficient_quota"}),
        (429, {"message": "m", "type": "insufficient_quota", "code": None}),
        (400, {"message": "m", "code": "billing_hard_limit_reached"}),
        (400, {"message": "Your credit balance is too low to access the API.", "type": "invalid_request_error"}),
        (402, {"message": "Insufficient Balance"}),
    ],
)
def test_a_quota_that_is_used_up_is_not_waited_for(status: int, error: dict[str, str | None]) -> None:
    fault = from_status(status, {}, json.dumps({"error": error}).encode(), key_from="K")
    assert isinstance(fault, Lasting)
    assert fault.fix == "Check the account's plan and billing."
