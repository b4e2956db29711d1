"""What changed between two runs."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from synthnb.disclosure.differences import IGNORED, Change, Differences, differences, word_changes
from synthnb.engines.base import Run

from .samples import Json, made, written
from .test_call_fields import account

DIGEST = f"sha256:{'9' * 64}"


def changed(before: Json, after: Json) -> list[tuple[str, str]]:
    return [(change.part, change.path) for change in differences(before, after).changes]


def test_equal_runs_differ_in_nothing() -> None:
    found = differences(written(calls=account()), written(calls=account()) | {"id": "run-2", "started": "2027-01-01T00:00:00Z"})
    assert found.changes == ()
    assert found.summary == "run-ba9876543210 and run-2 differ in nothing that is compared."


CHANGES: dict[str, Any] = {
    "kind": "texts",
    "engine": "arf",
    "recipe_digest": DIGEST,
    "seed": 8,
    "requested": 3,
    "delivered": 3,
    "explained": [{"count": 4, "reason": "exact copies of real rows"}],
    "counts": {"levels_pooled": 3},
    "parameters": {"min_leaf": 47},
    "inputs": [{"name": "actg175", "rows": 2139, "columns": ["age", "sex"], "digest": DIGEST}],
    "output": {"name": "synthetic", "rows": 2136, "columns": ["age", "sex"], "digest": DIGEST},
    "model": {"id": "echo"},
    "calls": {"calls": 3},
    "versions": {"python": "3.12.0", "synthnb": "0.1.0", "numpy": "2.1.0"},
    "columns": [{"name": "age", "kind": "integer", "how": "trees"}],
    "partial": True,
}


@pytest.mark.parametrize("name", [field.name for field in fields(Run)])
def test_every_part_of_a_run_is_compared_or_ignored_for_a_reason(name: str) -> None:
    if name in IGNORED:
        assert IGNORED[name]
    else:
        assert changed(made(), made(**{name: CHANGES[name]}))


def test_what_is_ignored_changes_nothing() -> None:
    after = written(
        calls=account(first_reply="2027-01-01T00:00:00Z", seconds=1.0, watt_hours=9.9, origins=3),
        id="run-2",
        seconds={"fit": 9.0},
        notes=["x"],
    )
    assert changed(written(calls=account()), after) == []


def test_a_changed_word_of_a_prompt_is_shown_in_its_place() -> None:
    calls = account(templates=[{"name": "one text", "digest": "sha256:8e", "text": "Write briefly about {age}."}])
    found = differences(written(calls=account()), written(calls=calls))
    assert [change.path for change in found.changes] == ["one text"]
    assert [(word.sign, word.text) for word in found.prompts["one text"]] == [(" ", "Write"), ("+", " briefly"), (" ", " about {age}.")]


def test_prompts_that_were_kept_out_are_compared_by_digest() -> None:
    hidden = [{"name": "one text", "digest": "sha256:8e", "text": None}]
    found = differences(written(calls=account()), written(calls=account(templates=hidden)))
    assert found.changes == (Change("prompts", "one text", "Write about {age}.", "sha256:8e"),)
    assert found.prompts == {}
    assert "The words of the prompt one text were kept out of a run; its digest differs." in found.notes


def test_prompts_of_runs_before_calls_were_counted_are_compared() -> None:
    after = written(parameters=written()["parameters"] | {"system": "You write well."})
    found = differences(written(), after)
    assert found.changes == (Change("prompts", "system", "You write.", "You write well."),)


def test_long_stretches_that_stay_are_told_by_their_ends() -> None:
    same = " ".join(f"word{number}" for number in range(200))
    words = word_changes(f"{same} old", f"{same} new")
    assert [word.sign for word in words] == [" ", "-", "+"]
    assert len(words[0].text) < 200
    assert words[0].text.startswith("word0 word1")


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_words_of_both_texts_are_there(before: str, after: str) -> None:
    words = word_changes(before, after)
    if not any("…" in word.text for word in words):
        assert "".join(word.text for word in words if word.sign != "+") == before
        assert "".join(word.text for word in words if word.sign != "-") == after


def test_a_megabyte_of_prompt_is_compared_in_time() -> None:
    words = word_changes("a b " * 250_000, "a c " * 250_000)
    assert max(len(word.text) for word in words) < 500


def test_a_model_that_was_moved_is_told() -> None:
    found = differences(written(calls=account()), written(calls=account(returned=["smollm3"], fingerprints=[])))
    assert found.changes == (
        Change("model", "returned[0]", "smollm2", "smollm3"),
        Change("model", "fingerprints[0]", "fp_44", None),
    )


def test_a_recipe_is_compared_path_by_path() -> None:
    def run(least: int) -> Json:
        columns = [{"name": "sex", "kind": "category"}, {"name": "age", "kind": "integer", "minimum": least}]
        return made(request={"verb": "generate", "arguments": {"recipe": {"rows": 10, "columns": columns[:: 1 if least == 40 else -1]}}})

    assert differences(run(40), run(18)).changes == (Change("recipe", "columns.age.minimum", 40, 18),)


def test_an_input_that_came_in_is_told() -> None:
    after = made(inputs=[*made()["inputs"], {"name": "given", "rows": 3, "columns": ["age"], "digest": DIGEST}])
    assert ("inputs", "given.rows") in changed(made(), after)


def test_reasons_and_discarded_replies_are_compared() -> None:
    after = written(calls=account(discarded={"unreadable": 9}), explained=[{"count": 1, "reason": "declined"}])
    assert changed(written(calls=account()), after) == [
        ("counts", "explained.declined"),
        ("calls", "discarded.unreadable"),
        ("calls", "discarded.another row's text"),
    ]


def test_true_is_not_one() -> None:
    assert changed(made(parameters={"x": True}), made(parameters={"x": 1})) == [("parameters", "x")]


def frame(seed: int, rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.normal(50, 10, rows),
            "sex": rng.choice(["f", "m"], rows),
            "seen": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 100, rows), unit="D"),
            "note": [f"The patient felt rather well on day {number}." for number in rng.integers(0, 9, rows)],
        }
    )


def distances(one: Any, other: Any, **runs: Json) -> dict[str, Json]:
    found = differences(runs.get("a", made()), runs.get("b", made()), frames=(one, other)).to_dict()
    return {distance["column"]: distance for distance in found["distances"]}


def test_numbers_are_compared_as_scipy_compares_them() -> None:
    one, other = frame(1), frame(2).assign(age=lambda table: table["age"] + 5)
    age = distances(one, other)["age"]
    assert age["value"] == pytest.approx(ks_2samp(one["age"], other["age"]).statistic, abs=1e-6)
    assert age["summary"][1]["mean"] == pytest.approx(float(other["age"].mean()), rel=1e-5)
    assert age["value"] > age["by_chance"]


def test_levels_are_compared_by_hand_worked_shares() -> None:
    one, other = pd.DataFrame({"arm": list("aaab")}), pd.DataFrame({"arm": list("abcc")})
    arm = distances(one, other)["arm"]
    assert arm["value"] == 0.5  # |.75 - .25| + |.25 - .25| + |0 - .5|, halved
    assert arm["n"] == [4, 4]
    assert arm["summary"][1] == {"a": 0.25, "b": 0.25, "c": 0.5}


def test_what_chance_gives_is_what_it_gives() -> None:
    rng = np.random.default_rng(5)
    pairs = [distances(*(pd.DataFrame({"x": rng.normal(size=200), "g": rng.choice(list("abc"), 200)}) for _ in "12")) for _ in range(60)]
    assert sum(pair["x"]["value"] > pair["x"]["by_chance"] for pair in pairs) <= 8  # 5 % of 60, and three of its standard errors
    assert np.mean([pair["g"]["value"] for pair in pairs]) == pytest.approx(pairs[0]["g"]["by_chance"], rel=0.25)


def test_equal_frames_have_no_distance_in_any_column() -> None:
    found = distances(frame(1), pl.from_pandas(frame(1)))
    assert {name: distance["value"] for name, distance in found.items()} == dict.fromkeys(["age", "sex", "seen", "note"], 0.0)
    assert found["note"]["summary"][0]["words"] == 8.0


def test_of_a_column_only_the_column_is_looked_at() -> None:
    run = written(columns=[{"name": "note", "kind": "text", "how": "written"}])
    assert list(distances(frame(1), frame(2), a=run, b=run)) == ["note"]


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [([None, None], [1.0, 2.0], "no cells to compare"), (["a", "b"], [1.0, 2.0], "different kinds of column")],
)
def test_what_cannot_be_compared_says_why(one: list[Any], other: list[Any], reason: str) -> None:
    found = distances(pd.DataFrame({"x": one}), pd.DataFrame({"x": other}))["x"]
    assert (found["value"], found["reason"]) == (None, reason)


def test_infinite_numbers_and_huge_cells_are_survived() -> None:
    odd = pd.DataFrame({"x": [np.inf, 1.0, 2.0], "t": pd.Series(["x" * 1_000_000, "\ud800", "<|im_end|>"], dtype=object)})
    found = distances(odd, odd)
    assert found["x"]["value"] == 0.0
    assert max(len(level) for level in found["t"]["summary"][0]) <= 80


def test_frames_that_arent_there_are_told() -> None:
    after = made(output=made()["output"] | {"digest": DIGEST})
    assert differences(made(), after).notes == ("What came out wasn't compared column by column: the two frames aren't at hand.",)
    assert differences(made(), made()).notes == ()


def test_runs_of_another_shape_are_survived() -> None:
    odd = {"id": 4, "parameters": 3, "calls": "x", "inputs": [1], "explained": None, "columns": ["a"], "model": []}
    assert isinstance(differences(odd, made()), Differences)


def test_the_differences_are_plain_json() -> None:
    found = differences(made(), written(calls=account()), frames=(frame(1), frame(2)))
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["summary"] == found.summary
    assert "things differ: what (2), prompts (2), model" in found.summary
