"""`%synth profile`, and what `%synth generate` takes beyond a frame: rules, conditions, recipes, files, replicates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from synthnb._api.words import read_options
from synthnb.errors import OptionError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


@pytest.fixture
def ready(shell: InteractiveShell, trial: pd.DataFrame) -> InteractiveShell:
    shell.user_ns["trial"] = trial
    return shell


def run(shell: Any, line: str) -> list[dict[str, Any]]:
    """Run a cell, and return the bundles of its outputs."""
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        done = shell.run_cell(line)
    done.raise_error()
    return [output.data for output in captured.outputs]


def test_options_are_python_constants_or_text() -> None:
    words = ["leaf=50", "order=['a', 'b']", "method=tree", "domain={'x': [0, 1]}", "epsilon = 1.5"]
    assert read_options(words) == {"leaf": 50, "order": ["a", "b"], "method": "tree", "domain": {"x": [0, 1]}, "epsilon": 1.5}
    with pytest.raises(OptionError, match="reads name=value; got 'leaf'"):
        read_options(["leaf"])


def test_rules_and_a_condition_are_kept(ready: InteractiveShell) -> None:
    run(
        ready,
        "%synth generate trial --rows 80 --as made --seed 1 --where \"age > 50 and sex == 'female'\" --rule 'weight_later <= weight_kg'",
    )
    made = ready.user_ns["made"]
    assert (len(made), made["age"].min() > 50, set(made["sex"])) == (80, True, {"female"})
    assert (made["weight_later"].isna() | (made["weight_later"] <= made["weight_kg"])).all()


def test_levels_are_balanced_and_fixed_cells_kept(ready: InteractiveShell) -> None:
    run(ready, "%synth generate trial --rows 90 --as made --balance sex,arm --seed 1")
    assert set(ready.user_ns["made"].groupby(["sex", "arm"]).size()) == {22, 23}
    ready.user_ns["fixed"] = pd.DataFrame({"age": [30, 40, 50]})
    run(ready, "%synth generate trial --as other --given fixed --seed 1")
    assert ready.user_ns["other"]["age"].tolist() == [30, 40, 50]


def test_replicates_are_kept_together(ready: InteractiveShell) -> None:
    [bundle] = run(ready, "%synth generate trial --rows 50 --as many --replicates 3 --seed 1")[-1:]
    many = ready.user_ns["many"]
    assert len(many.frames) == 3
    assert "150" in bundle["text/plain"]
    assert many.decide(lambda frame: bool(frame["age"].mean() > 10)).agree == 3


def test_a_decision_is_counted_over_the_replicates(ready: InteractiveShell) -> None:
    ready.user_ns["older"] = lambda frame: bool(frame["age"].mean() > 10)
    outputs = run(ready, "%synth generate trial --rows 50 --as many --replicates 3 --decision older --seed 1")
    assert "3 of 3 replicates agree" in outputs[-1]["text/html"]
    with pytest.raises(OptionError, match="needs a variable that holds a function; got 'trial'"):
        run(ready, "%synth generate trial --replicates 2 --decision trial")


def test_a_generator_is_saved_and_drawn_from(ready: InteractiveShell) -> None:
    outputs = run(ready, "%synth generate trial --rows 50 --as made --seed 1 --save trial.synthgen")
    assert any("It may hold values of real rows" in bundle["text/plain"] for bundle in outputs)
    run(ready, "%synth generate trial.synthgen --rows 50 --as again --seed 1")
    pd.testing.assert_frame_equal(ready.user_ns["again"], ready.user_ns["made"])


def test_several_tables_are_made_together(ready: InteractiveShell, trial: pd.DataFrame) -> None:
    patients = trial[["age", "sex"]].head(60).assign(patient=range(60))
    visits = pd.DataFrame({"patient": [i % 60 for i in range(150)], "score": [i % 7 for i in range(150)]})
    ready.user_ns["tables"] = {"patients": patients, "visits": visits}
    run(ready, "%synth generate tables --as made --seed 1")
    made = ready.user_ns["made"]
    assert list(made) == ["patients", "visits"]
    assert set(made["visits"]["patient"]) <= set(made["patients"]["patient"])


def test_a_privacy_budget_is_shown_before_it_is_spent(ready: InteractiveShell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SYNTHNB_BUDGET", str(tmp_path / "budgets.sqlite3"))
    ready.user_ns["few"] = ready.user_ns["trial"][["age", "sex"]]
    run(ready, "%synth budget trial --epsilon 1 --delta 1e-6")
    domain = "{'age':[18,90],'sex':['female','male']}"
    line = f'%synth generate few --as made --engine dp --epsilon 0.9 --option "domain={domain}" --option budget=trial'
    outputs = run(ready, line)
    assert "before any of it is spent" in outputs[1]["text/plain"] or "before any of it is spent" in outputs[0]["text/plain"]
    with pytest.raises(OptionError, match=r"budget of 'trial' doesn't hold enough"):
        run(ready, line + " --overwrite")
    assert "trial" in run(ready, "%synth budget")[0]["text/plain"]


def test_missing_cells_are_filled_and_no_real_row_is_shown(ready: InteractiveShell, trial: pd.DataFrame) -> None:
    [bundle] = run(ready, "%synth impute trial --as completed --seed 1")[-1:]
    completed = ready.user_ns["completed"]
    assert completed["weight_later"].notna().all()
    here = trial["weight_later"].notna()
    pd.testing.assert_series_equal(completed["weight_later"][here], trial["weight_later"][here])
    assert "so none is shown" in bundle["text/html"]


def test_the_profile_becomes_the_recipe(ready: InteractiveShell) -> None:
    outputs = run(ready, "%synth profile trial --groups sex")
    assert "weight_later" in outputs[0]["text/plain"]
    assert ready.user_ns["recipe"].groups == ("sex",)
    run(ready, "%synth generate trial --recipe recipe --as made --rows 30 --seed 1")
    assert len(ready.user_ns["made"]) == 30


def test_a_correction_in_the_editor_changes_the_recipe(ready: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    from synthnb.jupyter.profiling import show_profile
    from synthnb.widgets.profile import ProfileEditor

    editors: list[Any] = []
    draw = ProfileEditor._repr_mimebundle_

    def remembered(self: Any, **more: Any) -> Any:
        editors.append(self)
        return draw(self, **more)

    monkeypatch.setattr(ProfileEditor, "_repr_mimebundle_", remembered)
    kept: list[Any] = []
    show_profile(ready.user_ns["trial"], "trial", variable="recipe", groups=[], keep=kept.append)
    editor = editors[0]
    editor.corrections = {"kinds": {"age": "category"}, "roles": {"sex": "group", "event": "target"}}
    kinds = {column.name: (column.kind, column.role) for column in kept[-1].columns}
    assert (kinds["age"], kinds["sex"], kinds["event"]) == (("category", None), ("category", "group"), ("boolean", "target"))
    assert editor.message == "The recipe in recipe has it."
    editor.corrections = {"kinds": {"age": "identifier"}, "roles": {"weight_kg": "key"}}
    assert "A key must hold" in editor.message
    assert editor.corrections["roles"] == {"sex": "group", "event": "target"}


def test_a_profile_holds_no_cell(ready: InteractiveShell) -> None:
    ready.user_ns["secret"] = pd.DataFrame({"name": [f"person {i * 7919}x" for i in range(60)], "age": range(60)})
    outputs = run(ready, "%synth profile secret")
    assert not any("7919x" in str(bundle) for bundle in outputs)
