"""The magics in a real shell: what they assign, what they show, what they refuse."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from IPython.utils.capture import capture_output

import synthnb
from synthnb.errors import SynthnbError

Shell = Any
"""IPython's shell, whose methods have no annotations."""

RECORD = "application/vnd.synthnb.record+json"


class Ran:
    """One cell that was run: its outputs, text and error."""

    def __init__(self, shell: Shell, source: str) -> None:
        with capture_output() as captured:
            self.result = shell.run_cell(source)
        self.text = captured.stdout
        self.bundles: list[dict[str, Any]] = [output.data for output in captured.outputs]

    @property
    def error(self) -> BaseException | None:
        error: BaseException | None = self.result.error_before_exec or self.result.error_in_exec
        return error

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [entry for bundle in self.bundles for entry in bundle.get(RECORD, {}).get("entries", [])]


def run(shell: Shell, source: str) -> Ran:
    ran = Ran(shell, source)
    assert ran.error is None, ran.error
    return ran


def refused(shell: Shell, source: str) -> str:
    """The one line that a cell fails with."""
    ran = Ran(shell, source)
    assert isinstance(ran.error, SynthnbError), ran.error
    lines = ran.error._render_traceback_()
    assert len(lines) == 1
    return lines[0]


@pytest.fixture
def with_trial(shell: Shell, trial: pd.DataFrame) -> Shell:
    shell.user_ns["trial"] = trial
    return shell


def test_generate_assigns_a_frame_and_shows_how_it_was_made(with_trial: Shell) -> None:
    ran = run(with_trial, "%synth generate trial --rows 50 --as made --seed 7 --groups sex")
    assert with_trial.user_ns["made"].shape == (50, 7)
    assert {"text/html", "text/markdown", "text/plain", RECORD} <= set(ran.bundles[0])
    assert [entry["kind"] for entry in ran.entries] == ["generate"]
    assert ran.entries[0]["detail"]["requested"] == 50


def test_the_same_seed_makes_the_same_frame(with_trial: Shell) -> None:
    run(with_trial, "%synth generate trial --rows 40 --as a --seed 7")
    run(with_trial, "%synth generate trial --rows 40 --as b --seed 7")
    pd.testing.assert_frame_equal(with_trial.user_ns["a"], with_trial.user_ns["b"])


def test_polars_in_polars_out(with_trial: Shell, trial: pd.DataFrame) -> None:
    with_trial.user_ns["table"] = pl.from_pandas(trial)
    run(with_trial, "%synth generate table --rows 30 --as made")
    assert isinstance(with_trial.user_ns["made"], pl.DataFrame)
    assert with_trial.user_ns["made"].schema == with_trial.user_ns["table"].schema


def test_without_a_name_the_synthesis_is_the_cells_value(with_trial: Shell) -> None:
    made = run(with_trial, "%synth generate trial --rows 30").result.result
    assert isinstance(made, synthnb.Synthesis)
    assert len(made._repr_mimebundle_()[0][RECORD]["entries"]) == 1


def test_a_column_is_written_into_the_frame(with_trial: Shell) -> None:
    run(with_trial, "%synth generate trial --rows 5 --as made --seed 1")
    ran = run(with_trial, "%%synth column note --into made --model echo --given age,sex\nOne sentence about the visit.")
    assert with_trial.user_ns["made"]["note"].notna().all()
    assert ran.entries[0]["kind"] == "column"
    assert ran.entries[0]["detail"]["model"]["name"]


def test_rows_of_unknown_origin_are_never_shown(with_trial: Shell) -> None:
    with_trial.user_ns["patients"] = pd.DataFrame({"name": [f"Anna Meyer {i}" for i in range(30)], "age": range(30)})
    ran = run(with_trial, "%%synth column note --into patients --model echo\nA sentence about {name}.")
    shown = "".join(str(content) for content in ran.bundles[0].values())
    assert "Anna Meyer" not in shown
    assert "isn't known to synthnb" in ran.bundles[0]["text/html"].replace("&#39;", "'")
    run(with_trial, "%synth export session.html")
    assert "Anna Meyer" not in Path("session.html").read_text(encoding="utf-8")


def test_text_that_utf8_cannot_hold_goes_through_every_verb(with_trial: Shell, trial: pd.DataFrame) -> None:
    with_trial.user_ns["odd"] = trial.assign(arm=pd.Series(["\ud800x", "drug"] * 100, dtype=object))
    run(with_trial, "%synth generate odd --rows 30 --as made --seed 1")
    run(with_trial, "%%synth column note --into made --model echo\nA sentence.")
    run(with_trial, "%synth evaluate made --against odd --seed 1")
    run(with_trial, "%synth export session.html")
    assert "A .csv file holds no half characters" in refused(with_trial, "%synth export made.csv --frame made")


def test_rows_cut_from_a_synthetic_frame_are_known(with_trial: Shell) -> None:
    run(with_trial, "%synth generate trial --rows 20 --as made --seed 1")
    run(with_trial, "some = made.sort_values('age').head(5)")
    ran = run(with_trial, "%%synth column note --into some --model echo\nA sentence.")
    assert ran.entries[0]["detail"]["inputs"][0]["origin"]["name"] == "made"
    assert "note (new)" in ran.bundles[0]["text/html"]


