"""Runs beside one another, and runs made again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

import synthnb
from synthnb._api.replaying import Replayed, diff, replay
from synthnb._api.writing import write_column
from synthnb.config import config_context
from synthnb.disclosure.entries import entry_for_run
from synthnb.disclosure.session import session
from synthnb.errors import Interrupted, OptionError
from synthnb.models.echo import Echo
from tests.engines.corpora import Scripted as Metered
from tests.engines.corpora import quoting
from tests.engines.row_replies import honest
from tests.engines.scripted import Scripted

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.models.base import Reply, Request

STORE = Path(".synthnb/calls.sqlite3")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty folder, and nothing done before."""
    monkeypatch.chdir(tmp_path)
    session.reset()
    yield
    session.reset()


@pytest.fixture
def notes(trial: pd.DataFrame) -> Any:
    """A column of eight rows, written by the stand-in."""
    return write_column(trial.head(8), "note", "Write about {age}.", model="echo", random_state=3)


def forget(*, where: str = "1 = 1") -> int:
    """Delete replies from the store, as a user who frees space may."""
    with closing(sqlite3.connect(STORE)) as store, store:
        return store.execute(f"DELETE FROM reply WHERE {where}").rowcount


def rewrite(run: str, **changes: Any) -> None:
    """An entry of this session as another version, or another run, would have it."""
    entry = next(entry for entry in session.entries() if entry["id"] == run)
    detail = {key: value for key, value in (entry["detail"] | changes).items() if value is not ...}
    session.reset()
    Path(".synthnb/ledger.sqlite3").unlink()
    session.remember(entry_for_run(detail))


def test_a_column_is_made_again_from_what_is_kept(trial: pd.DataFrame, notes: Any) -> None:
    made = replay(notes.run.id, frames={"anything": trial.head(8), "x": 3})
    assert made.same
    assert made.after == notes.run.output["digest"]
    assert made.kept == 8
    assert made.result.frame["note"].tolist() == notes.frame["note"].tolist()
    assert made.summary.endswith(f"from 8 kept replies, and no call was made: the same bytes, {made.after}.")


def test_no_model_is_needed_to_make_it_again(trial: pd.DataFrame) -> None:
    lines = [json.dumps({"match": f'"age": {age}', "reply": f"Aged {age}.", "repeat": True}) for age in set(trial["age"])]
    Path("replies.jsonl").write_text("\n".join(lines), encoding="utf-8")
    made = write_column(trial.head(8), "note", "Write.", given=["age"], model="replay:replies.jsonl", random_state=3)
    Path("replies.jsonl").unlink()
    assert replay(made.run.id, frames={"trial": trial.head(8)}).same


def test_making_it_again_leaves_no_trace(trial: pd.DataFrame, notes: Any) -> None:
    before = session.entries(), synthnb.runs()
    assert replay(notes.run.id, frames={"trial": trial.head(8)}).same
    assert (session.entries(), synthnb.runs()) == before


def test_a_reply_that_was_deleted_is_named_by_its_row(trial: pd.DataFrame, notes: Any) -> None:
    with closing(sqlite3.connect(STORE)) as store:
        keys = dict(store.execute("SELECT unit, key FROM origin WHERE run = ?", (notes.run.id,)))
    assert forget(where=f"key IN ('{keys['row:2']}', '{keys['row:5']}')") == 2
    made = replay(notes.run.id, frames={"trial": trial.head(8)})
    assert (made.same, made.after) == (False, None)
    assert made.reasons == ("The reply for row:2, and 1 more isn't in the store calls.sqlite3.",)


def test_without_a_store_that_is_said(trial: pd.DataFrame, notes: Any) -> None:
    with config_context(calls="off"):
        assert "The store of replies is off" in replay(notes.run.id, frames={"trial": trial.head(8)}).summary


def test_an_input_that_changed_is_named_with_both_digests(trial: pd.DataFrame, notes: Any) -> None:
    changed = trial.head(8).assign(age=1)
    name = notes.run.inputs[0]["name"]
    made = replay(notes.run.id, frames={name: changed})
    assert made.after is None
    assert made.reasons[0].startswith(f"The frame '{name}' that it read as frame has changed since: it was sha256:")


def test_an_input_that_is_gone_is_named(notes: Any) -> None:
    assert "that it read as frame isn't at hand: no frame here has the digest sha256:" in replay(notes.run.id).summary


