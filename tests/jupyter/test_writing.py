"""`%synth column`, `text`, `corpus`, `scale`, `diff`, `replay`, `key` and `models`: what they assign, show and refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from synthnb.errors import OptionError, SynthnbError
from synthnb.widgets.key import KeyField

RECORD = "application/vnd.synthnb.record+json"
NOTE = "One sentence about a {age}-year-old {sex}."


def run(shell: Any, source: str) -> list[dict[str, Any]]:
    """Run a cell, and return the bundles of its outputs, its value's last."""
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        done = shell.run_cell(source)
    done.raise_error()
    value = [] if done.result is None else [done.result._repr_mimebundle_()[0]]
    return [output.data for output in captured.outputs] + value


@pytest.fixture
def ready(shell: Any, trial: pd.DataFrame) -> Any:
    """A shell with synthetic rows in ``made``."""
    shell.user_ns["trial"] = trial
    run(shell, "%synth generate trial --rows 12 --as made --seed 1")
    return shell


@pytest.fixture
def fields(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The fields for keys that cells have shown."""
    shown: list[Any] = []
    draw = KeyField._repr_mimebundle_

    def remembered(self: Any, **more: Any) -> Any:
        shown.append(self)
        return draw(self, **more)

    monkeypatch.setattr(KeyField, "_repr_mimebundle_", remembered)
    return shown


def entry(bundles: list[dict[str, Any]]) -> dict[str, Any]:
    [found] = [entry for bundle in bundles if RECORD in bundle for entry in bundle[RECORD]["entries"]]
    return dict(found)


def test_a_preview_writes_some_estimates_the_rest_and_assigns_nothing(ready: Any) -> None:
    outputs = run(ready, f"%%synth column note --into made --model echo --preview 3 --seed 5\n{NOTE}")
    assert "note" not in ready.user_ns["made"]
    assert "The other 9: 9 calls" in outputs[-1]["text/plain"]
    assert "With --seed 5" in outputs[-1]["text/plain"]
    assert entry(outputs)["detail"]["requested"] == 3


def test_what_a_preview_wrote_is_taken_over(ready: Any) -> None:
    run(ready, f"%%synth column note --into made --model echo --preview 3 --seed 5\n{NOTE}")
    calls = entry(run(ready, f"%%synth column note --into made --model echo --seed 5\n{NOTE}"))["detail"]["calls"]
    assert (calls["kept"], calls["calls"]) == (3, 9)


def test_a_preview_of_more_than_there_is_writes_all(ready: Any) -> None:
    outputs = run(ready, f"%%synth column note --into made --model echo --preview 500\n{NOTE}")
    assert outputs[-1]["text/plain"] == "made is as it was."
    with pytest.raises(OptionError, match=r"rows must be a whole number from 1 to 12; got 0"):
        run(ready, f"%%synth column note --into made --model echo --preview 0\n{NOTE}")


def test_draws_are_told_to_the_model_and_recorded(ready: Any) -> None:
    found = entry(run(ready, f"%%synth column note --into made --model echo --style 'terse:3|chatty:1' --persona nurse --seed 1\n{NOTE}"))
    assert "terse" in json.dumps(found["detail"]["parameters"])
    assert found["detail"]["request"]["arguments"]["styles"] == {"terse": 3, "chatty": 1}


def test_a_sensitive_instruction_is_in_no_output(ready: Any, tmp_path: Path) -> None:
    outputs = run(ready, "%%synth column note --into made --model echo --sensitive\nWrite about Wolpertinger {age}.")
    assert "Wolpertinger" not in json.dumps([{key: value for key, value in outputs[0].items() if key == RECORD}])
    assert b"Wolpertinger" not in b"".join(path.read_bytes() for path in (tmp_path / ".synthnb").iterdir() if "ledger" in path.name)


def test_a_limit_is_told_with_the_rows_it_cost(ready: Any) -> None:
    outputs = run(ready, f"%%synth column note --into made --model echo --limit-tokens 400 --seed 1\n{NOTE}")
    assert "the limit of 400 tokens" in outputs[-1]["text/plain"]
    assert 0 < ready.user_ns["made"]["note"].notna().sum() < 12


def test_texts_are_assigned_with_their_labels(shell: Any) -> None:
    outputs = run(
        shell,
        "%%synth text --n 10 --labels 'tone=calm:0.7|worried:0.3' --kind message --as mail --model echo --seed 1\nA message to a clinic.",
    )
    assert shell.user_ns["mail"]["tone"].value_counts().to_dict() == {"calm": 7, "worried": 3}
    assert entry(outputs)["kind"] == "texts"


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%synth text --n 5", "needs what the texts are about"),
        ("%%synth text\nx", "required: --n"),
        ("%%synth text --n 5 --labels tone --model echo\nx", "A label reads"),
        ("%%synth text --n 5 --kind poem --model echo\nx", "poem"),
        ("%synth corpus nowhere --questions 2 --model echo", "nowhere"),
        ("%synth corpus . --questions 2 --verify model --model echo", "verify='model' needs a second model; got none"),
        ("%synth scale made --size nothing --error age", "A column must be one of"),
        ("%synth scale made --size age --error age --at few", "Sizes are numbers"),
        ("%synth diff run-zz run-yy", "No run's id begins with 'run-zz'"),
        ("%synth replay run-zz", "No run's id begins with 'run-zz'"),
        ("%synth key nobody", "A provider with a key must be one of"),
        ("%synth generate made --engine llm --model nowhere.gguf --save g.synthgen", "without a generator"),
        ("%synth generate made --engine llm --model echo --curate", "by the column that will be predicted; no target was named"),
        ("%%synth text --n 5 --must-show tone --model echo\nx", "there are no labels"),
        ("%synth generate made --engine llm --model echo --share all", "share must be one of summary, rows"),
    ],
)
def test_a_mistake_is_one_clear_error(ready: Any, cell: str, message: str) -> None:
    with pytest.raises(SynthnbError, match=message):
        run(ready, cell)


def test_a_model_run_is_listed_with_what_it_used(ready: Any) -> None:
    run(ready, f"%%synth column note --into made --model echo --seed 1\n{NOTE}")
    listed = run(ready, "%synth runs")[0]["text/plain"].splitlines()
    assert "12 calls" in listed[-1]
    assert "calls" not in listed[1]


def test_a_law_is_fitted_kept_and_asked_about_sizes(shell: Any) -> None:
    sizes = [100, 300, 1000, 3000, 10000, 30000, 100000]
    shell.user_ns["measured"] = pd.DataFrame({"<b>n</b>": sizes, "loss": [0.1 + 60 / (200 + size**0.9) for size in sizes]})
    outputs = run(shell, "%synth scale measured --size '<b>n</b>' --error loss --at 20000,200000 --as law --seed 1")
    assert "extrapolated" in outputs[0]["text/plain"]
    assert "<svg" in outputs[1]["text/html"]
    assert "<b>n</b>" not in outputs[1]["text/html"]
    assert shell.user_ns["law"].beta.value == pytest.approx(0.9, abs=1e-3)


def test_what_changed_between_two_runs_is_shown(ready: Any) -> None:
    first = entry(run(ready, f"%%synth column note --into made --model echo --seed 1\n{NOTE}"))["id"]
    second = entry(run(ready, "%%synth column note --into made --model echo --seed 1 --overwrite\nTwo words about {sex}."))["id"]
    [bundle] = run(ready, f"%synth diff {first} {second}")
    assert "prompts" in bundle["text/plain"]
    assert "<del>" in bundle["text/html"]
    assert "<ins>" in bundle["text/html"]


def test_a_run_is_made_again_from_its_kept_replies(ready: Any) -> None:
    ready.user_ns["before"] = ready.user_ns["made"].copy()
    found = entry(run(ready, f"%%synth column note --into made --model echo --seed 1\n{NOTE}"))["id"]
    assert "the same bytes" in run(ready, f"%synth replay {found}")[0]["text/plain"]


def test_models_are_listed_with_licence_place_and_price(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-0123456789")
    [bundle] = run(shell, "%synth models")
    assert "echo" in bundle["text/plain"]
    assert "Apache-2.0" in bundle["text/html"]
    assert "in this process" in bundle["text/plain"]
    assert "from OPENAI_API_KEY" in bundle["text/plain"]
    assert "planted" not in json.dumps(bundle)


def test_a_key_is_used_in_this_process_and_shown_nowhere(shell: Any, fields: list[Any]) -> None:
    from synthnb.models.keys import find_key, forget_key

    outputs = run(shell, "%synth key openai")
    fields[0]._handle_custom_msg({"type": "key", "value": "sk-planted-0123456789"}, [])
    found = find_key("openai").key
    forget_key("openai")
    assert found is not None
    assert found.reveal() == "sk-planted-0123456789"
    assert fields[0].message == "The key of openai is from this session."
    assert "planted" not in json.dumps([outputs, fields[0].get_state()], default=str)


def test_a_key_that_cannot_be_one_is_refused_without_showing_it(shell: Any, fields: list[Any]) -> None:
    run(shell, "%synth key openai")
    fields[0]._handle_custom_msg({"type": "key", "value": "planted with spaces"}, [])
    assert "must be printable ASCII without spaces" in fields[0].message
    assert "planted" not in fields[0].message


TEXTS = "%%synth text --n 20 --labels tone=calm|worried --as notes --model echo --seed 5"


def test_a_preview_of_texts_assigns_nothing_and_is_taken_over(ready: Any) -> None:
    outputs = run(ready, f"{TEXTS} --preview 3\nMessages to a clinic.")
    assert "notes" not in ready.user_ns
    assert "The other 17: 17 calls" in outputs[-1]["text/plain"]
    assert "With --seed 5 instead of --preview" in outputs[-1]["text/plain"]
    first = entry(outputs)["detail"]
    assert (first["requested"], first["parameters"]["preview"]) == (3, 3)
    calls = entry(run(ready, f"{TEXTS}\nMessages to a clinic."))["detail"]["calls"]
    assert (calls["kept"], calls["calls"]) == (3, 17)
