"""`synthnb generate --describe`, `text`, `corpus`, `scale`, `diff`, `replay` and `key`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from synthnb.cli.main import cli
from synthnb.disclosure.session import session
from synthnb.errors import SynthnbError

BODY = "A trial of 300 adults aged 40 to 85, 60 % female, randomised 1:1 to drug or placebo."


def synthnb(*words: str) -> Result:
    """Run the command with no session before it, as a process of its own would."""
    session.reset()
    return CliRunner().invoke(cli, words)


@pytest.fixture
def folder(tmp_path: Path, trial: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a table, a description and the measurements of a law in it."""
    trial.to_csv(tmp_path / "trial.csv", index=False)
    (tmp_path / "trial.txt").write_text(BODY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    session.reset()


def test_a_description_becomes_a_table_a_recipe_and_a_record(folder: Path) -> None:
    words = ["--describe", "trial.txt", "--rows", "50", "--out", "made.csv", "--seed", "1", "--model", "echo", "--save-recipe", "made"]
    done = synthnb("generate", *words)
    assert done.exit_code == 0, done.output
    assert "you said so" in done.stdout
    assert pd.read_csv(folder / "made.csv")["age"].between(40, 85).all()
    assert (folder / "made.recipe.json").is_file()
    assert synthnb("verify", "made.csv").exit_code == 0


def test_a_run_is_listed_made_again_and_compared(folder: Path) -> None:
    for seed in ("1", "2"):
        words = ["generate", "--describe", "trial.txt", "--rows", "30", "--out", f"{seed}.csv", "--seed", seed, "--model", "echo"]
        assert synthnb(*words).exit_code == 0
    runs = [json.loads(line) for line in synthnb("runs", "--json").stdout.splitlines()]
    first, second = [run["id"] for run in runs if run["kind"] == "generate"]
    again = synthnb("replay", first)
    assert (again.exit_code, "the same bytes" in again.stdout) == (0, True), again.stdout + again.output
    changed = synthnb("diff", first, second)
    assert "seed  1  2" in changed.stdout.replace("seed  seed", "seed"), changed.stdout + changed.output


def test_a_run_whose_table_is_not_at_hand_says_so(folder: Path) -> None:
    assert synthnb("generate", "trial.csv", "--rows", "30", "--out", "made.csv", "--seed", "1", "--given", "given.csv").exit_code
    pd.DataFrame({"age": [30, 40]}).to_csv(folder / "given.csv", index=False)
    done = synthnb("generate", "trial.csv", "--out", "made.csv", "--seed", "1", "--given", "given.csv")
    assert done.exit_code == 0, done.output
    [run] = [json.loads(line)["id"] for line in synthnb("runs", "--json").stdout.splitlines() if '"kind": "generate"' in line]
    without = synthnb("replay", run)
    assert (without.exit_code, "isn't at hand" in without.stdout) == (1, True), without.stdout + without.output
    assert synthnb("replay", run, "--frame", "given.csv").exit_code == 0


def test_texts_are_written_with_their_record(folder: Path) -> None:
    (folder / "about.txt").write_text("Messages to a clinic.", encoding="utf-8")
    words = ["text", "about.txt", "--n", "6", "--labels", "tone=calm|worried", "--out", "texts.csv", "--model", "echo", "--seed", "1"]
    done = synthnb(*words)
    assert done.exit_code == 0, done.output
    assert pd.read_csv(folder / "texts.csv")["tone"].value_counts().to_dict() == {"calm": 3, "worried": 3}
    assert synthnb("verify", "texts.csv").exit_code == 0


def test_replicates_and_tables_of_a_folder_get_a_file_each(folder: Path, trial: pd.DataFrame) -> None:
    done = synthnb("generate", "trial.csv", "--rows", "20", "--out", "made.csv", "--replicates", "2", "--merge-below", "5")
    assert done.exit_code == 0, done.output
    assert all(synthnb("verify", f"made-{number}.csv").exit_code == 0 for number in (1, 2))
    (folder / "tables").mkdir()
    trial[["age", "sex"]].head(40).assign(patient=range(40)).to_csv(folder / "tables" / "patients.csv", index=False)
    pd.DataFrame({"patient": [i % 40 for i in range(90)], "score": range(90)}).to_csv(folder / "tables" / "visits.csv", index=False)
    done = synthnb("generate", "tables", "--out", "many.csv", "--relation", "patients.patient -> visits.patient", "--seed", "1")
    assert done.exit_code == 0, done.output
    assert set(pd.read_csv(folder / "many-visits.csv")["patient"]) <= set(pd.read_csv(folder / "many-patients.csv")["patient"])


def test_a_law_is_printed_in_words_and_as_json(folder: Path) -> None:
    sizes = [100, 300, 1000, 3000, 10000, 30000, 100000]
    pd.DataFrame({"n": sizes, "loss": [0.1 + 60 / (200 + n**0.9) for n in sizes]}).to_csv(folder / "law.csv", index=False)
    done = synthnb("scale", "law.csv", "--size", "n", "--error", "loss", "--at", "20000", "--seed", "1")
    assert "Scaling law of 7 measurements" in done.stdout, done.output
    assert "What the law says" in done.stdout
    law = json.loads(synthnb("scale", "law.csv", "--size", "n", "--error", "loss", "--json").stdout)
    assert law["parameters"]["beta"]["value"] == pytest.approx(0.9, abs=1e-3)


def test_where_a_key_is_from_is_told_and_never_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-0123456789")
    done = synthnb("key", "openai")
    assert (done.exit_code, "from OPENAI_API_KEY" in done.stdout, "planted" in done.output) == (0, True, False)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["generate", "--out", "x.csv"], "Either SOURCE or --describe"),
        (["generate", "trial.csv", "--describe", "trial.txt", "--out", "x.csv"], "Either SOURCE or --describe"),
        (["generate", "--describe", "nowhere.txt", "--out", "x.csv", "--model", "echo"], "couldn't be read"),
        (["generate", "trial.csv", "--out", "x.csv", "--save-recipe", "r"], "--save-recipe is for a description"),
        (
            ["generate", "trial.csv", "--out", "x.csv", "--engine", "llm", "--model", "nowhere.gguf", "--save", "g.synthgen"],
            "without a generator",
        ),
        (["generate", "trial.csv", "--out", "x.csv", "--subject", "a", "--time", "b", "--save", "g.synthgen"], "of one table can be saved"),
        (["generate", "trial.csv", "--out", "trial.csv"], "would lose the table"),
        (["generate", "trial.csv", "--out", "x.csv", "--survival", "age"], "reads time,event"),
        (["text", "trial.txt", "--n", "0", "--out", "x.csv", "--model", "echo"], "got 0"),
        (["text", "trial.txt", "--n", "5", "--out", "x.docx", "--model", "echo"], ".csv or .parquet"),
        (["corpus", "nowhere", "--questions", "2", "--out", "x.csv", "--model", "echo"], "nowhere"),
        (["diff", "run-zz", "run-yy"], "No run's id begins with"),
        (["key", "nobody"], "A provider with a key must be one of"),
    ],
)
def test_a_mistake_is_one_clear_error(folder: Path, words: list[str], message: str) -> None:
    with pytest.raises(SynthnbError, match=re.escape(message)):
        cli.main(words, standalone_mode=False)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--curate"], "--curate is about a real frame"),
        (["--engine", "trees"], "drawn by the engine sampler; got --engine 'trees'"),
        (["--engine", "llm"], "drawn by the engine sampler; got --engine 'llm'"),
        (["--balance", "sex"], "--balance is about a real frame"),
        (["--groups", "sex"], "--groups is about a real frame"),
        (["--recipe", "trial.recipe.json"], "--recipe is about a real frame"),
        (["--subject", "id", "--time", "day"], "--subject is about a real frame"),
        (["--save-recipe", "mine"], "'mine.recipe.json' exists"),
        (["--save-recipe", "no/mine"], "there is no folder 'no'"),
    ],
)
def test_what_cannot_be_asked_of_a_description_is_refused_before_a_model_is_opened(folder: Path, words: list[str], message: str) -> None:
    (folder / "mine.recipe.json").write_text("mine", encoding="utf-8")
    with pytest.raises(SynthnbError, match=re.escape(message)):
        cli.main(["generate", "--describe", "trial.txt", "--out", "x.csv", "--model", "nowhere.gguf", *words], standalone_mode=False)