def test_a_run_without_a_model_is_made_again(trial: pd.DataFrame) -> None:
    made = synthnb.generate(trial, rows=50, where="age > 40", random_state=3)
    again = replay(made.run.id.removeprefix("run-")[:6], frames={"trial": trial})
    assert again.same
    assert again.kept == 0
    assert "from" not in again.summary


def test_a_file_that_changed_is_named(trial: pd.DataFrame) -> None:
    trial.to_csv("trial.csv", index=False)
    made = synthnb.generate("trial.csv", rows=50, random_state=3)
    assert replay(made.run.id).same
    trial.assign(age=trial["age"] + 1).to_csv("trial.csv", index=False)
    again = replay(made.run.id)
    assert again.after not in (None, again.before)
    assert again.reasons[0].startswith("Its source 'trial.csv' has changed since: it was sha256:")


def test_a_file_that_is_gone_is_told(trial: pd.DataFrame) -> None:
    trial.to_csv("trial.csv", index=False)
    made = synthnb.generate("trial.csv", rows=50, random_state=3)
    Path("trial.csv").unlink()
    assert "Making it again failed: " in replay(made.run.id).summary


def test_other_versions_are_told_beside_other_reasons(trial: pd.DataFrame, notes: Any) -> None:
    rewrite(notes.run.id, versions=dict(notes.run.versions) | {"numpy": "1.0.0"}, output=dict(notes.run.output) | {"digest": "sha256:0"})
    made = replay(notes.run.id, frames={"trial": trial.head(8)})
    assert made.after == notes.run.output["digest"]
    assert made.reasons[-1].startswith("Versions differ: numpy 1.0.0 then, ")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"request": ...}, "An earlier version of synthnb made it"),
        ({"request": {}}, "Its call wasn't kept, and why isn't either"),
        ({"request": {"verb": "column", "unsaid": "joint is a function"}}, "can't be said as plain data: joint is a function."),
        ({"request": {}, "inputs": [{"name": "real", "columns": ["age"]}]}, "A privacy guarantee holds for it"),
        (
            {"partial": True, "kind": "generate", "engine": "sampler"},
            "It was interrupted after 8 of 8 rows, and which rows were drawn by then isn't kept",
        ),
    ],
)
def test_why_a_call_cant_be_made_again_is_said(notes: Any, changes: dict[str, Any], reason: str) -> None:
    rewrite(notes.run.id, **changes)
    assert reason in replay(notes.run.id).summary


def test_a_sensitive_run_isnt_made_again(trial: pd.DataFrame) -> None:
    made = write_column(trial.head(3), "note", "Write about {age}.", model="echo", sensitive=True, random_state=3)
    assert "marked as sensitive, so its prompts weren't kept" in replay(made.run.id, frames={"trial": trial.head(3)}).summary


def limited(trial: pd.DataFrame, *, known: int) -> Any:
    """Eight rows of which some have a reply, and no call is allowed for the others."""
    asked: dict[str, Any] = {"name": "note", "instruction": "Write about {age}.", "model": "echo", "random_state": 3}
    if known:
        write_column(trial.head(known), **asked)
    return write_column(trial.head(8), limits={"tokens": 0}, **asked)


def test_a_run_that_a_limit_stopped_is_made_again_as_it_was(trial: pd.DataFrame) -> None:
    made = limited(trial, known=3)
    assert made.run.delivered == 3
    write_column(trial.head(8), "note", "Write about {age}.", model="echo", random_state=3)
    again = replay(made.run.id, frames={"trial": trial.head(8)})
    assert again.same
    assert again.kept == 3
    assert again.summary.endswith("since the limit of 0 tokens was reached; what was asked for later isn't part of it.")


def test_texts_that_a_limit_stopped_are_made_again_as_they_were() -> None:
    asked: dict[str, Any] = {"labels": {"tone": ["calm", "worried"]}, "model": "echo", "random_state": 1}
    made = synthnb.write_texts("Notes of a ward", n=60, limits={"tokens": 3_000}, **asked)
    assert 0 < made.run.delivered < 60
    synthnb.write_texts("Notes of a ward", n=60, **asked)
    assert replay(made.run.id).same


