"""A call as plain data: what it says, what it leaves out, and when it can't be said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import synthnb
from synthnb._api.requests import request_of
from synthnb._canonical import digest
from synthnb._frames import frame_digest


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_call_is_said_with_its_seed_and_its_frames_digest(trial: pd.DataFrame) -> None:
    made = synthnb.generate(trial, rows=20, where="age > 30", source_name="trial")
    request = made.run.request
    assert request["verb"] == "generate"
    assert request["arguments"]["random_state"] == made.run.seed
    assert request["arguments"]["where"] == "age > 30"
    assert request["inputs"] == [{"argument": "source", "name": "trial", "digest": frame_digest(trial)}]
    assert json.loads(json.dumps(request)) == request


def test_the_arguments_make_the_same_rows_again(trial: pd.DataFrame) -> None:
    made = synthnb.generate(trial, rows=20, rules="weight_later <= weight_kg", merge_below=5)
    again = synthnb.generate(**{**made.run.request["arguments"], "source": trial})
    pd.testing.assert_frame_equal(made.frame, again.frame)


def test_a_recipe_is_said_as_its_mapping(trial: pd.DataFrame) -> None:
    recipe = synthnb.profile(trial).recipe
    made = synthnb.generate(trial, recipe=recipe, rows=10)
    assert synthnb.Recipe.from_dict(made.run.request["arguments"]["recipe"]) == recipe


@pytest.mark.parametrize("argument", [{"decision": lambda frame: len(frame)}, {"rules": lambda frame: frame["age"] > 20}])
def test_a_function_cannot_be_said(trial: pd.DataFrame, argument: dict[str, Any]) -> None:
    asked = argument | ({"rules": (argument["rules"],)} if "rules" in argument else {"replicates": 2})
    assert (
        synthnb.generate(trial, rows=20, random_state=1, **asked).run.request["unsaid"] == f"{next(iter(argument))} is or holds a function"
    )


def test_a_saved_generator_in_memory_cannot_be_said(trial: pd.DataFrame) -> None:
    generator = synthnb.generate(trial, rows=10, random_state=1).generator
    assert synthnb.generate(generator, rows=5).run.request["unsaid"] == "source is a generator in memory, not the file of one"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("x" * 20_000, "bytes, more than 16,384"),
        (float("nan"), "options is or holds nan"),
        (2**60, "a whole number over 2**53"),
        ("\ud800", "half a surrogate pair"),
        ({1: 2}, "options has the key 1, which isn't a text"),
        (object(), "options is or holds an object in memory (object)"),
    ],
)
def test_what_plain_json_cannot_hold_is_not_said_and_the_reason_is(trial: pd.DataFrame, value: object, why: str) -> None:
    run = synthnb.generate(trial, rows=5, random_state=1).run
    request = request_of("generate", run, {"options": {"a": value} if not isinstance(value, dict) else value})
    assert request["verb"] == "generate"
    assert why in request["unsaid"]
    assert "arguments" not in request


def test_numpys_numbers_are_numbers(trial: pd.DataFrame) -> None:
    run = synthnb.generate(trial, rows=5, random_state=1).run
    assert request_of("generate", run, {"rows": np.int64(5)})["arguments"] == {"rows": 5, "random_state": 1}


def test_no_digest_of_rows_under_a_privacy_guarantee_is_said() -> None:
    few = pd.DataFrame({"age": range(20, 80), "sex": ["f", "m"] * 30})
    options = {"epsilon": 1.0, "domain": {"age": [18, 90], "sex": ["f", "m"]}, "delta": 1e-6}
    request = synthnb.generate(few, rows=5, engine="dp", options=options).run.request
    assert request == {"verb": "generate", "unsaid": "source is a frame, and no digest of the run's real rows may be told"}


def test_examples_are_said_by_their_digest_alone(trial: pd.DataFrame) -> None:
    examples = ["Mrs Wolpertinger came in with a cough.", "He left at noon."]
    made = synthnb.generate(trial, rows=12, random_state=1).frame
    column = synthnb.write_column(made, "note", "One sentence about {age}.", model="echo", examples=examples, random_state=1).run
    texts = synthnb.write_texts("Notes.", n=3, model="echo", examples=tuple(examples), random_state=1).run
    assert column.request["arguments"]["examples"] == {"texts": "examples", "digest": digest(examples)}
    assert texts.request["inputs"] == [{"argument": "examples", "name": "examples", "digest": digest(examples)}]
    assert column.parameters["examples_digest"] == digest(examples)
    assert "Wolpertinger" not in json.dumps([synthnb.disclose().to_dict(), column.to_dict(), texts.to_dict()])


def test_documents_and_a_holdout_are_said_by_their_digest_alone() -> None:
    documents = {"a": "Aspirin lowers fever in adults. It was first sold in 1899. Patients with ulcers should avoid it."}
    holdout = ["When was Wolpertinger sold?"]
    asked: dict[str, Any] = {"questions": 1, "model": "echo", "verify": "none", "random_state": 1}
    request = synthnb.write_questions(documents, holdout=holdout, **asked).run.request
    assert request["arguments"]["folder"] == {"texts": "folder", "digest": digest(documents)}
    assert request["arguments"]["holdout"] == {"texts": "holdout", "digest": digest(holdout)}
    assert not [word for word in ("Aspirin", "Wolpertinger") if word in json.dumps(request)]


def test_combinations_of_levels_can_be_passed_as_they_are_said() -> None:
    levels = {"tone": ["calm", "worried"], "topic": ["x", "y"]}
    joint = {("calm", "x"): 0.5, ("worried", "y"): 0.5}
    made = synthnb.write_texts("Messages.", n=6, labels=levels, joint=joint, model="echo", random_state=1)
    assert made.run.request["arguments"]["joint"] == [[["calm", "x"], 0.5], [["worried", "y"], 0.5]]
    again = synthnb.write_texts(**made.run.request["arguments"])
    pd.testing.assert_frame_equal(made.frame, again.frame)
