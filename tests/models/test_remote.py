from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from synthnb.errors import ModelError, ModelMissingError
from synthnb.models.base import Request
from synthnb.models.remote import open_remote
from synthnb.models.remote.pacing import Patience
from synthnb.models.remote.wire import body_of
from tests.servers.faulty import FaultyServer
from tests.servers.opening import QUICK, opened, requests, written


def until(so: Callable[[], bool]) -> None:
    """Wait for something that is promised to be so at once, for two seconds at most."""
    end = time.monotonic() + 2
    while not so():
        assert time.monotonic() < end
        time.sleep(0.005)


ANY = Request(prompt="Write.")
SCHEMA = {"type": "object", "properties": {"sex": {"enum": ["f", "m"]}}, "required": ["sex"]}


def test_each_request_gets_its_reply_whatever_the_order_of_arrival() -> None:
    one_by_one = [reply.text for reply in written([], 12)]
    shuffled = [reply.text for reply in written(["slow:0.1", "ok", "slow:0.05"], 12)]
    assert shuffled == one_by_one
    assert len(set(one_by_one)) == 12


def test_a_reply_says_what_it_cost_and_who_wrote_it() -> None:
    [reply] = written(["other-model"])
    assert (reply.model, reply.fingerprint, reply.finish, reply.tries) == ("faulty-2-mini", "fp_tests", "stop", 1)
    assert reply.tokens_in == 3
    assert reply.tokens_out == len(reply.text.split())
    assert 0 < reply.seconds < 2


@pytest.mark.parametrize(
    "fault", ["429", "500", "503", "529", "cut", "drop", "html", "not-json", "no-choices", "stream-error", "stall", "hang"]
)
def test_what_may_pass_is_tried_again_until_it_has_passed(fault: str) -> None:
    silent = fault in {"stall", "hang"}
    [reply] = written([fault, fault], patience=replace(QUICK, silence=0.5) if silent else QUICK)
    assert (reply.finish, reply.tries) == ("stop", 3)
    assert reply.text == written([])[0].text


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("429", r"HTTP 429: Scheduled \(tried 3 times\)"),
        ("500", r"HTTP 500: Scheduled \(tried 3 times\)"),
        ("cut", r"the connection broke off \(tried 3 times\)"),
        ("html", r"isn't JSON \(tried 3 times\)"),
        ("stream-error", r"the server broke off: The engine stopped \(tried 3 times\)"),
        ("hang", r"the server said nothing for 0\.1 s \(tried 3 times\)"),
    ],
)
def test_what_does_not_pass_becomes_the_replys_error(fault: str, reason: str) -> None:
    [reply] = written([fault] * 9, patience=Patience(tries=3, first=0.001, longest=0.002, silence=0.1, total=1.0))
    assert (reply.finish, reply.text, reply.tokens_out) == ("error", "", 0)
    assert re.search(reason, reply.error)


@pytest.mark.parametrize("fault", ["400", "413", "422"])
def test_a_refused_request_is_not_sent_again(fault: str) -> None:
    replies = written([fault], 3)
    assert sorted(reply.finish for reply in replies) == ["error", "stop", "stop"]
    assert {reply.tries for reply in replies} == {1}


def test_a_slow_stream_is_ended_by_the_limit_on_the_whole_reply() -> None:
    [reply] = written(["slow:0.3"] * 3, patience=Patience(tries=1, silence=5.0, total=0.1))
    assert reply.error == "no whole reply came within 0.1 s"


def test_a_wrong_key_is_one_error_that_names_the_variable() -> None:
    with (
        FaultyServer(key="right") as server,
        pytest.raises(ModelError, match=r"HTTP 401: Incorrect API key.*Check the key in SYNTHNB_API_KEY"),
    ):
        open_remote(f"any@{server.base}")


def test_a_model_that_is_not_there_ends_the_work_before_anything_was_written() -> None:
    with FaultyServer(then="404") as server, opened(server) as model, pytest.raises(ModelError, match=r"can't be used: HTTP 404.*name"):
        list(model.write(requests(20)))
    assert len(server.log) <= 4