def test_a_limited_run_without_a_row_says_what_it_is(trial: pd.DataFrame) -> None:
    made = limited(trial, known=0)
    write_column(trial.head(8), "note", "Write about {age}.", model="echo", random_state=3)
    again = replay(made.run.id, frames={"trial": trial.head(8)})
    assert (again.same, again.kept) == (True, 0)
    assert "The run was stopped early since the limit of 0 tokens was reached" in again.summary


def test_a_recipe_that_was_compiled_within_a_limit_is_made_again() -> None:
    made = synthnb.generate(TRIAL, rows=40, model="echo", limits={"tokens": 0}, random_state=1)
    assert (made.run.calls or {})["stopped"]
    again = replay(made.run.id)
    assert (again.same, again.stopped) == (True, "")


def test_a_run_that_was_interrupted_is_made_again_as_far_as_it_came(trial: pd.DataFrame) -> None:
    def stop(done: int, total: int, what: str) -> None:
        if done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        write_column(trial.head(8), "note", "Write about {age}.", model="echo", random_state=3, progress=stop)
    made = cast("Any", caught.value).partial
    write_column(trial.head(8), "note", "Write about {age}.", model="echo", random_state=3)
    again = replay(made.run.id, frames={"trial": trial.head(8)})
    assert (again.same, again.kept, again.stopped) == (True, made.run.delivered, "it was interrupted")


class Faltering(Echo):
    """The stand-in on a bad day: every third request fails."""

    def write(self, requests: Iterable[Request]) -> Iterator[tuple[int, Reply]]:
        for position, reply in super().write(requests):
            yield position, replace(reply, text="", finish="error", error="a bad day") if position % 3 == 2 else reply


def test_a_run_of_which_calls_failed_is_made_again_as_it_was(trial: pd.DataFrame) -> None:
    made = write_column(trial.head(8), "note", "Write about {age}.", model=Faltering(), random_state=3)
    assert (made.run.calls or {})["failed"] > 0
    assert made.run.delivered < 8
    later = write_column(trial.head(8), "note", "Write about {age}.", model="echo", random_state=3)
    assert ((later.run.calls or {})["kept"], later.run.delivered) == (made.run.delivered, 8)
    assert replay(made.run.id, frames={"trial": trial.head(8)}).same


def test_fewer_replies_than_a_stopped_run_had_are_counted(trial: pd.DataFrame) -> None:
    made = limited(trial, known=3)
    with closing(sqlite3.connect(STORE)) as store, store:
        store.execute("UPDATE reply SET written = '2100' WHERE key IN (SELECT key FROM origin WHERE unit = 'row:0')")
    again = replay(made.run.id, frames={"trial": trial.head(8)})
    assert again.reasons[0] == "It had 3 replies, of which 2 are in the store."


def test_documents_given_as_texts_are_looked_for_by_content() -> None:
    made = synthnb.write_questions(DOCUMENTS, questions=2, level=1, model="echo", random_state=1)
    assert "The texts that it was given as folder aren't at hand: none here have the digest sha256:" in replay(made.run.id).summary
    assert replay(made.run.id, frames={"x": dict(DOCUMENTS), "y": "a text"}).same


def test_the_outcome_is_plain_json(trial: pd.DataFrame, notes: Any) -> None:
    made = replay(notes.run.id, frames={"trial": trial.head(8)})
    assert json.loads(json.dumps(made.to_dict()))["same"] is True
    assert "result" not in made.to_dict()
    assert isinstance(made, Replayed)
    assert repr(made) == made.summary


def test_runs_are_found_by_the_beginning_of_their_ids(trial: pd.DataFrame, notes: Any) -> None:
    other = write_column(trial.head(8), "note", "Write about {sex}.", model="echo", random_state=3)
    found = diff(notes.run.id[:12], other.run.id[4:12], frames={"a": notes.frame, "b": other.frame, "c": "no frame"})
    assert "prompts" in found.parts
    assert [distance.column for distance in found.distances] == ["note"]


def test_runs_of_another_session_are_found_in_the_ledger(notes: Any) -> None:
    session.reset()
    assert diff(notes.run.id, notes.run.id).changes == ()


def test_a_beginning_of_several_ids_is_refused(trial: pd.DataFrame, notes: Any) -> None:
    write_column(trial.head(2), "note", "Write.", model="echo", random_state=3)
    with pytest.raises(OptionError, match=r"One run was expected; 2 begin with 'run-': run-\w+, run-\w+\. Give more of the id\."):
        diff("run-", notes.run.id)


