from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synthnb._canonical import digest_file
from synthnb.errors import ModelError, ModelFileError, ModelMissingError
from synthnb.models.base import Reply, Request
from synthnb.models.calls import Calls
from synthnb.models.echo import Echo
from synthnb.models.registry import open_model
from synthnb.models.replay import Replay, open_replay
from synthnb.models.store import Store, call_key, who_replies


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., Replay]:
    """Make a file of lines and open it."""

    def opened(*lines: Any) -> Replay:
        text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        (tmp_path / "replies.jsonl").write_text(text, encoding="utf-8")
        return open_replay(f"replay:{tmp_path / 'replies.jsonl'}")

    return opened


def said(model: Replay, *prompts: str) -> list[str]:
    return [reply.text or reply.error for _, reply in model.write([Request(prompt=prompt, system="Sys.") for prompt in prompts])]


def test_the_first_line_that_fits_is_used_once(recorded: Callable[..., Replay]) -> None:
    model = recorded({"match": "note", "reply": "one"}, {"match": "note", "reply": "two"}, {"match": ["note", "Sys"], "reply": "three"})
    assert said(model, "a note", "a note", "a note") == ["one", "two", "three"]


def test_a_line_that_repeats_is_used_again(recorded: Callable[..., Replay]) -> None:
    assert said(recorded({"match": "note", "reply": "same", "repeat": True}), "note", "note") == ["same", "same"]


def test_every_text_of_a_line_must_occur(recorded: Callable[..., Replay]) -> None:
    model = recorded({"match": ["age", "sex"], "reply": "both"}, {"match": ["Sys.", "age"], "reply": "age"})
    assert said(model, "age only", "sex and age") == ["age", "both"]


def test_where_no_line_fits_the_request_fails_and_nothing_is_made_up(recorded: Callable[..., Replay]) -> None:
    reply = next(recorded({"match": "x", "reply": "y"}).write([Request(prompt="Another\nprompt")]))[1]
    assert (reply.finish, reply.text) == ("error", "")
    # The prompt itself was quoted here once, and so went into records with the cells it holds.
    assert reply.error == "no recorded reply fits the prompt (of 14 characters, sha256:b7f860cb77a4a718)"


def test_it_says_whose_replies_these_are(recorded: Callable[..., Replay]) -> None:
    info = recorded({"match": "x", "reply": "y", "model": "qwen-72b"}).info
    assert (info.id, info.name, info.family, info.stand_in) == ("replay:replies.jsonl", "qwen-72b", "qwen", False)
    assert recorded({"match": "x", "reply": "y"}).info.stand_in


def test_the_files_digest_is_not_the_weights_and_other_replies_are_other_calls(recorded: Callable[..., Replay], tmp_path: Path) -> None:
    infos = [recorded({"match": "x", "reply": reply, "model": "qwen-72b"}).info for reply in "yz"]
    assert [info.weights_digest for info in infos] == ["", ""]
    assert infos[1].adaptation == f"recorded replies, {digest_file(tmp_path / 'replies.jsonl').replace(':', ' ')}"
    assert call_key(who_replies(infos[0]), Request(prompt="x")) != call_key(who_replies(infos[1]), Request(prompt="x"))


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_a_file_without_a_reply_is_refused(recorded: Callable[..., Replay], text: str) -> None:
    with pytest.raises(ModelFileError, match=r"'replies\.jsonl' holds no recorded reply\. A line reads"):
        recorded(text)


@pytest.mark.parametrize("match", ["", [""], ["x", ""]])
def test_an_empty_text_to_match_is_refused(recorded: Callable[..., Replay], match: Any) -> None:
    with pytest.raises(ModelFileError, match=r'line 1 has an empty text to match \(write "match": \[\] for a reply to any request\)'):
        recorded({"match": match, "reply": "y"})


def test_a_line_that_asks_for_no_text_fits_every_request(recorded: Callable[..., Replay]) -> None:
    model = recorded({"match": "x", "reply": "one"}, {"match": [], "reply": "any", "repeat": True})
    assert said(model, "x", "x", "a note") == ["one", "any", "any"]


def test_every_line_that_is_wrong_is_told_at_once(recorded: Callable[..., Replay]) -> None:
    with pytest.raises(
        ModelFileError, match=r"line 1 isn't JSON; line 2 isn't a JSON object; line 3 has no text to match; and 2 more\. A line reads"
    ):
        recorded("{", [1], {"reply": "y"}, {"match": "x"}, {"key": "k", "reply": "y"})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"expected at '.*nowhere.jsonl'; there is none\. Open it as replay:FILE"):
        open_replay(f"replay:{tmp_path / 'nowhere.jsonl'}")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelFileError, match="couldn't be read as text"):
        open_replay(f"replay:{tmp_path / 'x.jsonl'}")


def test_a_closed_model_says_so(recorded: Callable[..., Replay]) -> None:
    model = recorded({"match": "x", "reply": "y"})
    model.close()
    with pytest.raises(ModelError, match="is closed"):
        said(model, "x")


def test_the_registry_opens_it(recorded: Callable[..., Replay], tmp_path: Path) -> None:
    recorded({"match": "x", "reply": "y"})
    assert open_model(f"replay:{tmp_path / 'replies.jsonl'}").info.id == "replay:replies.jsonl"


def exported(tmp_path: Path, requests: list[Request]) -> tuple[dict[int, Reply], Replay]:
    with Store(tmp_path / "calls.sqlite3") as store:
        calls = Calls(Echo(), store=store)
        found = dict(calls.ask(requests))
        for position, reply in found.items():
            calls.used(reply, run="run-1", unit=f"row:{position}")
        store.export("run-1", tmp_path / "run.jsonl")
    return found, open_replay(f"replay:{tmp_path / 'run.jsonl'}")


def test_what_a_store_exported_answers_exactly_those_calls(tmp_path: Path) -> None:
    requests = [Request(prompt="a", seed=1), Request(prompt="a", seed=2), Request(prompt="a", seed=1, temperature=0.9)]
    found, model = exported(tmp_path, requests)
    back = dict(model.write([*requests[::-1], Request(prompt="a", seed=3)]))
    assert [back[position].text for position in range(3)] == [found[position].text for position in (2, 1, 0)]
    assert back[3].finish == "error"


def test_the_same_call_twice_gets_both_replies(tmp_path: Path) -> None:
    requests = [Request(prompt="a", seed=1)] * 2
    _, model = exported(tmp_path, requests)
    assert [reply.finish for _, reply in model.write([*requests, requests[0]])] == ["stop", "stop", "error"]


def test_a_run_that_was_resumed_uses_each_line_once(recorded: Callable[..., Replay], tmp_path: Path) -> None:
    lines = [{"match": "note", "reply": text} for text in ("one", "two", "three")]
    requests = [Request(prompt="note", seed=seed) for seed in range(3)]
    with Store(tmp_path / "calls.sqlite3") as store:
        whole = [reply.text for _, reply in Calls(recorded(*lines), store=store).ask(requests[:2])]
        resumed = dict(Calls(recorded(*lines), store=store).ask(requests))
    assert [*whole, resumed[2].text] == ["one", "two", "three"] == [resumed[position].text for position in range(3)]
