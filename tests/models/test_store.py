from __future__ import annotations

import json
import multiprocessing
import sqlite3
import stat
import threading
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from synthnb.config import config_context
from synthnb.errors import OptionError, StorageError
from synthnb.models.base import ModelInfo, Reply, Request
from synthnb.models.echo import Echo
from synthnb.models.store import LEFT_OUT, SCHEME, Store, call_key, open_store, who_replies

WHO = {"provider": "test", "model": "one"}
REQUEST = Request(prompt="Say.", schema={"type": "object", "properties": {"b": {}, "a": {}}})
REPLY = Reply(text="Said.", tokens_in=3, tokens_out=1, finish="stop", model="one-2026", tries=2, seconds=0.5, fingerprint="fp")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / ".synthnb" / "calls.sqlite3") as made:
        yield made


def test_what_is_kept_comes_back_as_it_was(store: Store) -> None:
    assert store.put("k", REQUEST, REPLY, who=WHO) == replace(REPLY, key="k")
    assert store.get("k") == replace(REPLY, key="k", kept=True)
    assert store.get("other") is None


@pytest.mark.parametrize("text", ["", "\x00", "\ud800 half", "é 漢 \u2028", "<|im_end|>[INST]", "x" * 1_000_000, "'; DROP TABLE reply; --"])
def test_any_text_comes_back_as_it_was(store: Store, text: str) -> None:
    store.put("k", Request(prompt=text, system=text), replace(REPLY, text=text))
    found = store.get("k")
    assert found is not None
    assert found.text == text


def test_the_first_reply_to_a_call_stands(store: Store) -> None:
    store.put("k", REQUEST, REPLY)
    stands = store.put("k", REQUEST, replace(REPLY, text="Another."))
    assert (stands.text, stands.kept) == ("Said.", False)


def test_an_error_is_not_kept(store: Store) -> None:
    with pytest.raises(ValueError, match="An error is not kept"):
        store.put("k", REQUEST, replace(REPLY, finish="error", error="no"))


def test_many_are_found_at_once(store: Store) -> None:
    for number in range(1200):
        store.put(f"k{number}", None, replace(REPLY, text=str(number)))
    found = store.find([f"k{number}" for number in range(2400)])
    assert len(found) == 1200
    assert found["k1199"].reply.text == "1199"
    assert found["k0"].written.endswith("Z")


def test_the_file_is_its_owners_and_ignored_by_git(store: Store) -> None:
    store.put("k", REQUEST, REPLY)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(file.stat().st_mode) for file in store.path.parent.glob("*-wal")} == {0o600}
    assert (store.path.parent / ".gitignore").read_text() == "*\n"


def test_looking_makes_no_file(store: Store) -> None:
    assert store.get("k") is None
    assert store.origins("run-1") == []
    assert not store.path.exists()


def test_rows_remember_their_replies_in_order(store: Store) -> None:
    for unit, key in [("row:2", "b"), ("row:1", "a"), ("row:1", "a"), ("row:1", "c")]:
        store.mark("run-1", unit, key)
    assert store.origins("run-1") == [("row:2", "b"), ("row:1", "a"), ("row:1", "c")]
    assert store.origins("run-2") == []