def test_an_id_of_no_run_is_refused_with_those_there_are(notes: Any) -> None:
    with pytest.raises(OptionError, match=rf"No run's id begins with 'run-zz'\. The last are {notes.run.id}\."):
        replay("run-zz")


def test_where_nothing_was_made_that_is_said() -> None:
    with pytest.raises(OptionError, match="None was made here yet"):
        replay("run-1")


DOCUMENTS = {
    "blood.txt": "Haemoglobin carries oxygen in the blood of most vertebrates. It is made of four chains, each with one haem.",
    "iron.txt": "Iron is taken up in the gut. Its lack leads to anaemia, which is common in many countries of the world.",
}
TRIAL = "A trial of 300 adults aged 40 to 85, 60 % female, randomised 1:1 to drug or placebo."


def yes(_count: int, _request: Request) -> str:
    return "Yes."


def ask(model: Any, **options: Any) -> Any:
    return synthnb.write_questions(DOCUMENTS, questions=2, mode="quoted", model=model, random_state=1, **options)


@pytest.mark.parametrize(
    "make",
    [
        lambda _: synthnb.write_texts("Notes of a ward", n=4, labels={"tone": ["calm", "worried"]}, model="echo", random_state=1),
        lambda _: ask(Scripted(quoting)),
        lambda _: ask(Scripted(quoting), verify="model", verifier=Scripted(yes, id="second", name="Second")),
        lambda _: synthnb.generate(TRIAL, rows=40, model="echo", random_state=1),
        lambda _: synthnb.generate(synthnb.compile_recipe(TRIAL, rows=40, model="echo", random_state=1)),
        lambda frame: synthnb.generate(TRIAL, rows=40, summary=frame, model="none", random_state=1),
        lambda frame: synthnb.generate(TRIAL, rows=40, summary=frame, model="echo", random_state=1),
        lambda frame: synthnb.generate(frame, rows=20, engine="llm", model=Scripted(honest), random_state=1),
        lambda frame: synthnb.generate(frame, rows=40, engine="llm", preview=5, model=Scripted(honest), random_state=1),
        lambda _: synthnb.write_texts("Notes", n=9, preview=3, labels={"tone": ["calm", "worried"]}, model="echo", random_state=1),
        lambda _: ask(Scripted(quoting), preview=1),
    ],
    ids=[
        *("texts", "questions", "verified questions", "description", "compiled", "summary", "summary with a model"),
        *("rows", "preview of rows", "preview of texts", "preview of questions"),
    ],
)
def test_every_verb_is_made_again(make: Any, trial: pd.DataFrame) -> None:
    made = make(trial)
    assert made.run.delivered > 0
    again = replay(made.run.id, frames={"documents": DOCUMENTS, "trial": trial})
    assert (again.same, again.reasons) == (True, ())


def test_rows_that_an_interrupt_stopped_are_made_again_as_far_as_they_came(trial: pd.DataFrame) -> None:
    def stop(done: int, total: int, what: str) -> None:
        if done >= 30:
            raise KeyboardInterrupt

    asked: dict[str, Any] = {"rows": 90, "engine": "llm", "model": Scripted(honest), "random_state": 1}
    with pytest.raises(Interrupted) as caught:
        synthnb.generate(trial, progress=stop, **asked)
    made = cast("Any", caught.value).partial
    assert 0 < made.run.delivered < 90
    assert synthnb.generate(trial, **asked).run.delivered == 90
    again = replay(made.run.id, frames={"trial": trial})
    assert (again.same, again.after, again.stopped) == (True, made.run.output["digest"], "it was interrupted")
    assert again.result.frame.equals(made.frame)


def test_rows_that_a_limit_stopped_are_made_again_as_they_were(trial: pd.DataFrame) -> None:
    model = Metered(honest)
    model.tokens = (700, 300)
    asked: dict[str, Any] = {"rows": 90, "engine": "llm", "model": model, "random_state": 1}
    made = synthnb.generate(trial, limits={"tokens": 4_000}, **asked)
    assert 0 < made.run.delivered < 90
    assert synthnb.generate(trial, **asked).run.delivered == 90
    again = replay(made.run.id, frames={"trial": trial})
    assert again.same
    assert "The run was stopped early since the limit of" in again.summary
