"""What rows are written from: what a model sees of real ones, recipes, their rules, a description."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from synthnb.config import config_context
from synthnb.engines._encoding.table import encode_table
from synthnb.engines.rows.examples import Pool, lacking
from synthnb.engines.rows.fields import field_of
from synthnb.engines.rows.lines import Layout
from synthnb.errors import OptionError, RecipeError
from synthnb.recipes.infer import infer_recipe
from synthnb.recipes.recipe import Recipe
from synthnb.recipes.rules import parse_rules

from .row_replies import LINES, fixed_of, honest, write
from .scripted import Scripted

if TYPE_CHECKING:
    from synthnb.models.base import Request


# What the model sees of real rows


def numbers_in(texts: str) -> set[str]:
    return set(re.findall(r"\d+\.\d", texts))


def test_by_default_no_real_row_is_shown(trial: pd.DataFrame) -> None:
    model = Scripted(honest)
    run = write(trial, model).run
    prompts = "\n".join(request.prompt for request in model.asked)
    assert "Rows of this table" not in prompts
    assert not any(f"{age},{sex},{arm},{kg}" in prompts for age, sex, arm, kg in trial.iloc[:, :4].itertuples(index=False))
    assert "The model saw figures over at least 11 rows of 'trial', and no row of it." in run.notes
    assert [sent["what"] for sent in (run.calls or {})["sent"]] == ["figures and levels of real rows of trial"]


def test_levels_that_few_rows_hold_are_neither_told_nor_written(trial: pd.DataFrame) -> None:
    frame = trial.assign(arm=["rare disease"] * 3 + trial["arm"].tolist()[3:])
    model = Scripted(honest, grammars=True)
    made = write(frame, model)
    assert "rare" not in "".join(request.prompt + request.grammar for request in model.asked)
    assert "1 levels of 'arm' that fewer than 11 rows hold weren't told, and so aren't written." in made.run.notes


def test_a_category_without_a_frequent_level_is_refused(trial: pd.DataFrame) -> None:
    frame = trial.assign(site=[f"site {number // 8}" for number in range(200)])
    with pytest.raises(OptionError, match=r"No level of 'site' is held by 11 rows or more"):
        write(frame)


def test_real_rows_are_shown_where_the_call_says_so(trial: pd.DataFrame) -> None:
    model = Scripted(honest)
    run = write(trial, model, share="rows", target="arm").run
    lines = [",".join((str(age), sex, arm)) for age, sex, arm in trial[["age", "sex", "arm"]].itertuples(index=False)]
    blocks = model.asked[0].prompt.split("Rows of this table:\n<data>\n")[1].split("\n</data>")[0].split("\n\n")
    assert len(blocks) == 2
    assert all(any(line.startswith(real) for real in lines) for block in blocks for line in block.splitlines() if line[0].isdigit())
    sent = (run.calls or {})["sent"][-1]
    assert re.fullmatch(r"\d+ real rows of trial as examples", sent["what"])
    assert sent["digest"].startswith("sha256:")


def test_balanced_examples_are_as_many_of_each_class(trial: pd.DataFrame) -> None:
    frame = trial.assign(arm=["drug"] * 20 + ["placebo"] * 180)
    model = Scripted(honest)
    write(frame, model, share="rows", target="arm", examples=10)
    for request in model.asked:
        shown = request.prompt.split("Rows of this table:")[1].split("</data>")[0]
        assert Counter(re.findall("drug|placebo", shown)) == {"drug": 5, "placebo": 5}


def test_a_row_weighs_as_much_as_the_rows_so_far_lack_its_values() -> None:
    frame = pd.DataFrame({"a": ["x", "x", "y", "y"] * 5, "b": ["u", "v", "u", "v"] * 5})
    pool = pool_of(frame)
    assert lacking(pool, [(0, 0), (0, 0)])[:4].tolist() == [0.02, 0.5, 0.5, 1.0]
    assert lacking(pool, []).tolist() == [1.0] * 20


def pool_of(frame: pd.DataFrame) -> Pool:
    table = encode_table(frame, infer_recipe(frame, table="t", rows=4, seed=1))
    fields = tuple(map(field_of, table.coders))
    return Pool(Layout(fields, (False,) * len(fields), (None,) * len(fields)), table)


def test_residual_examples_are_those_that_the_rows_so_far_lack(trial: pd.DataFrame) -> None:
    model = Scripted(lambda count, request: "placebo,yes\n" * int(LINES.findall(request.prompt)[0]))
    write(trial[["arm", "event"]], model, rows=300, share="rows", choose="residual", quotas=False)
    shown = [request.prompt.split("Rows of this table:")[1].split("</data>")[0] for request in model.asked]
    first, later = (Counter(re.findall("drug,no|placebo,yes", "".join(part))) for part in (shown[:5], shown[5:]))
    assert first["placebo,yes"] > 5
    assert later["drug,no"] > 10 * later["placebo,yes"]


def test_a_real_row_that_was_shown_may_not_come_back(trial: pd.DataFrame) -> None:
    def parrot(count: int, request: Request) -> str:
        shown = request.prompt.split("</data>")[1].split("\n")
        copies = [line for line in shown if line[:1].isdigit()]
        return "\n".join([*copies[:2], honest(count, request)]) if count == 0 else honest(count, request)

    made = write(trial, Scripted(parrot), share="rows", quotas=False)
    assert made.run.counts["copies_discarded"] == 2
    assert made.run.counts["uncommon_copies_left"] == 0
    assert made.run.delivered == 40


def test_a_common_row_may_come_back() -> None:
    frame = pd.DataFrame({"a": ["x", "y"] * 50, "b": ["u", "u", "v", "v"] * 25})
    made = write(frame, Scripted(lambda _count, request: "x,u\n" * int(LINES.findall(request.prompt)[0])), share="rows", quotas=False)
    assert (made.run.delivered, made.run.counts["copies_discarded"], made.run.counts["duplicates_left"]) == (40, 0, 39)


HOSTED: dict[str, Any] = {"locality": "hosted", "provider": "OpenAI"}


def test_a_hosted_model_sees_figures_only_if_the_call_allows_it(trial: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match=r"runs at OpenAI: summary figures of 'trial' would leave this machine"):
        write(trial, Scripted(honest, **HOSTED))
    assert write(trial, Scripted(honest, **HOSTED), allow_hosted=True).run.delivered == 40


def test_a_hosted_model_sees_real_rows_only_if_the_setting_allows_it_too(trial: pd.DataFrame) -> None:
    model = Scripted(honest, **HOSTED)
    with pytest.raises(OptionError, match="hosted_rows forbids it"):
        write(trial, model, share="rows", allow_hosted=True)
    assert model.asked == []
    with config_context(hosted_rows=True):
        assert write(trial, model, share="rows", allow_hosted=True).run.delivered == 40


def test_a_direct_identifier_stops_what_would_be_sent(trial: pd.DataFrame) -> None:
    frame = trial.assign(contact=["jane.doe@example.org", "none"] * 100)
    model = Scripted(honest, **HOSTED)
    with config_context(hosted_rows=True), pytest.raises(OptionError, match=r"1 of e-mail address .*; in 'contact'") as caught:
        write(frame, model, share="rows", allow_hosted=True)
    assert "jane" not in str(caught.value)
    assert model.asked == []


def test_the_scan_is_in_the_run(trial: pd.DataFrame) -> None:
    run = write(trial, Scripted(honest, **HOSTED), allow_hosted=True).run
    assert run.counts["identifiers_found"] == 0
    assert any("patterns and check digits" in note for note in run.notes)


# Recipes and rules


def recipe() -> Recipe:
    columns = [
        {"name": "age", "kind": "integer", "dtype": "int64", "minimum": 40, "maximum": 85}
        | {"distribution": {"family": "normal", "mean": 60, "sd": 10}},
        {"name": "sex", "kind": "category", "dtype": "str"}
        | {"distribution": {"family": "categorical", "levels": ["F", "M"], "weights": [60, 40]}},
        {"name": "code", "kind": "identifier", "dtype": "str", "distribution": {"family": "identifier", "pattern": "P-[0-9]{5}"}},
    ]
    return Recipe.from_dict({"table": "visits", "rows": 20, "seed": 1, "columns": columns})


def aged(_count: int, request: Request) -> str:
    rng = np.random.default_rng(request.seed)
    return "\n".join(f"{rng.integers(30, 90)},{fixed.get('sex', 'F')}" for fixed in fixed_of(request.prompt))


def test_rows_are_written_from_a_recipe_alone() -> None:
    made = write(recipe(), Scripted(aged), rows=30)
    assert made.run.delivered + sum(int(one["count"]) for one in made.run.explained) == 30
    assert made.frame["age"].between(40, 85).all()
    assert abs(made.frame["sex"].eq("F").mean() - 0.6) < 0.2
    assert made.frame["code"].str.fullmatch("P-[0-9]{5}").all()
    assert made.frame["code"].is_unique
    assert made.run.inputs == []


def test_levels_too_rare_to_come_up_are_told_in_a_note() -> None:
    known = recipe()
    rare = known.columns[1].model_dump() | {"distribution": {"family": "categorical", "levels": ["F", "M", "X"], "weights": [60, 40, 1e-9]}}
    changed_recipe = Recipe.from_dict(known.to_dict() | {"columns": [known.columns[0].model_dump(), rare]})
    notes = write(changed_recipe, Scripted(aged)).run.notes
    assert "1 levels of 'sex' didn't come up" in notes[0]


def test_a_hosted_model_may_write_from_a_recipe() -> None:
    assert write(recipe(), Scripted(aged, **HOSTED)).run.parameters["share"] == "recipe"


def test_a_row_that_breaks_a_rule_is_asked_for_again_and_then_explained(trial: pd.DataFrame) -> None:
    known = infer_recipe(trial, table="trial", rows=40, seed=1)
    ruled = known.model_copy(update={"rules": tuple(parse_rules(["weight_kg <= 76"], known.columns))})
    made = write(trial, recipe=ruled)
    assert made.frame["weight_kg"].le(76).all()
    assert made.run.counts["rows_against_rules"] > 0
    assert made.run.requested == made.run.delivered + sum(int(one["count"]) for one in made.run.explained)


def test_rows_that_repeat_what_must_differ_are_explained(trial: pd.DataFrame) -> None:
    known = infer_recipe(trial, table="trial", rows=40, seed=1)
    ruled = known.model_copy(update={"rules": tuple(parse_rules([{"rule": "unique", "columns": ["age", "sex"]}], known.columns))})
    made = write(trial, recipe=ruled, rows=120)
    assert not made.frame[["age", "sex"]].duplicated().any()
    assert made.run.explained[-1]["reason"] == "it repeated what a rule wants to be different in every row"


def test_a_rule_about_a_total_is_refused(trial: pd.DataFrame) -> None:
    known = infer_recipe(trial, table="trial", rows=40, seed=1)
    ruled = known.model_copy(update={"rules": tuple(parse_rules([{"rule": "total", "column": "age", "value": 1000}], known.columns))})
    with pytest.raises(RecipeError, match="can't be held to a total"):
        write(trial, recipe=ruled)


def test_a_condition_of_the_recipe_is_met(trial: pd.DataFrame) -> None:
    known = infer_recipe(trial, table="trial", rows=40, seed=1)
    made = write(trial, recipe=known.model_copy(update={"where": "age > 40"}))
    assert made.frame["age"].gt(40).all()


def test_columns_of_one_value_text_and_codes_need_no_model(trial: pd.DataFrame) -> None:
    frame = trial.assign(study="A1", note=[f"Felt {n} things that day." for n in range(200)], patient=[f"P{n:04d}" for n in range(200)])
    model = Scripted(honest)
    made = write(frame, model)
    assert "study" not in model.asked[0].prompt
    assert made.frame["study"].eq("A1").all()
    assert "note" not in made.frame
    assert any("'note' was left out" in note for note in made.run.notes)
    assert made.frame["patient"].is_unique
    assert not set(made.frame["patient"]) & set(frame["patient"])


def test_a_description_is_compiled_to_a_recipe_first() -> None:
    def answer(count: int, request: Request) -> str:
        found = LINES.findall(request.prompt)
        if not found:
            return "I don't know."
        header = request.prompt.split("in this form:\n")[1].splitlines()[0].split(",")
        rows = [{"age": 50 + n % 30, "sex": "female"} | fixed for n, fixed in enumerate(fixed_of(request.prompt))]
        return "\n".join(",".join(str(row[name]) for name in header) for row in rows)

    made = write("Patients aged 40 to 85, 60 % female and 40 % male.", Scripted(answer), rows=20)
    assert made.run.delivered == 20
    assert made.frame["age"].between(40, 85).all()
    assert any(sent["what"] == "the description" for sent in (made.run.calls or {})["sent"])


@pytest.mark.parametrize("source", [recipe(), "Patients aged 40 to 85, 60 % female and 40 % male."], ids=["recipe", "description"])
def test_rows_without_real_ones_are_not_curated_and_no_model_is_asked(source: Any) -> None:
    model = Scripted(aged)
    with pytest.raises(OptionError, match="no real frame was given"):
        write(source, model, target="sex", curate=True)
    assert model.asked == []
