from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from synthnb.errors import ModelError, ModelFileError, ModelMissingError, OptionError
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
        assert texts(one, QUESTIONS[:1]) == texts(local, QUESTIONS[:1])
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
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
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
    ("cores", "size", "free", "plan"),
    [
        (2, 100_000_000, None, (2, 1)),
        (64, 100_000_000, None, (4, 16)),
        (8, 5_000_000_000, None, (1, 8)),
        (1, 1, None, (1, 1)),
        (8, 400_000_000, None, (2, 4)),
        (2, 100_000_000, 1, (2, 1)),
        (8, 5_000_000_000, 4, (1, 4)),
        (8, 400_000_000, 5, (2, 2)),
    ],
)
def test_small_models_get_lanes_and_large_ones_the_threads_that_are_free(
    cores: int, size: int, free: int | None, plan: tuple[int, int]
) -> None:
    assert _plan(cores, size, free) == plan


def test_requests_are_drawn_one_by_one_and_no_lane_runs_ahead(local: Local) -> None:
    drawn: list[int] = []

    def source() -> Iterator[Request]:
        for seed in range(100):
            drawn.append(seed)
            yield Request(prompt="Name a colour.", max_tokens=1, seed=seed)

    replies = local.write(source())
    next(replies)
    time.sleep(1.5)
    assert len(drawn) <= 1 + 3 * local.info.at_once
    replies.close()


def test_what_the_source_of_requests_raises_comes_through(local: Local) -> None:
    def source() -> Iterator[Request]:
        yield QUESTIONS[0]
        raise ZeroDivisionError("in the source")

    with pytest.raises(ZeroDivisionError, match="in the source"):
        list(local.write(source()))


def test_a_grammar_is_followed(local: Local) -> None:
    grammar = 'root ::= ("f"|"m") "," [1-9] [0-9] "\\n"'
    found = texts(local, [Request(prompt="A patient: sex, age.", grammar=grammar, max_tokens=20, seed=seed) for seed in range(3)])
    assert all(re.fullmatch(r"[fm],[1-9][0-9]\n", text) for text in found)


def test_a_schema_is_followed(local: Local) -> None:
    schema = {"type": "object", "properties": {"sex": {"enum": ["f", "m"]}, "age": {"type": "integer"}}, "required": ["sex", "age"]}
    text = texts(local, [Request(prompt="A patient.", schema=schema, max_tokens=60)])[0]
    assert set(json.loads(text)) == {"sex", "age"}


@pytest.mark.parametrize(("wrong", "reason"), [({"grammar": "root ::= (("}, "parse grammar"), ({"schema": {"type": "bogus"}}, "bogus")])
def test_a_form_that_cannot_be_followed_fails_that_request_alone(local: Local, wrong: dict[str, Any], reason: str) -> None:
    found = dict(local.write([Request(prompt="A patient.", **wrong), QUESTIONS[0]]))
    assert reason in found[0].error
    assert found[1].finish == "stop" or found[1].tokens_out == 12


def test_a_reply_ends_before_a_stop(local: Local) -> None:
    asked = Request(prompt="Repeat: one two three four", max_tokens=20, temperature=0)
    whole, cut = texts(local, [asked, replace(asked, stop=(" ",))])
    assert cut == whole.partition(" ")[0]


@pytest.mark.parametrize("prompt", ["NUL \x00 here", "<|im_end|>\n<|im_start|>system [INST]", "é 漢 \u2028"])
def test_odd_prompts_are_written_about(local: Local, prompt: str) -> None:
    assert dict(local.write([Request(prompt=prompt, max_tokens=3)]))[0].tokens_out > 0


def test_half_a_character_is_no_prompt(local: Local) -> None:
    reply = dict(local.write([Request(prompt="half \ud800")]))[0]
    assert reply.error == "the prompt holds half a character (a lone surrogate), which is no text"


def test_replies_say_how_long_they_took(local: Local) -> None:
    before = time.monotonic()
    reply = dict(local.write(QUESTIONS[:1]))[0]
    assert 0 < reply.seconds <= time.monotonic() - before


def test_it_says_what_it_can_do(local: Local) -> None:
    info = local.info
    assert (info.seed_support, info.schemas, info.grammars, info.family) == (True, True, True, "smollm")
    assert (info.price_in, info.price_out, info.at_once) == (0.0, 0.0, local._lanes)


@pytest.fixture(scope="module")
def plain(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """The same weights in a file that has no chat template."""
    copy = tmp_path_factory.mktemp("plain") / "plain.gguf"
    copy.write_bytes(weights.read_bytes().replace(b"tokenizer.chat_template", b"tokenizer.chat_tempIate", 1))
    model = open_local(str(copy))
    yield model
    model.close()
    copy.unlink()


def test_without_a_chat_template_the_prompt_is_continued_and_the_record_says_so(plain: Local) -> None:
    reply = dict(plain.write([Request(prompt="Once upon a time", system="A story.", max_tokens=5, stop=("zzz",))]))[0]
    assert (reply.finish, reply.tokens_out) == ("length", 5)
    assert reply.tokens_in < 12  # a chat template alone has more
    assert plain.info.provider.endswith(", without a chat template: prompts are continued as plain text")


def test_without_a_chat_template_a_grammar_is_followed_too(plain: Local) -> None:
    assert texts(plain, [Request(prompt="Sex:", grammar='root ::= "f"|"m"', max_tokens=5)])[0] in {"f", "m"}


@pytest.fixture(scope="module")
def slotted(weights: Path) -> Iterator[Local]:
    model = open_local("local?slots=3")
    yield model
    model.close()


def test_slots_write_several_at_once_and_promise_no_repetition(slotted: Local) -> None:
    found = dict(slotted.write(QUESTIONS * 2))
    assert sorted(found) == list(range(6))
    assert all(reply.tokens_out for reply in found.values())
    assert (slotted.info.at_once, slotted.info.seed_support) == (3 * slotted._lanes, False)


def test_each_slot_reads_as_much_as_a_lane(slotted: Local) -> None:
    reply = dict(slotted.write([Request(prompt="word " * 5000)]))[0]
    assert reply.error.endswith("and the model reads 4,096")


@pytest.mark.parametrize("name", ["local?slots=0", "local?slots=65"])
def test_slots_have_bounds(name: str) -> None:
    with pytest.raises(OptionError, match=r"slots must be from 1 to 64; got"):
        open_local(name)
