"""`%%synth generate` with a description: what is shown, what a change and an acceptance do, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

import synthnb
from synthnb.errors import OptionError, RecipeError
from synthnb.widgets.recipe import RecipeEditor

RECORD = "application/vnd.synthnb.record+json"
WIDGET = "application/vnd.jupyter.widget-view+json"
BODY = "A trial of 300 adults aged 40 to 85, 60 % female, randomised 1:1 to drug or placebo. Mean weight 75 kg (SD 12)."


def run(shell: Any, source: str) -> list[dict[str, Any]]:
    """Run a cell, and return the bundles of its outputs."""
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        done = shell.run_cell(source)
    done.raise_error()
    return [output.data for output in captured.outputs]


@pytest.fixture
def editors(monkeypatch: pytest.MonkeyPatch) -> list[RecipeEditor]:
    """The editors that cells have shown."""
    shown: list[RecipeEditor] = []
    draw = RecipeEditor._repr_mimebundle_

    def remembered(self: Any, **more: Any) -> Any:
        shown.append(self)
        return draw(self, **more)

    monkeypatch.setattr(RecipeEditor, "_repr_mimebundle_", remembered)
    return shown


def test_with_yes_the_recipe_and_the_rows_are_shown_and_assigned(shell: Any) -> None:
    outputs = run(shell, f"%%synth generate --rows 50 --as trial --model echo --yes --seed 1\n{BODY}")
    assert "Mean weight 75 kg (SD 12)" in outputs[0]["text/html"]
    assert "you said so" in outputs[0]["text/plain"]
    [entry] = outputs[1][RECORD]["entries"]
    assert (entry["kind"], entry["detail"]["model"]["requested"], entry["detail"]["delivered"]) == ("generate", "echo", 50)
    assert len(shell.user_ns["trial"]) == 50
    assert isinstance(shell.user_ns["trial_recipe"], synthnb.Recipe)


def test_a_description_may_say_how_many_rows(shell: Any) -> None:
    run(shell, f"%%synth generate --as trial --model echo --yes\n{BODY}")
    assert len(shell.user_ns["trial"]) == 300


def test_until_it_is_accepted_only_the_recipe_is_assigned(shell: Any, editors: list[RecipeEditor]) -> None:
    outputs = run(shell, f"%%synth generate --rows 50 --as trial --model echo --seed 1\n{BODY}")
    assert WIDGET in outputs[0]
    assert "Nothing is drawn yet" in outputs[1]["text/plain"]
    assert not any(RECORD in bundle for bundle in outputs)
    assert "trial" not in shell.user_ns
    assert shell.user_ns["trial_recipe"].rows == 50


def test_a_change_is_answered_and_an_acceptance_draws_what_is_shown(shell: Any, editors: list[RecipeEditor]) -> None:
    run(shell, f"%%synth generate --rows 50 --as trial --model echo --seed 1\n{BODY}")
    [editor] = editors
    editor.change = {"column": "weight", "number": "mean", "value": 150, "turn": 1}
    assert "drawn anew" in editor.message
    assert min(row[3] for row in editor.compiled["sample"]["rows"]) > 100
    editor.accepted = 1
    assert (editor.state, editor.message) == ("drawn", "trial has 50 rows.")
    assert shell.user_ns["trial"]["weight"].mean() > 140
    assert shell.user_ns["trial_recipe"].digest == editor.compiled["digest"]


def test_a_change_that_cannot_be_is_told_and_changes_nothing(shell: Any, editors: list[RecipeEditor]) -> None:
    run(shell, f"%%synth generate --rows 50 --as trial --model echo --seed 1\n{BODY}")
    [editor] = editors
    before = shell.user_ns["trial_recipe"].digest
    for value in (-1, "much", None):
        editor.change = {"column": "weight", "number": "sd", "value": value, "turn": 1}
        assert "sd" in editor.message
    assert shell.user_ns["trial_recipe"].digest == before
    assert editor.state == "open"


def test_the_recipe_is_kept_in_a_file_with_the_rows(shell: Any) -> None:
    run(shell, f"%%synth generate --rows 20 --as trial --model echo --yes --seed 1 --save-recipe trial\n{BODY}")
    run(shell, "%synth generate trial.recipe.json --as again --seed 1")
    assert shell.user_ns["again"].equals(shell.user_ns["trial"])
    with pytest.raises(OptionError, match=r"'trial' exists\. Choose another name, or add --overwrite"):
        run(shell, f"%%synth generate --as trial --model echo --yes --save-recipe trial\n{BODY}")


def test_conditions_and_replicates_hold_for_a_description_too(shell: Any) -> None:
    run(shell, f"%%synth generate --rows 30 --as old --where 'age > 80' --model echo --yes --seed 1\n{BODY}")
    assert shell.user_ns["old"]["age"].min() > 80
    run(shell, f"%%synth generate --rows 30 --as many --replicates 2 --model echo --yes --seed 1\n{BODY}")
    assert len(shell.user_ns["many"].frames) == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--engine trees", "drawn by the engine sampler; got --engine 'trees'"),
        ("--curate", "--curate is about a real frame"),
        ("--balance sex", "--balance is about a real frame"),
        ("--groups sex", "--groups is about a real frame"),
        ("--merge-below 11", "--merge-below is about a real frame"),
        ("--survival days,died", "--survival is about a real frame"),
        ("--option leaf=5", "drawn without options; got 'leaf'"),
        ("--rows 100_000_000_000", "At most 50,000,000 rows"),
        ("--replicates 0", "--replicates must be from 1"),
        ("--recipe other", "--recipe is about a real frame"),
        ("--save x.synthgen", "--save is about a real frame"),
        ("--model nobody", "A model"),
        ("--as shell", "already holds something of yours"),
    ],
)
def test_what_makes_no_sense_is_refused_before_a_model_is_asked(shell: Any, line: str, message: str) -> None:
    shell.user_ns["shell"] = 5
    with pytest.raises(OptionError, match=message):
        run(shell, f"%%synth generate --model nowhere.gguf {line} --yes\n{BODY}")


@pytest.mark.parametrize("body", ["", "\n", "   \n\t"])
def test_a_blank_body_is_told_as_one(shell: Any, body: str) -> None:
    with pytest.raises(OptionError, match="needs a description in the cell's body, or a frame on the line; the body is blank"):
        shell.find_cell_magic("synth")("generate --rows 10", body)


def test_a_recipe_of_the_users_is_not_overwritten(shell: Any) -> None:
    shell.user_ns["trial_recipe"] = 5
    with pytest.raises(OptionError, match="trial_recipe already holds something of yours"):
        run(shell, f"%%synth generate --as trial --model echo --yes\n{BODY}")


@pytest.mark.parametrize("line", ["--yes", "--save-recipe x"])
def test_options_of_a_description_are_refused_for_a_frame(shell: Any, trial: Any, line: str) -> None:
    shell.user_ns["trial"] = trial
    with pytest.raises(OptionError, match="is for a description in the cell's body"):
        run(shell, f"%synth generate trial {line}")


def test_a_contradiction_is_one_error(shell: Any) -> None:
    with pytest.raises(RecipeError, match="female"):
        run(shell, "%%synth generate --as trial --model echo --yes\nA survey of adults, 60 % female and 50 % female.")


def test_markup_in_a_description_is_text(shell: Any) -> None:
    outputs = run(shell, f"%%synth generate --rows 5 --as trial --model echo --yes\n{BODY} <script>alert(1)</script> |a|b| aged 40 to 85")
    assert not any("<script>alert" in bundle.get("text/html", "") + bundle.get("text/markdown", "") for bundle in outputs)


def test_each_bundle_stays_under_64_kb(shell: Any) -> None:
    import json

    body = "A survey of adults aged 18 to 90. " + " ".join(f"Mean score{number} {number} (SD 2)." for number in range(1, 41))
    outputs = run(shell, f"%%synth generate --rows 5 --as trial --model echo --yes --seed 1\n{body}")
    assert len(shell.user_ns["trial"].columns) > 20
    assert max(len(json.dumps(bundle)) for bundle in outputs) < 64_000


def test_a_summary_fills_in_what_is_not_said(shell: Any, trial: Any) -> None:
    shell.user_ns["real"] = trial
    outputs = run(shell, f"%%synth generate --rows 50 --as made --summary real --model none --yes --seed 1\n{BODY}")
    assert "a summary of real data" in outputs[0]["text/plain"]
    [entry] = outputs[1][RECORD]["entries"]
    assert [item["name"] for item in entry["detail"]["inputs"]] == ["real"]
    assert entry["detail"]["parameters"]["numbers_stated_by"]["summary"] > 10
    assert list(shell.user_ns["made"]) == list(trial)


def test_the_editor_says_which_numbers_come_of_a_summary(shell: Any, trial: Any, editors: list[RecipeEditor]) -> None:
    shell.user_ns["real"] = trial
    run(shell, f"%%synth generate --rows 50 --as made --summary real --model none --seed 1\n{BODY}")
    assert {number["source"] for number in editors[0].compiled["numbers"]} == {"user", "summary"}


def test_a_summary_goes_with_no_frame_and_a_preview_with_no_description(shell: Any, trial: Any) -> None:
    shell.user_ns["real"] = trial
    with pytest.raises(OptionError, match="--summary is for a description"):
        run(shell, "%synth generate real --summary real")
    with pytest.raises(OptionError, match="There is no frame named 'reel'"):
        run(shell, f"%%synth generate --summary reel --model none --yes\n{BODY}")
    with pytest.raises(OptionError, match="A preview is of rows that a language model writes"):
        run(shell, f"%%synth generate --preview 5 --model none --yes\n{BODY}")