def test_a_frame_that_changed_since_gets_no_record(with_trial: Shell, trial: pd.DataFrame) -> None:
    run(with_trial, "%synth generate trial --rows 20 --as made")
    run(with_trial, "made = trial.copy()")
    assert "has changed since" in refused(with_trial, "%synth export made.csv --frame made")
    assert not Path("made.csv").exists()


def test_rows_cut_from_a_run_are_exported_as_such(with_trial: Shell) -> None:
    run(with_trial, "%synth generate trial --rows 20 --as made")
    run(with_trial, "some = made.head(5).assign(extra=1)")
    (entry,) = run(with_trial, "%synth export some.csv --frame some").entries
    assert entry["detail"]["as_made"] is False
    assert "5 rows taken from “made”" in entry["fields"]["humanReadableStatement"]
    assert "no run made its column extra" in entry["fields"]["humanReadableStatement"]


def test_a_report_on_an_earlier_frame_doesnt_go_with_the_new_one(with_trial: Shell) -> None:
    run(with_trial, "%synth generate trial --rows 60 --as made --seed 1")
    run(with_trial, "%synth evaluate made --against trial --seed 1")
    run(with_trial, "%synth generate trial --rows 50 --as made --seed 2")
    run(with_trial, "%synth export made.csv --frame made")
    kinds = [entry["kind"] for entry in json.loads(Path("made.csv.synthnb.json").read_text(encoding="utf-8"))["entries"]]
    assert kinds == ["generate", "export"]
    assert "not stated" in str(synthnb.disclose().fields["fidelityResults"])


def test_a_file_of_the_users_is_not_lost(with_trial: Shell) -> None:
    run(with_trial, "%synth generate trial --rows 20 --as made")
    lines = {name: f"%synth export {name}" for name in ("page.html", "notes.md")} | {"real.csv": "%synth export real.csv --frame made"}
    for name, line in lines.items():
        Path(name).write_text("mine", encoding="utf-8")
        assert "exists and isn't as synthnb wrote it" in refused(with_trial, line)
        assert Path(name).read_text(encoding="utf-8") == "mine"
        run(with_trial, f"{line} --overwrite")
        run(with_trial, line)
        with Path(name).open("a", encoding="utf-8") as file:
            file.write("My notes about synthnb.")
        assert "isn't as synthnb wrote it" in refused(with_trial, line)


def test_an_overclaim_in_a_statement_is_pointed_out(with_trial: Shell) -> None:
    run(with_trial, "%synth generate trial --rows 20 --as made")
    ran = run(with_trial, "%%synth disclose\nIntent: fully anonymous data")  # lint: names the words
    assert any("anonymous" in bundle["text/plain"] and bundle["text/plain"].startswith("Note:") for bundle in ran.bundles)


def test_evaluate_shows_the_report_and_keeps_it(with_trial: Shell) -> None:
    run(with_trial, "%synth generate trial --rows 100 --as made --seed 1")
    ran = run(with_trial, "%synth evaluate made --against trial --groups sex --as report --seed 1")
    assert isinstance(with_trial.user_ns["report"], synthnb.Report)
    assert "application/vnd.synthnb.report+json" in ran.bundles[0]
    assert "not evaluated" in ran.bundles[0]["text/plain"].lower()
    assert [entry["kind"] for entry in ran.entries] == ["evaluate"]


def test_disclose_shows_what_only_a_person_can_state(with_trial: Shell) -> None:
    run(with_trial, "%synth generate trial --rows 20 --as made")
    ran = run(with_trial, "%synth disclose --no-form")
    assert "Responsible person" in ran.bundles[0]["text/html"]
    assert "generate" in {entry["kind"] for entry in ran.entries}


def test_statements_are_read_from_the_body(with_trial: Shell) -> None:
    run(with_trial, "%synth generate trial --rows 20 --as made")
    ran = run(with_trial, "%%synth disclose\nResponsible person: Ada Example, statistician\nIntent: teaching\n  and nothing else")
    stated = next(entry for entry in ran.entries if entry["kind"] == "disclose")["fields"]
    assert stated["intent"] == "teaching and nothing else"
    assert stated["responsiblePerson"] == "Ada Example, statistician"