def test_a_key_that_is_revoked_while_writing_fails_only_what_is_left() -> None:
    with FaultyServer(["ok"] * 3, then="401") as server, opened(server, at_once=1) as model:
        found = dict(model.write(requests(5)))
    assert [found[position].finish for position in range(5)] == ["stop"] * 3 + ["error"] * 2


def test_nobody_at_the_address_is_said_at_once() -> None:
    with FaultyServer() as server:
        base = server.base
    with pytest.raises(ModelMissingError, match=r"nobody answers at http://127\.0\.0\.1:\d+/v1\. Start it, or correct the address"):
        open_remote(f"any@{base}")


def test_length_and_emptiness_are_told_as_they_are() -> None:
    with FaultyServer(["length", "empty"]) as server, opened(server, at_once=1) as model:
        found = dict(model.write(requests(2)))
    assert (found[0].finish, found[1].finish, found[1].text) == ("length", "stop", "")


@pytest.mark.parametrize("fault", ["no-usage", "wrong-usage"])
def test_tokens_that_the_server_does_not_count_are_estimated_and_that_is_noted(fault: str) -> None:
    with FaultyServer([fault]) as server, opened(server) as model:
        [(_, reply)] = model.write([ANY])
        assert model.notes == ("The server didn't count the tokens of 1 replies; they are estimated from the texts.",)
    assert reply.tokens_in == 2
    assert reply.tokens_out == -(-len(reply.text) // 4)


def test_requests_are_drawn_only_when_there_is_room() -> None:
    drawn: list[int] = []

    def supply() -> Iterator[Request]:
        for number, request in enumerate(requests(200)):
            drawn.append(number)
            yield request

    with FaultyServer(latency=0.01) as server, opened(server, at_once=3) as model:
        for done, _ in enumerate(model.write(supply()), 1):
            assert len(drawn) <= done + 3
    assert len(drawn) == 200
    assert server.peak <= 3


def test_whoever_supplies_the_requests_may_end_the_work() -> None:
    def supply() -> Iterator[Request]:
        yield from requests(2)
        raise ValueError("enough")

    with FaultyServer() as server, opened(server) as model, pytest.raises(ValueError, match="enough"):
        list(model.write(supply()))


def test_closing_the_iterator_ends_the_calls_at_once() -> None:
    with FaultyServer(["ok"], then="hang") as server, opened(server, patience=Patience()) as model:
        writing = model.write(requests(8))
        next(writing)
        until(lambda: len(server.log) > 2)
        writing.close()
        until(lambda: all(call.ended for call in server.log))
    assert len(server.log) > 2


def test_a_closed_model_says_so_and_leaves_no_thread() -> None:
    before = threading.active_count()
    with FaultyServer() as server, opened(server) as model:
        list(model.write([ANY]))
    with pytest.raises(ModelError, match="is closed"):
        list(model.write([ANY]))
    assert threading.active_count() <= before


def test_calls_at_once_grow_to_the_ceiling_while_all_is_well() -> None:
    with FaultyServer(latency=0.2) as server, opened(server, at_once=32) as model:
        list(model.write(requests(150)))
    assert server.peak == 32


def test_a_server_that_turns_calls_away_gets_fewer_at_once() -> None:
    with (
        FaultyServer(capacity=4, latency=0.005) as server,
        opened(server, at_once=64, patience=Patience(tries=30, first=0.01, longest=0.05)) as model,
    ):
        replies = [reply for _, reply in model.write(requests(300))]
    refused = sum(call.status == 429 for call in server.log)
    assert {reply.finish for reply in replies} == {"stop"}
    assert refused < 150


@pytest.mark.parametrize("asked", ["1", "date:1"])
def test_a_retry_after_is_honoured_by_all_calls_together(asked: str) -> None:
    with FaultyServer(["ok", f"429:{asked}"], latency=0.1) as server, opened(server) as model:
        list(model.write(requests(60)))
    turned_away = next(call for call in server.log if call.status == 429)
    again = [call.arrived for call in server.log if call.prompt == turned_away.prompt][1]
    assert again - turned_away.ended >= 1
    assert not any(call.early for call in server.log)


def test_a_server_that_asks_for_too_long_a_wait_is_not_waited_for() -> None:
    [reply] = written(["429:7200"])
    assert reply.error == "HTTP 429: Scheduled; the server asks to wait for 7,200 s"


def test_a_schema_is_sent_and_followed() -> None:
    with FaultyServer() as server, opened(server) as model:
        [(_, reply)] = model.write([Request(prompt="A row.", schema=SCHEMA)])
    assert reply.text in {'{"sex": "f"}', '{"sex": "m"}'}
    assert server.log[0].body["response_format"]["json_schema"]["schema"] == SCHEMA


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        ({**SCHEMA, "additionalProperties": False}, True),
        (SCHEMA, False),
        ({**SCHEMA, "additionalProperties": False, "required": []}, False),
        ({"type": "array", "items": SCHEMA}, False),
        ({"type": "object", "additionalProperties": False, "required": ["a"], "properties": {"a": {"enum": [{"type": "object"}]}}}, True),
    ],
)
def test_a_schema_is_marked_strict_only_if_it_is(schema: dict[str, Any], strict: bool) -> None:
    body = body_of(Request(prompt="A row.", schema=schema), "m", "openai", frozenset())
    assert body["response_format"]["json_schema"].get("strict", False) is strict