def test_rows_by_a_model_say_first_what_they_are_going_to_use(folder: Path, tmp_path: Path) -> None:
    reply = {"match": "Write", "reply": "34,f\n51,m\n40,f\n60,m", "repeat": True}
    (tmp_path / "replies").write_text(json.dumps(reply), encoding="utf-8")
    pd.DataFrame({"age": range(30, 70), "sex": ["f", "m"] * 20}).to_csv("people.csv", index=False)
    words = ["--rows", "4", "--engine", "llm", "--model", "replay:replies"]
    done = synthnb("generate", "people.csv", "--out", "x.csv", *words)
    assert done.stdout.startswith("Before the first call: 1 call, about"), done.output


def test_a_column_is_written_into_a_copy_of_a_table(folder: Path) -> None:
    words = ["column", "note", "--into", "trial.csv", "--instruction", "About {age}.", "--out", "out.csv", "--model", "echo", "--seed", "1"]
    done = synthnb(*words)
    assert done.exit_code == 0, done.output
    made = pd.read_csv(folder / "out.csv")
    assert made["note"].notna().all()
    assert "note" not in pd.read_csv(folder / "trial.csv")
    assert synthnb("verify", "out.csv").exit_code == 0


def test_an_instruction_may_come_from_the_standard_input(folder: Path) -> None:
    session.reset()
    words = ["column", "note", "--into", "trial.csv", "--out", "out.csv", "--model", "echo", "--seed", "1"]
    assert CliRunner().invoke(cli, words, input="About {age}.").exit_code == 0
    with pytest.raises(SynthnbError, match="What to write is needed"):
        cli.main([*words[:-2], "--instruction", " "], standalone_mode=False)


