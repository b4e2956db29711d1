"""What can't be asked of a description is refused before a model is opened; what was compiled is told as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import synthnb
from synthnb._api.describing import as_flag, check_described
from synthnb.disclosure.entries import entry_for_run
from synthnb.errors import OptionError, RecipeError, SynthnbError

SENTENCE = "A trial of 300 adults aged 40 to 85, 60 % female."
NOWHERE = "nowhere/model.gguf"
"""A model that can't be opened: an error that isn't about it came before."""

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"balance": "sex"}, "balance is about a real frame; a description was given"),
    ({"groups": "sex"}, "groups is about a real frame; a description was given"),
    ({"roles": {"age": "key"}}, "roles is about a real frame"),
    ({"overrides": {"age": "category"}}, "overrides is about a real frame"),
    ({"merge_below": 11}, "merge_below is about a real frame"),
    ({"survival": [{"time": "days", "event": "died"}]}, "survival is about a real frame"),
    ({"recipe": {"table": "t"}}, "recipe is about a real frame"),
    ({"options": {"epsilon": 1.0}}, "epsilon is about a real frame"),
    ({"options": {"leaf": 5}}, "drawn without options; got 'leaf'"),
    ({"engine": "trees"}, "drawn by the engine sampler; got engine 'trees'"),
    ({"engine": "nobody"}, "An engine must be one of auto"),
    ({"rows": 100_000_000_000}, "At most 50,000,000 rows"),
    ({"rows": 0}, "must be at least 1"),
    ({"replicates": 0}, "replicates must be from 1"),
    ({"random_state": -1}, "A seed must be from 0"),
    ({"on": "the moon"}, "Where to run must be"),
    ({"decision": 5}, "A decision is a function"),
    ({"given": pd.DataFrame({"sex": ["female"] * 3}), "rows": 4}, "`given` has 3 rows, but 4 are to be made"),
]


@pytest.mark.parametrize(("asked", "message"), REFUSED, ids=lambda item: str(item)[:30])
def test_what_cannot_be_asked_of_a_description_is_refused_before_a_model_is_opened(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        synthnb.generate(SENTENCE, model=NOWHERE, **asked)


def test_rows_that_a_description_asks_for_are_looked_at_first_too() -> None:
    with pytest.raises(OptionError, match="At most 50,000,000 rows"):
        synthnb.generate("A survey of 100,000,000,000 adults aged 40 to 85.", model=NOWHERE)


@pytest.mark.parametrize("make", [synthnb.generate, synthnb.compile_recipe])
def test_a_contradiction_is_told_before_a_model_is_opened(make: Any) -> None:
    with pytest.raises(RecipeError, match="female"):
        make("A survey of adults, 60 % female and 50 % female.", model=NOWHERE)


def test_what_can_be_asked_of_a_description_reaches_the_model() -> None:
    with pytest.raises(SynthnbError, match="gguf"):
        synthnb.generate(SENTENCE, model=NOWHERE, rows=5, where="age > 50", rules="age < 80", replicates=2, engine="sampler")


def test_a_compiled_description_is_held_to_the_same() -> None:
    with pytest.raises(OptionError, match="groups is about a real frame"):
        synthnb.generate(synthnb.compile_recipe(SENTENCE, model="echo"), groups="sex")


@pytest.mark.parametrize(
    ("asked", "flag"), [({"merge_below": 11}, "--merge-below"), ({"panel": 1}, "--subject"), ({"relations": 1}, "--relation")]
)
def test_the_check_speaks_the_words_of_the_command(asked: dict[str, Any], flag: str) -> None:
    with pytest.raises(OptionError, match=f"^{flag} is about a real frame"):
        check_described(SENTENCE, asked, as_flag)


def test_where_no_answer_was_used_the_record_says_so_and_counts_the_numbers_that_are_shown() -> None:
    compiled = synthnb.compile_recipe(SENTENCE, model="echo")
    run = synthnb.generate(compiled, random_state=1).run
    assert compiled.level == run.parameters["model_part"] == "none"
    assert sum(run.parameters["numbers_stated_by"].values()) == len(compiled.numbers)
    fields = entry_for_run(run.to_dict() | {"model": (run.model or {}) | {"stand_in": False, "name": "large"}})["fields"]
    assert fields["digitalSourceType"].endswith("algorithmicMedia")
    assert "trained" not in fields["digitalSourceType"]
    assert "nothing that the language model large replied was used" in fields["humanReadableStatement"]


def test_what_generate_returned_goes_into_every_verb_that_takes_a_frame(trial: pd.DataFrame, tmp_path: Path) -> None:
    made = synthnb.generate(trial, rows=20, random_state=1)
    assert "(20 rows)" in repr(synthnb.evaluate(made, trial))
    assert synthnb.profile(made).rows == synthnb.impute(made).run.delivered == 20
    assert synthnb.write_column(made, "note", "About {age}.", model="echo", rows=2).run.delivered == 2
    synthnb.write_table(made, tmp_path / "made.csv", frame_name="made")
    assert len(pd.read_csv(tmp_path / "made.csv")) == 20


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "How many rows to write isn't said"),
        ({"rows": 5, "groups": "sex"}, "groups is about a real frame"),
        ({"rows": 5, "options": {"curate": True, "target": "sex"}}, "curate is about a real frame"),
        ({"rows": 5, "random_state": -1}, "A seed must be from 0"),
    ],
)
def test_rows_that_a_model_is_to_write_from_a_description_are_held_to_it_too(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        synthnb.generate(SENTENCE, engine="llm", model=NOWHERE, **asked)


def test_rows_that_a_model_writes_come_from_a_compiled_descriptions_recipe() -> None:
    with pytest.raises(OptionError, match="pass the description's recipe with the engine llm"):
        synthnb.generate(synthnb.compile_recipe(SENTENCE, model="echo"), engine="llm", model=NOWHERE)


@pytest.mark.parametrize("model", ["none", "echo"])
def test_the_record_names_the_frame_whose_summary_was_used(trial: pd.DataFrame, model: str) -> None:
    run = synthnb.generate(SENTENCE, summary=trial, source_name="register", model=model, random_state=1).run
    fields = entry_for_run(run.to_dict())["fields"]
    assert "compiled from a description and figures of “register” (200 rows)" in fields["humanReadableStatement"]
    assert "register" in str(fields["sourceDatasets"])
    assert "of the real rows, a summary was used" in fields["strategy"]
    assert run.parameters["summary_of"] == {"frame": "register", "minimum_cell": 11}


def test_without_a_model_none_is_asked_and_none_is_in_the_record() -> None:
    run = synthnb.generate(SENTENCE, model="none", random_state=1).run
    assert (run.model, run.calls, run.request["arguments"]["model"]) == (None, None, "none")
    assert synthnb.compile_recipe(f"{SENTENCE} Code Wolpertinger-9.", model="none", sensitive=True).to_dict()["description"] is None
