"""The calls of a run: kept, limited, counted, and nothing lost; against a real server that misbehaves, and real SQLite files."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthnb.engines.llm import write_text_column
from synthnb.errors import ModelError, OptionError, StorageError, SynthnbWarning
from synthnb.models.base import Reply, Request
from synthnb.models.calls import Calls, Limits
from synthnb.models.echo import Echo
from synthnb.models.keys import Lookup
from synthnb.models.remote import Remote
from synthnb.models.remote.addresses import read_address
from synthnb.models.remote.pacing import Patience
from synthnb.models.store import NewerStoreError, Store
from tests.servers.faulty import FaultyServer

QUICK = Patience(first=0.005, longest=0.05, tries=3, silence=5.0, total=5.0)


@contextmanager
def served(*schedule: str, **options: Any) -> Iterator[tuple[FaultyServer, Remote]]:
    """A server with a schedule of faults, and the model on it, which is quick to try again."""
    with FaultyServer(schedule, **options) as server:
        model = Remote(replace(read_address(f"faulty-1@{server.base}"), patience=QUICK), Lookup(key=None))
        model.describe()
        try:
            yield server, model
        finally:
            model.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "calls.sqlite3") as made:
        yield made


def units(count: int, words: int = 3) -> list[Request]:
    return [Request(prompt=f"Unit {unit}: {'word ' * words}", seed=unit, max_tokens=30) for unit in range(count)]


def texts(calls: Calls, requests: list[Request]) -> list[str]:
    found = dict(calls.ask(requests))
    return [found[position].text for position in range(len(requests))]


def test_a_reply_that_was_paid_for_is_not_paid_for_again(store: Store) -> None:
    with served() as (server, model):
        first = texts(Calls(model, store=store), units(6))
        again = Calls(model, store=store)
        assert texts(again, units(6)) == first
        assert len(server.log) == 6
    account = again.account()
    assert (account["calls"], account["kept"], account["tokens_in"], account["kept_tokens_in"]) == (0, 6, 0, 5 * 6)


def test_kept_replies_come_first_and_only_the_rest_is_asked(store: Store) -> None:
    with served() as (server, model):
        list(Calls(model, store=store).ask(units(6)[3:]))
        order = [position for position, _ in Calls(model, store=store).ask(units(6))]
    assert order[:3] == [3, 4, 5]
    assert sorted(order) == list(range(6))
    assert len(server.log) == 6


def test_requests_may_come_one_by_one(store: Store) -> None:
    list(Calls(Echo(), store=store).ask(units(5)[::2]))
    calls = Calls(Echo(), store=store)
    found = dict(calls.ask(iter(units(5))))
    assert [found[position].kept for position in range(5)] == [True, False, True, False, True]


def test_requests_are_drawn_as_there_is_room_and_no_faster() -> None:
    drawn: list[int] = []

    def source() -> Iterator[Request]:
        for unit, request in enumerate(units(50)):
            drawn.append(unit)
            yield request

    replies = Calls(Echo()).ask(source())
    next(replies)
    assert drawn == [0]


def test_the_same_request_twice_in_a_run_is_two_calls_and_stays_so(store: Store) -> None:
    twice = [Request(prompt="Say.", seed=1)] * 2
    with served() as (server, model):
        first = Calls(model, store=store)
        keys = {reply.key for _, reply in first.ask(twice)}
        second = Calls(model, store=store)
        assert {reply.key for _, reply in second.ask(iter(twice))} == keys
    assert len(keys) == 2
    assert len(server.log) == 2


def test_one_that_failed_and_is_asked_again_is_the_same_call(store: Store) -> None:
    with served("400", by_prompt={}) as (_, model):
        calls = Calls(model, store=store)
        failed = dict(calls.ask([Request(prompt="Say.")]))[0]
        found = dict(calls.ask([Request(prompt="Say.")]))[0]
    assert (failed.finish, found.finish) == ("error", "stop")
    assert failed.key == found.key
    assert store.get(found.key) is not None


def test_errors_are_counted_and_never_kept(store: Store) -> None:
    with served("ok", "400", "ok") as (_, model):
        calls = Calls(model, store=store)
        replies = [reply for request in units(3) for _, reply in calls.ask([request])]
        assert [reply.finish for reply in replies] == ["stop", "error", "stop"]
        assert store.get(replies[1].key) is None
    assert (calls.account()["calls"], calls.account()["failed"]) == (3, 1)


def test_a_run_whose_first_five_calls_fail_is_given_up() -> None:
    with (
        served(then="400") as (server, model),
        pytest.raises(ModelError, match=r"first 5 calls to faulty-1@.* failed: .*400.* Correct that"),
    ):
        list(Calls(model).ask(units(20)))
    assert len(server.log) < 20


def test_a_service_that_stays_away_stops_the_run_and_keeps_what_is_there() -> None:
    with served(*["ok"] * 8, then="503") as (_, model):
        calls = Calls(model)
        replies = [reply for _, reply in calls.ask(iter(units(200)))]
    assert sum(reply.finish == "stop" for reply in replies) == 8
    assert 20 <= sum(reply.finish == "error" for reply in replies) < 100
    assert calls.stopped.startswith("20 calls in a row failed, each tried several times: ")


@pytest.mark.parametrize(("fault", "said"), [("quota", "HTTP 429: You exceeded"), ("401", "HTTP 401"), ("402", "HTTP 402")])
def test_a_refusal_that_lasts_stops_a_run_that_began_well(fault: str, said: str) -> None:
    with served("ok", "ok", then=fault) as (server, model):
        calls = Calls(model)
        replies = [reply for _, reply in calls.ask(iter(units(300)))]
    finishes = [reply.finish for reply in replies]
    assert finishes.count("stop") == 2
    assert calls.stopped.startswith(f"5 calls were refused for a reason that lasts: {said}")
    # Five refusals after the last good reply (which a refusal may overtake), and those that were on their way with them.
    last_good = max(place for place, finish in enumerate(finishes) if finish == "stop")
    assert 7 <= len(server.log) == len(replies) <= last_good + 1 + 5 + 6


def test_refusals_of_single_requests_never_stop_a_run() -> None:
    with served("ok", then="400") as (_, model):
        calls = Calls(model)
        assert len(list(calls.ask(units(100)))) == 100
    assert calls.stopped == ""


def test_a_service_that_stays_away_stops_a_run_that_tries_once_only() -> None:
    with FaultyServer(["ok"], then="503") as server:
        model = Remote(replace(read_address(f"any@{server.base}"), patience=replace(QUICK, tries=1)), Lookup(key=None))
        calls = Calls(model)
        assert len(list(calls.ask(iter(units(300))))) < 60
        model.close()
    assert calls.stopped == "20 calls in a row failed: HTTP 503: Scheduled"


HALF = "half a character \ud800"


@pytest.mark.parametrize(
    "odd",
    [
        Request(prompt=HALF),
        Request(prompt="a", system=HALF),
        Request(prompt="a", schema={"enum": [HALF]}),
        Request(prompt="a", grammar=HALF),
        Request(prompt="a", stop=(HALF,)),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_half_a_character_is_refused_before_anything_is_sent(odd: Request, listed: bool) -> None:
    requests = [Request(prompt="one"), odd, Request(prompt="two")]
    with served() as (server, model):
        calls = Calls(model)
        found = dict(calls.ask(requests if listed else iter(requests)))
    assert [found[position].finish for position in range(3)] == ["stop", "error", "stop"]
    assert re.fullmatch(r"half a character \(a lone surrogate\) in the .* is no text; the request wasn't sent", found[1].error)
    assert (len(server.log), calls.account()["tries"]) == (2, 2)


class Silent(Echo):
    """Loses every third request."""

    def write(self, requests: Any) -> Iterator[tuple[int, Reply]]:
        yield from (item for item in super().write(requests) if item[0] % 3)


def test_a_request_that_a_model_loses_is_a_failed_call() -> None:
    found = dict(Calls(Silent()).ask(units(6)))
    assert sorted(found) == list(range(6))
    assert [position for position, reply in found.items() if reply.error == "the model gave no reply"] == [0, 3]


def test_breaking_off_frees_what_was_set_aside() -> None:
    with served(latency=0.02) as (_, model):
        calls = Calls(model, limits=Limits(tokens=3000))
        replies = calls.ask(units(30))
        next(replies)
        replies.close()
        assert len(list(calls.ask(units(3)))) == 3


def test_an_interrupt_keeps_what_is_finished(store: Store) -> None:
    with served(latency=0.03) as (_, model):
        calls = Calls(model, store=store)
        replies = calls.ask(units(2000))
        next(replies)
        threading.Timer(0.15, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt, match=r"^$"):
            list(replies)
        again = Calls(model, limits=Limits(tokens=0), store=store)
        list(again.ask(units(2000)))
    # The reply at hand when the interrupt came may be lost; no other is.
    assert again.account()["kept"] >= calls.account()["calls"] - 1 > 0


# Limits


@settings(max_examples=30, deadline=None)
@given(limit=st.integers(0, 3000), words=st.integers(0, 60), listed=st.booleans())
def test_a_limit_on_tokens_is_never_exceeded(limit: int, words: int, listed: bool) -> None:
    calls = Calls(Echo(), limits=Limits(tokens=limit))
    requests = units(60, words)
    done = list(calls.ask(requests if listed else iter(requests)))
    account = calls.account()
    assert account["tokens_in"] + account["tokens_out"] <= limit
    assert (calls.stopped == f"the limit of {limit:,} tokens was reached") == (len(done) < 60)


def test_at_a_limit_calls_wait_for_those_in_flight_and_use_what_is_left() -> None:
    with served(latency=0.01) as (server, model):
        calls = Calls(model, limits=Limits(tokens=1500))
        done = list(calls.ask(units(200)))
    account = calls.account()
    used = account["tokens_in"] + account["tokens_out"]
    assert 1500 - 130 < used <= 1500
    assert len(done) == len(server.log) < 200
    assert calls.stopped == "the limit of 1,500 tokens was reached"


def test_what_is_kept_comes_beyond_a_limit(store: Store) -> None:
    list(Calls(Echo(), store=store).ask(units(8)[4:]))
    calls = Calls(Echo(), limits=Limits(tokens=0), store=store)
    assert sorted(position for position, _ in calls.ask(units(8))) == [4, 5, 6, 7]
    assert calls.stopped == "the limit of 0 tokens was reached"


class Priced(Echo):
    info = replace(Echo.info, price_in=1_000_000.0, price_out=2_000_000.0)


def test_a_limit_on_money_is_never_exceeded() -> None:
    calls = Calls(Priced(), limits=Limits(money=2000))
    list(calls.ask(units(100)))
    account = calls.account()
    assert account["money"] == account["tokens_in"] + 2 * account["tokens_out"]
    assert 1500 < account["money"] <= 2000
    assert calls.stopped == "the limit of 2,000 US dollars was reached"


def test_a_model_that_costs_nothing_stays_within_any_sum() -> None:
    calls = Calls(Echo(), limits=Limits(money=0))
    assert len(list(calls.ask(units(3)))) == 3


class Unpriced(Echo):
    info = replace(Echo.info, id="vendor/new", price_in=None, price_out=None)


def test_a_limit_on_money_without_a_price_is_refused_before_any_call() -> None:
    with pytest.raises(OptionError, match=r"price of vendor/new isn't known\. Set a limit on tokens instead"):
        Calls(Unpriced(), limits=Limits(money=1))
    assert Calls(Unpriced()).account()["money"] is None


def test_a_limit_on_energy_that_cannot_be_estimated_is_refused() -> None:
    with served() as (_, model), pytest.raises(OptionError, match="can't be estimated: it doesn't run in this process"):
        Calls(model, limits=Limits(watt_hours=1))


def test_a_limit_on_time_ends_a_run_about_there() -> None:
    with served(latency=0.05) as (_, model):
        calls = Calls(model, limits=Limits(seconds=0.4))
        list(calls.ask(iter(units(10_000))))
    assert calls.stopped == "the limit of 0.4 seconds was reached"
    assert calls.account()["seconds"] < 2


def test_a_limit_on_energy_ends_a_run() -> None:
    calls = Calls(Echo(), limits=Limits(watt_hours=1e-7))
    assert 0 < len(list(calls.ask(iter(units(100_000))))) < 100_000
    assert calls.stopped == "the limit of 1e-07 watt-hours was reached"


@pytest.mark.parametrize("limits", [{"tokens": -1}, {"money": True}, {"seconds": float("nan")}, {"watt_hours": "1"}])
def test_a_limit_is_a_number_from_0_on(limits: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=r"A limit on .* must be a number from 0 on; got"):
        Limits(**limits)


# Estimates


def test_before_any_call_the_estimate_is_the_most_there_can_be() -> None:
    found = Calls(Priced()).estimate(units(4), 400)
    assert found.tokens_out == 400 * 30
    assert found.seconds is None
    assert found.money == pytest.approx(found.tokens_in + 2 * found.tokens_out)


def test_after_a_preview_the_estimate_rests_on_what_was_seen() -> None:
    with served(latency=0.01) as (_, model):
        calls = Calls(model)
        list(calls.ask(units(20)))
        found, account = calls.estimate(units(20), 200), calls.account()
    assert found.tokens_in == pytest.approx(10 * account["tokens_in"], abs=3)
    assert found.tokens_out == pytest.approx(10 * account["tokens_out"], abs=3)
    assert found.seconds == pytest.approx(10 * account["seconds"], rel=0.01)


def test_earlier_runs_in_the_store_say_how_fast_a_model_is(store: Store) -> None:
    with served(latency=0.02) as (_, model):
        list(Calls(model, store=store).ask(units(5)))
        found = Calls(model, store=store).estimate(units(5), 100)
    assert found.tokens_out < 100 * 30
    assert found.seconds is not None
    assert found.seconds > 0
    assert "100 calls, about " in str(found)


def test_the_pace_tells_rate_tokens_cost_and_what_is_left() -> None:
    calls = Calls(Priced())
    list(calls.ask(units(10)))
    assert calls.pace(10, 40).split(", ")[1:3] == [f"{calls.account()['tokens_in'] + calls.account()['tokens_out']:,} tokens", "$190.00"]
    assert calls.pace(10, 40).endswith(" left")
    assert not calls.pace(40, 40).endswith(" left")


# The account


def test_the_account_does_not_depend_on_the_order_of_arrival() -> None:
    digests = []
    # One server, as another port is another model as far as anybody knows.
    with served("slow:0.05", "ok", "slow:0.02", *["ok"] * 9, "ok", "slow:0.1", latency=0.0) as (server, model):
        for latency in (0.0, 0.02):
            server.latency = latency
            calls = Calls(model)
            list(calls.ask(units(12)))
            digests.append((calls.account()["prompts_digest"], calls.account()["replies_digest"]))
    assert digests[0] == digests[1]


def test_another_prompt_gives_another_digest() -> None:
    accounts = []
    for words in (1, 2):
        calls = Calls(Echo())
        list(calls.ask(units(2, words)))
        accounts.append(calls.account()["prompts_digest"])
    assert accounts[0] != accounts[1]


def test_the_account_names_who_replied_and_what_was_not_used() -> None:
    with served("other-model", "ok") as (_, model):
        calls = Calls(model)
        replies = [reply for request in units(2) for _, reply in calls.ask([request])]
        calls.discard(replies[0], "duplicate")
        calls.discard(replies[0], "duplicate")
        calls.discard(replies[1], "unreadable")
    account = calls.account()
    assert account["returned"] == ["faulty-1", "faulty-2-mini"]
    assert account["fingerprints"] == ["fp_tests"]
    assert account["discarded"] == {"duplicate": 1, "unreadable": 1}
    assert json.loads(json.dumps(account)) == account


def test_tries_count_what_the_model_had_to_send_again() -> None:
    with served("500", "cut", "ok") as (_, model):
        calls = Calls(model)
        list(calls.ask(units(1)))
    assert (calls.account()["calls"], calls.account()["tries"], calls.account()["failed"]) == (1, 3, 0)


def test_templates_and_what_was_sent_are_in_the_account_once() -> None:
    calls = Calls(Echo())
    for _ in range(2):
        calls.declare_template("note", "Write about {age}.")
        calls.declare_sent("10 real rows of trial", digest="sha256:ab", detail={"rows": 10})
    account = calls.account()
    assert [(item["name"], item["text"]) for item in account["templates"]] == [("note", "Write about {age}.")]
    assert account["sent"] == [{"what": "10 real rows of trial", "digest": "sha256:ab", "rows": 10}]


def test_of_a_sensitive_run_no_prompt_is_kept_anywhere(store: Store) -> None:
    calls = Calls(Echo(), store=store, sensitive=True)
    calls.declare_template("note", "The planted secret.")
    reply = next(calls.ask([Request(prompt='A planted secret {"age": 4}', system="planted secret", grammar="planted secret")]))[1]
    store.close()
    assert b"planted secret" not in b"".join(file.read_bytes() for file in store.path.parent.iterdir())
    assert "planted secret" not in json.dumps(calls.account())
    assert (calls.account()["templates"][0]["text"], reply.text[-7:]) == (None, " age 4.")


def test_rows_are_traced_to_the_replies_they_came_of(store: Store) -> None:
    calls = Calls(Echo(), store=store)
    for position, reply in calls.ask(units(2)):
        calls.used(reply, run="run-1", unit=f"row:{position}")
    assert [(unit, store.get(key) is not None) for unit, key in store.origins("run-1")] == [("row:0", True), ("row:1", True)]
    assert calls.account()["origins"] == 2


# A store that fails


def test_a_store_that_is_damaged_is_a_warning_and_no_reply_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite3"
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
    with pytest.warns(SynthnbWarning, match=r"calls\.sqlite3 .* The run goes on without it"):
        calls = Calls(Echo(), store=Store(path))
    assert len(list(calls.ask(units(3)))) == 3
    assert str(calls.account()["store"]).startswith("given up: ")


@pytest.mark.parametrize("listed", [True, False])
def test_damaged_rows_are_asked_for_again_and_the_rest_stays_kept(store: Store, listed: bool) -> None:
    list(Calls(Echo(), store=store).ask(units(6)))
    other = sqlite3.connect(store.path)
    other.execute("UPDATE reply SET reply = '{' WHERE rowid IN (2, 4)")
    other.commit()
    other.close()
    calls = Calls(Echo(), store=store)
    with pytest.warns(SynthnbWarning, match=r"^2 replies in the store of calls calls\.sqlite3 are damaged\. What was asked") as told:
        found = dict(calls.ask(units(6) if listed else iter(units(6))))
    assert [found[position].kept for position in range(6)] == [True, False, True, False, True, True]
    assert (len(told), calls.account()["store"]) == (1, "calls.sqlite3, 2 damaged")
    again = Calls(Echo(), store=store)
    list(again.ask(units(6)))
    assert again.account()["kept"] == 6


def test_two_servers_with_a_model_of_the_same_name_share_no_replies(store: Store) -> None:
    for _ in range(2):
        with served() as (server, model):
            list(Calls(model, store=store).ask(units(3)))
            assert len(server.log) == 3
            assert model.info.provider == f"OpenAI-compatible server at 127.0.0.1:{server.port}"


def test_a_store_that_breaks_during_a_run_costs_no_reply(store: Store) -> None:
    calls = Calls(Echo(), store=store)
    replies = calls.ask(iter(units(6)))
    next(replies)
    store.close()
    with pytest.warns(SynthnbWarning, match=r"was closed.* goes on without it"):
        assert len(list(replies)) == 5


def test_a_full_disk_costs_no_reply(tmp_path: Path) -> None:
    script = (
        "import resource, sys, warnings; warnings.simplefilter('ignore')\n"
        "from synthnb.models.calls import Calls; from synthnb.models.echo import Echo\n"
        "from synthnb.models.store import Store; from synthnb.models.base import Request\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "calls = Calls(Echo(), store=Store(sys.argv[1]))\n"
        "print(len(list(calls.ask([Request(prompt='p' * 2000, seed=s) for s in range(200)]))), calls.account()['store'])\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path / "c.sqlite3")], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("200 given up: The store of calls c.sqlite3 ")


def test_a_store_of_a_later_version_is_an_error(tmp_path: Path) -> None:
    with Store(tmp_path / "c.sqlite3") as made:
        made.find(["a"])
        list(Calls(Echo(), store=made).ask(units(1)))
    connection = sqlite3.connect(tmp_path / "c.sqlite3")
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(NewerStoreError, match=r"has version 9; this synthnb reads version 1\. Update synthnb") as raised:
        Calls(Echo(), store=Store(tmp_path / "c.sqlite3"))
    assert isinstance(raised.value, StorageError)


# Faults and kills

MAY_PASS = ["429", "429:0", "500", "503", "cut", "drop", "html", "not-json", "no-choices", "stream-error"]
ODD = ["400", "bad-text", "length", "empty", "duplicate", "other-model", "wrong-usage", "no-usage"]
FAULTS = st.sampled_from(["ok", "ok", *MAY_PASS, *ODD])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schedule=st.lists(FAULTS, max_size=14))
def test_whatever_the_faults_every_request_is_answered_once(schedule: list[str]) -> None:
    with served("ok", *schedule) as (_, model):
        calls = Calls(model)
        found = list(calls.ask(units(12)))
    account = calls.account()
    assert sorted(position for position, _ in found) == list(range(12))
    assert account["calls"] == 12
    assert account["failed"] == sum(reply.finish == "error" for _, reply in found)
    assert account["tries"] == sum(reply.tries for _, reply in found)
    assert all(bool(reply.error) == (reply.finish == "error") for _, reply in found)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schedule=st.lists(FAULTS, max_size=14), per_call=st.sampled_from([1, 3]), limit=st.sampled_from([None, 400]))
def test_whatever_the_faults_a_columns_rows_add_up(schedule: list[str], per_call: int, limit: int | None) -> None:
    frame = pd.DataFrame({"age": range(40, 49)})
    with served("ok", *schedule) as (_, model):
        calls = Calls(model, limits=Limits(tokens=limit))
        made = write_text_column(frame, name="note", instruction="Write of {age}.", calls=calls, seed=1, per_call=per_call)
    run = made.run
    assert run.requested == 9 == run.delivered + sum(item["count"] for item in run.explained)
    assert run.delivered == made.frame["note"].notna().sum()
    if calls.stopped:
        assert any(calls.stopped in item["reason"] for item in run.explained) or run.delivered == 9


@pytest.mark.parametrize(("work", "kills"), [("ask", 40), ("column", 60)])
def test_a_run_killed_at_random_moments_resumes_to_the_same_bytes_and_pays_no_reply_twice(work: str, kills: int, tmp_path: Path) -> None:
    """``SYNTHNB_KILLS_SEED`` draws other moments."""
    (tmp_path / "log").write_text("", encoding="utf-8")
    with (tmp_path / "log").open("a", encoding="utf-8") as log, FaultyServer(latency=0.01, log_to=log) as server:
        script = Path(__file__).with_name("killing.py")
        where = ["--base", server.base, "--log", str(tmp_path / "log"), "--folder", str(tmp_path)]
        drawn = ["--kills", str(kills), "--seed", os.environ.get("SYNTHNB_KILLS_SEED", "1")]
        ended = subprocess.run([sys.executable, str(script), work, *where, *drawn], capture_output=True, text=True, check=True)
    trials = json.loads(ended.stdout)
    assert ended.stderr == ""
    assert sum(trial["kills"] for trial in trials) >= kills
    assert all(trial["same"] for trial in trials)
    assert sum(trial["again"] for trial in trials) == 0
    # Only the calls in flight are made twice; that there are such shows that the kills came during the work.
    assert 0 < sum(trial["spare"] for trial in trials) < 64 * kills