def test_a_preview_prints_what_it_wrote_and_what_the_rest_takes(folder: Path) -> None:
    words = ["column", "note", "--into", "trial.csv", "--instruction", "About {age}.", "--preview", "3", "--model", "echo", "--seed", "5"]
    done = synthnb(*words)
    assert "The other 197: 197 calls" in done.stdout, done.output
    assert "With --seed 5 instead of --preview" in done.stdout
    assert done.stdout.count("\n") >= 5
    assert list(folder.glob("*.csv")) == [folder / "trial.csv"]


def test_a_preview_of_texts_needs_no_out_and_all_of_them_do(folder: Path) -> None:
    words = ["text", "trial.txt", "--n", "40", "--labels", "tone=a|b|c|d|e|f|g|h", "--model", "echo", "--seed", "5"]
    done = synthnb(*words, "--preview", "3")
    assert "The other 37: 37 calls" in done.stdout, done.output
    with pytest.raises(SynthnbError, match="--out is needed"):
        cli.main(words, standalone_mode=False)


def test_a_description_takes_from_a_summary_what_it_does_not_say(folder: Path) -> None:
    words = ["--describe", "trial.txt", "--summary", "trial.csv", "--rows", "400", "--out", "made.csv", "--seed", "1", "--model", "none"]
    done = synthnb("generate", *words)
    assert done.exit_code == 0, done.output
    assert "a summary of real data" in done.stdout
    made, real = pd.read_csv(folder / "made.csv"), pd.read_csv(folder / "trial.csv")
    assert made["weight_kg"].median() == pytest.approx(real["weight_kg"].median(), abs=3)
    assert made["age"].between(40, 85).all()
    assert synthnb("verify", "made.csv").exit_code == 0
    with pytest.raises(SynthnbError, match="--summary is for a description"):
        cli.main(["generate", "trial.csv", "--summary", "trial.csv", "--out", "x.csv"], standalone_mode=False)
