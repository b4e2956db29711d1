from __future__ import annotations

import os
import signal
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from synthnb.errors import ModelError, ModelFileError, ModelMissingError
from synthnb.models.base import Reply, Request
from synthnb.models.local import Local, _plan, open_local

QUESTIONS = [Request(prompt=f"The patient is {age} years old. Say that in other words.", max_tokens=12, seed=age) for age in (30, 44, 71)]


def texts(model: Local, requests: list[Request]) -> list[str]:
    found: dict[int, Reply] = dict(model.write(requests))
    return [found[i].text for i in range(len(requests))]


def test_it_writes_and_counts_its_tokens(local: Local) -> None:
    replies = dict(local.write(QUESTIONS))
    assert sorted(replies) == [0, 1, 2]
    assert all(reply.text.strip() and 0 < reply.tokens_out <= 12 < reply.tokens_in for reply in replies.values())


def test_the_same_request_gives_the_same_text_whatever_came_before(local: Local) -> None:
    forth = texts(local, QUESTIONS)
    back = texts(local, QUESTIONS[::-1])
    assert forth == back[::-1]


def test_the_text_does_not_depend_on_lanes_and_threads(local: Local, weights: Path) -> None:
    one = Local(weights, local.info, lanes=1, threads=2)
    try:
        assert texts(one, QUESTIONS) == texts(local, QUESTIONS)
    finally:
        one.close()


def test_a_lane_that_does_not_load_leaves_the_work_to_the_others(local: Local, weights: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.gguf"
    link.symlink_to(weights)
    model = Local(link, local.info, lanes=3, threads=1)
    link.unlink()
    try:
        assert texts(model, QUESTIONS) == texts(local, QUESTIONS)
        assert model._lanes == 1
    finally:
        model.close()


def test_another_seed_gives_another_text(local: Local) -> None:
    asked = [Request(prompt="Name a colour.", max_tokens=12, temperature=2, top_p=1, seed=seed) for seed in (1, 2)]
    first, second = texts(local, asked)
    assert first != second


def test_the_largest_seed_is_a_seed_too(local: Local) -> None:
    asked = [Request(prompt="Name a colour.", max_tokens=12, temperature=2, top_p=1, seed=2**32 - 1)] * 2
    first, second = texts(local, asked)
    assert first == second


def test_a_prompt_longer_than_the_context_is_said_so(local: Local) -> None:
    reply = dict(local.write([Request(prompt="word " * 5000)]))[0]
    assert reply.finish == "error"
    assert reply.error.startswith("the prompt has 5,0")
    assert reply.error.endswith("the model reads 4,096")


LONG_BEFORE = 15
"""Seconds; a story of 3,000 tokens alone takes longer, and the work stops within two on a quiet machine."""


def test_an_interrupt_stops_the_work_long_before_its_end(local: Local) -> None:
    stories = [Request(prompt="Tell a very long story.", max_tokens=3000, temperature=2, seed=seed) for seed in range(4)]
    alarm = threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT))
    alarm.start()
    before = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(local.write(stories))
    assert time.monotonic() - before < LONG_BEFORE
    assert texts(local, QUESTIONS[:1])[0]


def test_closing_the_replies_early_stops_the_work(local: Local) -> None:
    replies = local.write([QUESTIONS[0], Request(prompt="Tell a very long story.", max_tokens=3000, temperature=2)])
    next(replies)
    before = time.monotonic()
    replies.close()
    assert time.monotonic() - before < LONG_BEFORE


def test_it_tells_what_it_is(local: Local) -> None:
    info = local.info
    assert (info.id, info.licence, info.quantisation, info.locality) == ("smollm2-135m", "Apache-2.0", "Q4_1", "in-process")
    assert info.weights_digest == "sha256:b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def test_the_port_it_opens_answers_nobody_else(local: Local) -> None:
    address = local._server(0).listening_address
    with pytest.raises(urllib.error.HTTPError, match="401") as refused:
        urllib.request.urlopen(f"{address}/v1/chat/completions", data=b'{"messages":[]}', timeout=5)
    refused.value.close()


def test_a_path_opens_the_same_weights_and_stays_out_of_the_record(weights: Path) -> None:
    model = open_local(str(weights))
    model.close()
    assert model.info.adaptation == ""
    assert model.info.id == weights.name
    assert str(weights.parent) not in str(model.info.to_dict())


def test_a_closed_model_says_so(weights: Path) -> None:
    model = open_local(str(weights))
    model.close()
    with pytest.raises(ModelError, match=r"is closed. Open it again"):
        next(model.write(QUESTIONS))


def test_weights_that_were_not_pulled_are_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_CACHE_DIR", str(tmp_path))
    with pytest.raises(
        ModelMissingError, match=r"98 MB, Apache-2\.0\) isn't on this machine\. Run `synthnb models pull smollm2-135m`.*--from"
    ):
        open_local()


def broken_cache(weights: Path, folder: Path, data: bytes) -> None:
    (folder / "models").mkdir()
    (folder / "models" / weights.name).write_bytes(data)


def test_truncated_weights_are_refused(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_CACHE_DIR", str(tmp_path))
    broken_cache(weights, tmp_path, weights.read_bytes()[:1000])
    with pytest.raises(ModelFileError, match=r"should have 98,362,432 bytes; it has 1,000\. Run .* to replace it"):
        open_local()


def test_tampered_weights_are_refused(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_CACHE_DIR", str(tmp_path))
    broken_cache(weights, tmp_path, weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ModelFileError, match=r"isn't the one that was pulled: its sha256 is .* not b179c9523d0e"):
        open_local()


def test_a_gguf_that_breaks_off_is_refused(weights: Path, tmp_path: Path) -> None:
    with weights.open("rb") as whole:
        (tmp_path / "cut.gguf").write_bytes(whole.read(20_000_000))
    with pytest.raises(ModelFileError, match=r"llama\.cpp couldn't load 'cut.gguf'.*cut off"):
        open_local(str(tmp_path / "cut.gguf"))


def test_a_path_that_leads_nowhere_is_named() -> None:
    with pytest.raises(ModelMissingError, match=r"expected at 'nowhere.gguf'; there is none"):
        open_local("nowhere.gguf")


@pytest.mark.parametrize(
    ("cores", "size", "plan"),
    [(2, 100_000_000, (2, 1)), (64, 100_000_000, (4, 16)), (8, 5_000_000_000, (1, 8)), (1, 1, (1, 1)), (8, 400_000_000, (2, 4))],
)
def test_small_models_get_lanes_and_large_ones_threads(cores: int, size: int, plan: tuple[int, int]) -> None:
    assert _plan(cores, size) == plan
