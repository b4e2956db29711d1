"""What a call of `generate` refuses before anything is fitted or spent, and that nothing is lost."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import polars as pl
import pytest

import synthnb
from synthnb.engines._choice import is_private, reads_of
from synthnb.engines.calls import _LIMITED, Call, Way, asks_for
from synthnb.errors import OptionError, RecipeError, SynthnbError

ENGINES = ["trees", "copula", "arf"]


@pytest.fixture
def real() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "a": rng.normal(size=120).round(3),
            "b": rng.integers(0, 5, 120),
            "c": rng.choice(["x", "y", "z"], 120),
            "d": rng.integers(0, 100, 120),
        }
    )


@pytest.fixture
def budgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_BUDGET", str(tmp_path / "budgets.sqlite3"))
    synthnb.open_budget("trial", epsilon=5.0)


PRIVATE: dict[str, Any] = {
    "engine": "dp",
    "options": {"epsilon": 1.0, "budget": "trial", "domain": {"a": [-5, 5, 0.001], "b": [0, 9], "c": ["x", "y", "z"], "d": [0, 99]}},
}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_that_makes_no_row_explains_them_all(engine: str, real: pd.DataFrame) -> None:
    done = synthnb.generate(real, rows=40, engine=engine, where="b == 99", random_state=1)
    assert (done.run.requested, done.run.delivered, len(done.frame)) == (40, 0, 0)
    assert sum(item["count"] for item in done.run.explained) == 40


@pytest.mark.parametrize(
    "wrong",
    [{"given": pd.DataFrame({"e": [1]})}, {"decision": "x"}, {"given": pd.DataFrame({"c": ["q"]})}, {"given": pd.DataFrame({"b": ["1"]})}],
    ids=["column", "decision", "level", "type"],
)
def test_nothing_is_spent_on_a_call_that_cannot_be_carried_out(wrong: dict[str, Any], real: pd.DataFrame, budgets: None) -> None:
    with pytest.raises(OptionError):
        synthnb.generate(real, **PRIVATE, **wrong)
    assert synthnb.budgets("trial")[0]["epsilon_spent"] == 0


def test_a_decision_on_private_rows_says_nothing_of_the_real_ones(real: pd.DataFrame, budgets: None) -> None:
    many = synthnb.generate(real, **PRIVATE, rows=50, replicates=2, decision=lambda frame: float(frame["a"].mean()))
    assert many.run.parameters["decision"]["real"] is None
    assert "real frame" not in many.run.notes[-1]


def test_a_private_run_reads_no_kind_off_the_rows(real: pd.DataFrame, budgets: None) -> None:
    constant = real.assign(b=7)
    kinds = [synthnb.generate(frame, **PRIVATE, rows=5).run.columns for frame in (constant, constant.assign(b=[8, *[7] * 119]))]
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize("cells", [[1.5, 2.0], ["1", "2"], [True, False], [np.nan, 2.0]], ids=["real", "text", "boolean", "missing"])
@pytest.mark.parametrize("engine", ENGINES)
def test_fixed_cells_must_be_of_their_columns_type(engine: str, cells: list[Any], real: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match=r"cells of 'b' in `given` can't be held by a column of type int64"):
        synthnb.generate(real, given=pd.DataFrame({"b": cells}), engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_made_around_an_engine_cannot_be_fixed(engine: str, real: pd.DataFrame) -> None:
    named = real.assign(id=[f"P-{7919 * i % 9973:04d}" for i in range(120)], event=np.arange(120) % 2)
    cases: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"id": ["P-0001"]}, {}),
        ({"d": [30]}, {"survival": {"time": "d", "event": "event"}}),
    ]
    for fixed, more in cases:
        with pytest.raises(OptionError, match="can't be fixed"):
            synthnb.generate(named, given=pd.DataFrame(fixed), engine=engine, **more)


def test_fixed_cells_may_be_polars(real: pd.DataFrame) -> None:
    generator = synthnb.generate(real, given=pd.DataFrame({"b": [1, 2]}), engine="trees", random_state=1).generator
    assert generator.sample(given=pl.DataFrame({"b": [3, 4]}), random_state=1)["b"].tolist() == [3, 4]


@pytest.mark.parametrize("rows", [0, -1, 1.5, 10**12])
def test_a_generator_checks_how_many_rows_are_asked_for(rows: Any, real: pd.DataFrame) -> None:
    generator = synthnb.generate(real, rows=5, engine="copula", random_state=1).generator
    with pytest.raises(OptionError, match="rows"):
        generator.sample(rows)


def test_a_recipe_of_absurd_size_is_refused() -> None:
    column = {"name": "x", "kind": "real", "dtype": "float64", "distribution": {"family": "normal", "mean": 0, "sd": 1}}
    with pytest.raises(OptionError, match=r"At most 50,000,000 rows|there is room for"):
        synthnb.generate(recipe={"table": "t", "rows": 10**12, "seed": 1, "columns": [column]})


def test_a_recipe_of_a_frame_needs_the_frame(real: pd.DataFrame) -> None:
    with pytest.raises(RecipeError, match=r"declares no distributions\. Pass the frame too"):
        synthnb.generate(synthnb.profile(real).recipe)


@pytest.mark.parametrize(
    "wrong",
    [{"where": 5}, {"where": "1 < 2"}, {"on": None}, {"options": [1]}, {"relations": ["a.b -> c.d"]}, {"rules": [lambda frame: 1 / 0]}],
    ids=["where", "no column", "on", "options", "relations", "function"],
)
def test_each_mistake_is_one_of_our_errors(wrong: dict[str, Any], real: pd.DataFrame) -> None:
    with pytest.raises(SynthnbError):
        synthnb.generate(real, engine="trees", **wrong)


def test_a_decision_of_several_tables_is_refused(real: pd.DataFrame) -> None:
    tables = {"p": real.assign(key=range(120)), "v": pd.DataFrame({"key": [i % 120 for i in range(200)], "y": range(200)})}
    with pytest.raises(OptionError, match="A decision is taken from one table"):
        synthnb.generate(tables, replicates=2, decision=lambda frame: True)


def test_a_decision_that_is_no_number_counts_as_failed(real: pd.DataFrame) -> None:
    many = synthnb.generate(real, replicates=3, engine="copula", random_state=1)
    frames = iter([1.0, float("nan"), 2.0])
    found = synthnb.agreement(many.frames, lambda frame: next(frames))
    assert (len(found.results), found.failed) == (2, ("ValueError: it gives nan",))
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_generator_is_saved_only_where_it_can_be_read_again(real: pd.DataFrame, tmp_path: Path) -> None:
    generator = synthnb.generate(real, engine="copula", rules=[lambda frame: frame["a"] < 9], random_state=1).generator
    with pytest.raises(OptionError, match="which no file carries"):
        generator.save(tmp_path / "one.synthgen")
    with pytest.raises(OptionError, match=r"ends in \.synthgen; got 'one\.zip'"):
        synthnb.generate(real, engine="copula", random_state=1).generator.save(tmp_path / "one.zip")


def test_what_is_for_one_table_is_refused_of_several_all_at_once(real: pd.DataFrame) -> None:
    tables = {"one": real.assign(key=range(len(real))), "two": real}
    with pytest.raises(OptionError, match=r"^rules, where, balance are for one table; several were given"):
        synthnb.generate(tables, rules="a < 9", where="b > 1", balance="c")


def test_a_name_of_an_option_is_the_calls_own() -> None:
    assert set(_LIMITED) <= {item.name for item in fields(Call)}


def test_of_what_a_call_asks_only_what_a_way_lacks_is_named() -> None:
    asked: dict[str, Any] = {item.name: None for item in fields(Call)} | {name: nothing for name, (nothing, _) in _LIMITED.items()}
    assert [asks_for(Call(**asked), way) for way in get_args(Way)] == [[], [], [], []]
    call = Call(**asked | {"rules": ["a < 9"], "roles": {"a": "key"}, "relations": [], "merge_below": 0})
    assert asks_for(call, "several tables") == ["rules", "roles", "merge_below"]
    assert asks_for(call, "one table") == ["relations"]


@pytest.mark.parametrize(("engine", "reads"), [("trees", "rows"), ("dp", "noisy counts"), ("sampler", "nothing")])
def test_an_engine_says_what_it_takes_from_a_frame(engine: str, reads: str) -> None:
    assert reads_of(engine) == reads
    assert is_private(engine, {}) is (reads == "noisy counts")


def test_an_engine_that_isnt_there_is_not_private() -> None:
    assert not is_private("nothing of that name", {"epsilon": 1.0})
    assert is_private("auto", {"epsilon": 1.0})


def test_an_engine_without_options_says_so() -> None:
    with pytest.raises(OptionError, match="The engine sampler takes no options; got 'leaf'"):
        synthnb.generate(pd.DataFrame({"a": range(50)}), engine="sampler", options={"leaf": 3})
