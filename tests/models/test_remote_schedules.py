"""Whatever a server does, each request gets exactly one reply, in a bounded number of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthnb.models.remote.pacing import Patience
from tests.servers.answers import answer
from tests.servers.faulty import FaultyServer
from tests.servers.opening import opened, requests, written

if TYPE_CHECKING:
    from synthnb.models.base import Request

PASSING = ["ok", "429", "429:0", "429:0.05", "500", "503", "cut", "drop", "html", "not-json", "no-choices", "stream-error", "slow:0.02"]
REFUSED = ["400", "413", "422"]
CHANGED = ["length", "empty", "bad-text", "other-model", "duplicate", "no-usage", "wrong-usage"]
HASTY = Patience(tries=4, first=0.002, longest=0.004, silence=1.0, total=2.0)
EXAMPLES = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@EXAMPLES
@given(
    schedule=st.lists(st.sampled_from(PASSING + REFUSED + CHANGED), max_size=30),
    then=st.sampled_from(["ok", "500", "429", "cut"]),
    at_once=st.integers(1, 12),
)
def test_each_request_gets_exactly_one_reply(schedule: list[str], then: str, at_once: int) -> None:
    asked = requests(10)
    with FaultyServer(schedule, then=then) as server, opened(server, patience=HASTY, at_once=at_once) as model:
        found = list(model.write(asked))
    assert sorted(position for position, _ in found) == list(range(10))
    assert sum(reply.tries for _, reply in found) == len(server.log) <= 10 * HASTY.tries
    assert all((reply.finish == "error") == bool(reply.error) for _, reply in found)
    assert server.peak <= at_once
    assert not any(call.early for call in server.log)


@EXAMPLES
@given(schedule=st.lists(st.sampled_from(PASSING), max_size=12))
def test_faults_that_pass_leave_no_trace_in_the_texts(schedule: list[str]) -> None:
    steady = Patience(tries=14, first=0.001, longest=0.002, silence=1.0, total=2.0)
    assert [reply.text for reply in written(schedule, 6, patience=steady)] == [answer(body_of(request)) for request in requests(6)]


def body_of(request: Request) -> dict[str, Any]:
    """What the answer to a request depends on."""
    message = {"role": "user", "content": request.prompt}
    return {"messages": [message], "seed": request.seed, "temperature": request.temperature}