def test_a_silenced_run_is_shown_by_the_next_disclosure(with_trial: Shell) -> None:
    run(with_trial, "%%capture\n%synth generate trial --rows 20 --as made --seed 5")
    entries = run(with_trial, "%synth disclose --no-form").entries
    assert 5 in [entry["detail"].get("seed") for entry in entries]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%synth generate trail --rows 5 --as made", r"There is no frame named 'trail'\. Did you mean trial\?"),
        ("%synth generate trial --rows 0 --as made", "rows"),
        ("%synth generate trial --rows -4 --as made", "rows"),
        ("%synth generate trial --rows 99999999999 --as made", "rows"),
        ("%synth generate trial --groups sexx --as made", "Did you mean 'sex'"),
        ("%synth generate trial --as trial", "already holds something of yours"),
        ("%synth generate trial --as 'a b'", "A variable's name was expected"),
        ("%synth generate trial --engine magic --as made", "engine"),
        ("%synth evaluate trial --against trial --target evnt", "Did you mean 'event'"),
        ("%%synth column note --into trial --model echo\n  ", "needs what to write"),
        ("%%synth column note --into trial --model no-such\nOne sentence.", "no-such"),
        ("%%synth column age --into trial --model echo\nOne sentence.", "age"),
        ("%%synth generate trial\nbody", "has no use for a cell's body"),
        ("%%synth disclose\nIntents: teaching", "The fields are: "),
        ("%synth export table.csv", "Add --frame"),
        ("%synth export report.docx", "docx"),
        ("%synth verify nowhere.ipynb", "nowhere.ipynb"),
        ("%synth verify", "isn't known here"),
    ],
)
def test_a_mistake_is_one_clear_line_and_changes_nothing(with_trial: Shell, trial: pd.DataFrame, cell: str, message: str) -> None:
    assert re.search(message, refused(with_trial, cell)), refused(with_trial, cell)
    assert "made" not in with_trial.user_ns
    assert with_trial.user_ns["trial"] is trial


def test_debug_shows_the_whole_trace(with_trial: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_DEBUG", "1")
    error = Ran(with_trial, "%synth generate nothing").error
    assert isinstance(error, SynthnbError)
    assert len(error._render_traceback_()) > 3


@pytest.mark.parametrize("cell", ["%synth", "%synth help", "%synth generate --help", "%synth generate?"])
def test_help_is_printed(shell: Shell, cell: str) -> None:
    assert "generate" in run(shell, cell).text


def test_the_magics_own_help_is_the_overview(shell: Shell) -> None:
    assert "%synth evaluate" in shell.find_magic("synth").__doc__


def test_tab_completes_through_the_shell(with_trial: Shell) -> None:
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        line = "%synth generate trial --groups s"
        offered = [completion.text for completion in with_trial.Completer.completions(line, len(line))]
    assert "sex" in offered


def test_unloading_leaves_the_shell_as_it_was(shell: Shell) -> None:
    synthnb.unload_ipython_extension(shell)
    assert shell.find_magic("synth") is None
    assert all("synth" not in getattr(matcher, "__name__", "") for matcher in shell.Completer.custom_matchers)
    synthnb.load_ipython_extension(shell)
    assert shell.find_magic("synth") is not None


def test_a_frame_is_exported_with_its_record_and_verifies(with_trial: Shell) -> None:
    run(with_trial, "%synth generate trial --rows 20 --as made")
    run(with_trial, "%synth export made.csv --frame made")
    assert len(pd.read_csv("made.csv")) == 20
    assert "ok" in run(with_trial, "%synth verify made.csv").bundles[0]["text/plain"]
    with Path("made.csv").open("a", encoding="utf-8") as file:
        file.write("1,female\n")
    assert "changed" in run(with_trial, "%synth verify made.csv").bundles[0]["text/plain"]


def test_outside_a_notebook_the_session_itself_is_exported(with_trial: Shell) -> None:
    run(with_trial, "%synth generate trial --rows 20 --as made --seed 4")
    ran = run(with_trial, "%synth export report.html")
    assert "isn't known here" in ran.bundles[0]["text/plain"]
    assert "Synthetic data disclosure" in Path("report.html").read_text(encoding="utf-8")
    assert "ok" in run(with_trial, "%synth verify report.html").bundles[0]["text/plain"]


def test_runs_lists_what_was_done_here(with_trial: Shell) -> None:
    run(with_trial, "%synth generate trial --rows 20 --as made")
    text = run(with_trial, "%synth runs").bundles[0]["text/plain"]
    assert "generate" in text
    assert "made" in text


def test_models_lists_what_can_write(shell: Shell) -> None:
    text = run(shell, "%synth models").bundles[0]["text/plain"]
    assert "echo" in text
    assert "smollm2-135m" in text


@pytest.mark.parametrize(
    "value",
    [
        "<script>alert(1)</script>",
        "</table><img src=x onerror=alert(1)>",
        "| a | **b** | [c](javascript:d)",
        "{{ 7 * 7 }}",
        "=1+1",
        "x" * 1_000_000,
    ],
    ids=["script", "image", "markdown", "template", "formula", "megabyte"],
)
def test_a_hostile_value_is_shown_as_text(with_trial: Shell, trial: pd.DataFrame, value: str) -> None:
    with_trial.user_ns["bad"] = trial.assign(arm=[value, "drug"] * 100)
    ran = run(with_trial, "%synth generate bad --rows 30 --as made --seed 2")
    assert set(with_trial.user_ns["made"]["arm"]) <= {value, "drug"}
    html = ran.bundles[0]["text/html"]
    assert "<script" not in html
    assert "<img" not in html
    assert len(html) < 100_000