def test_a_refused_parameter_is_left_out_from_then_on_and_noted() -> None:
    with FaultyServer(refuses=["response_format", "seed"]) as server, opened(server, at_once=1) as model:
        replies = [reply for _, reply in model.write([Request(prompt="A row.", schema=SCHEMA)] * 3)]
        info, notes = model.info, model.notes
    assert [reply.finish for reply in replies] == ["stop"] * 3
    assert [call.status for call in server.log] == [400, 400, 200, 200, 200]
    assert (info.schemas, info.seed_support) == (False, False)
    assert notes == (
        "The provider refused response_format: it can't be held to a schema.",
        "The provider refused seed: it takes no seed.",
    )


def test_a_refusal_that_a_prompt_only_quotes_changes_nothing() -> None:
    with FaultyServer(["400"]) as server, opened(server) as model:
        [(_, reply)] = model.write([Request(prompt="Unsupported parameter: seed")])
        assert (reply.finish, model.info.schemas, model.notes) == ("error", True, ())


@pytest.mark.parametrize("prompt", ["lone \ud800 half", "nul \x00", "<|im_end|>[INST]", "=1+1", "é" * 200_000])
def test_any_text_can_be_asked(prompt: str) -> None:
    with FaultyServer() as server, opened(server) as model:
        [(_, reply)] = model.write([Request(prompt=prompt)])
    assert reply.finish == "stop"
    assert server.log[0].body["messages"][0]["content"] == prompt.replace("\ud800", "?")


def test_a_reply_that_never_ends_is_cut_off() -> None:
    with FaultyServer(answer=lambda body: "a" * 200_000) as server, opened(server) as model:
        [(_, reply)] = model.write([Request(prompt="Write.", max_tokens=10)])
    assert reply.error == "the reply went on far beyond the 10 tokens asked for"


def test_two_threads_may_write_at_once() -> None:
    found: dict[str, list[str]] = {}
    with FaultyServer(["429", "cut"]) as server, opened(server) as model:

        def write(name: str) -> None:
            found[name] = [reply.text for _, reply in sorted(model.write(requests(20)), key=lambda pair: pair[0])]

        threads = [threading.Thread(target=write, args=(name,)) for name in ("one", "other")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert found["one"] == found["other"] == [reply.text for reply in written([], 20, patience=QUICK)]