def test_threads_share_it(store: Store) -> None:
    threads = [threading.Thread(target=lambda n=n: [store.put(f"k{n}-{i}", None, REPLY) for i in range(30)]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.find([f"k{n}-{i}" for n in range(4) for i in range(30)])) == 120


def put_many(path: str, first: int) -> None:
    with Store(path) as store:
        for number in range(60):
            store.put(f"k{number}", None, replace(REPLY, text=f"{first}:{number}"))


def test_processes_share_it_and_agree(store: Store) -> None:
    children = [multiprocessing.get_context("spawn").Process(target=put_many, args=(str(store.path), n)) for n in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0]
    assert len(store.find([f"k{number}" for number in range(60)])) == 60


def begin_many(folder: str) -> None:
    for number in range(150):
        with Store(Path(folder) / f"{number}.sqlite3") as store:
            store.put("k", None, REPLY)


def test_processes_that_begin_it_at_once_do_not_lock_each_other_out(tmp_path: Path) -> None:
    children = [multiprocessing.get_context("spawn").Process(target=begin_many, args=(str(tmp_path),)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0, 0]
    # Of processes that close a file at once, each may leave SQLite's own two files beside it to the other.
    assert {path.name.removesuffix("-wal").removesuffix("-shm") for path in tmp_path.iterdir()} == {f"{n}.sqlite3" for n in range(150)}
    for number in range(150):
        with Store(tmp_path / f"{number}.sqlite3") as store:
            assert store.get("k") is not None


# What goes wrong


def test_a_locked_file_is_said_so(store: Store) -> None:
    store.put("k", REQUEST, REPLY)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with (
        Store(store.path, patience=0.05) as late,
        pytest.raises(StorageError, match=r"calls\.sqlite3 is locked by another program\. Close it"),
    ):
        late.put("k2", REQUEST, REPLY)
    other.close()


@pytest.mark.parametrize("content", [b"no database at all " * 100, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_said_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c.sqlite3").write_bytes(content)
    with (
        Store(tmp_path / "c.sqlite3") as store,
        pytest.raises(StorageError, match=r"c\.sqlite3 (isn't a store of calls|is damaged)\. Move"),
    ):
        store.get("k")


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "c.sqlite3")
    other.execute("CREATE TABLE theirs (a)")
    other.close()
    before = (tmp_path / "c.sqlite3").read_bytes()
    with Store(tmp_path / "c.sqlite3") as store, pytest.raises(StorageError, match="isn't a store of calls"):
        store.put("k", REQUEST, REPLY)
    assert (tmp_path / "c.sqlite3").read_bytes() == before


WHOLE = {"text": "a", "tokens_in": 1, "tokens_out": 1, "finish": "stop", "model": "m", "tries": 1, "seconds": 0.1, "fingerprint": ""}


def alter(store: Store, body: str) -> None:
    other = sqlite3.connect(store.path)
    other.execute("UPDATE reply SET reply = CAST(? AS TEXT) WHERE key = 'k'", (body.encode("latin-1"),))
    other.commit()
    other.close()


@pytest.mark.parametrize(
    "body",
    ["{", "[]", "{}", '{"text": 1}', json.dumps(WHOLE | {"text": None}), json.dumps(WHOLE | {"finish": "error"}), '{"text": "\xff\xfe"}'],
)
def test_a_row_that_was_altered_is_no_reply_and_the_next_one_takes_its_place(store: Store, body: str) -> None:
    """Until now one such row was an error from every method, and a run gave the whole store up for it."""
    store.put("k", REQUEST, REPLY)
    store.put("other", REQUEST, REPLY)
    alter(store, body)
    assert list(store.find(["k", "other"])) == ["other"]
    assert store.damaged == {"k"}
    store.put("k", REQUEST, replace(REPLY, text="Again."))
    found = store.get("k")
    assert found is not None
    assert found.text == "Again."


def test_a_damaged_row_is_never_exported_and_tells_no_pace(store: Store, tmp_path: Path) -> None:
    store.put("k", REQUEST, REPLY, who=who_replies(Echo.info))
    store.mark("run-1", "row:1", "k")
    alter(store, "{")
    assert store.pace(Echo.info) is None
    with pytest.raises(StorageError, match=r"is damaged\. Move the file away"):
        store.export("run-1", tmp_path / "run.jsonl")


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Store(tmp_path / "file" / "c.sqlite3") as store, pytest.raises(StorageError, match=r"c\.sqlite3 failed: .*Set SYNTHNB_CALLS"):
        store.put("k", REQUEST, REPLY)


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    with pytest.raises(StorageError, match=r"was closed\. Open it again"):
        store.get("k")


def test_the_settings_say_where_it_is(tmp_path: Path) -> None:
    with config_context(calls="off"):
        assert open_store() is None
    with config_context(calls=str(tmp_path / "c.sqlite3")):
        made = open_store()
        assert made is not None
        assert made.path == tmp_path / "c.sqlite3"


# Keys


CHANGES: dict[str, Any] = {
    "prompt": "Say!",
    "system": "s",
    "max_tokens": 3,
    "temperature": 0.5,
    "top_p": 0.5,
    "repeat_penalty": 1.5,
    "seed": 9,
    "schema": {"type": "object", "properties": {"a": {}, "b": {}}},
    "grammar": "root ::= x",
    "stop": ("x",),
}


def test_every_part_of_a_request_changes_the_key() -> None:
    assert set(CHANGES) == {item.name for item in fields(Request)}
    keys = {call_key(WHO, replace(REQUEST, **{name: value})) for name, value in CHANGES.items()}
    assert len(keys | {call_key(WHO, REQUEST), call_key(WHO, REQUEST, 1)}) == len(CHANGES) + 2


def test_the_model_and_who_runs_it_change_the_key() -> None:
    assert len({call_key(who, REQUEST) for who in (WHO, WHO | {"provider": "x"}, WHO | {"model": "x"})}) == 3


def test_equal_numbers_and_half_characters_have_one_key_each() -> None:
    assert call_key(WHO, replace(REQUEST, temperature=1)) == call_key(WHO, replace(REQUEST, temperature=1.0))
    assert call_key(WHO, replace(REQUEST, prompt="\ud800")) != call_key(WHO, replace(REQUEST, prompt="\udfff"))


def test_the_key_of_version_1_stays_what_it_is() -> None:
    assert SCHEME == "synthnb.call/1"
    assert call_key(WHO, REQUEST) == KEY_OF_VERSION_1


KEY_OF_VERSION_1 = "sha256:55ec16007ef25e499ffa6453ef027acb86a97c56a51727e0ef121b07c226f314"
"""Written down once: another value means that every stored reply is lost, and the scheme needs a new number."""


def test_of_a_model_only_what_changes_its_texts_is_in_the_key() -> None:
    info = Echo.info
    changed = replace(info, id="x", licence="x", context=1, at_once=9, price_in=5.0, seed_support=None, family="x", quantisation="x")
    assert who_replies(changed) == who_replies(info)
    assert who_replies(replace(info, weights_digest="sha256:ab")) == {"provider": "synthnb", "model": "sha256:ab"}
    assert all(reason and not reason.endswith(".") for reason in LEFT_OUT.values())


# Export


def info_of(name: str) -> ModelInfo:
    return replace(Echo.info, name=name)


def test_an_export_holds_the_replies_of_one_run(store: Store, tmp_path: Path) -> None:
    for run, key in [("run-1", "a"), ("run-1", "b"), ("run-2", "c")]:
        store.put(key, REQUEST, replace(REPLY, text=key), who=WHO)
        store.mark(run, f"row:{key}", key)
    store.mark("run-1", "row:again", "a")
    assert store.export("run-1", tmp_path / "run.jsonl") == 2
    lines = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert [(line["key"], line["reply"]["text"], line["who"], line["request"]["prompt"]) for line in lines] == [
        ("a", "a", WHO, "Say."),
        ("b", "b", WHO, "Say."),
    ]


def test_a_run_without_replies_is_not_exported(store: Store, tmp_path: Path) -> None:
    store.put("a", None, REPLY)
    with pytest.raises(OptionError, match=r"No reply of a run 'run-9' is in calls\.sqlite3"):
        store.export("run-9", tmp_path / "run.jsonl")


def test_the_pace_of_a_model_is_the_mean_of_its_last_replies(store: Store) -> None:
    for number in range(4):
        store.put(f"k{number}", None, replace(REPLY, tokens_out=number, seconds=2.0 * number), who=who_replies(info_of("one")))
    assert store.pace(info_of("one"), last=2) == (2.5, 5.0)
    assert store.pace(info_of("two")) is None
