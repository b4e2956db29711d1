"""Verbs with a language model, called from Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import synthnb
from synthnb._api.calling import calls_to, estimate_rest, limits_of
from synthnb._api.describing import is_description
from synthnb.disclosure.session import session
from synthnb.errors import OptionError
from tests.engines.corpora import quoting
from tests.engines.scripted import Scripted

SENTENCE = "A trial of 300 adults aged 40 to 85, 60 % female."


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session.reset()


@pytest.fixture
def made(trial: pd.DataFrame) -> pd.DataFrame:
    frame: pd.DataFrame = synthnb.generate(trial, rows=12, random_state=1).frame
    return frame


@pytest.mark.parametrize(
    ("source", "described"),
    [(SENTENCE, True), ("two\nlines.csv", True), ("my trial.csv", False), ("trial", False), ("a b.recipe.json", False), (5, False)],
)
def test_words_are_told_from_the_name_of_a_file(source: object, described: bool) -> None:
    assert is_description(source) is described


def test_a_file_whose_name_has_spaces_is_no_description() -> None:
    Path("my trial").write_text("x", encoding="utf-8")
    assert not is_description("my trial")


def test_a_sentence_makes_rows_and_the_run_says_who_read_it() -> None:
    synthesis = synthnb.generate(SENTENCE, rows=50, model="echo", random_state=1)
    assert synthesis.frame["age"].between(40, 85).all()
    assert synthesis.run.model is not None
    assert (synthesis.run.model["requested"], synthesis.run.engine) == ("echo", "sampler")
    assert synthesis.run.parameters["description"] == SENTENCE
    assert synthesis.run.request["arguments"]["source"] == SENTENCE


def test_a_sensitive_description_stays_out_of_run_and_record() -> None:
    synthesis = synthnb.generate(f"{SENTENCE} Code Wolpertinger-9.", rows=50, model="echo", sensitive=True, random_state=1)
    assert "Wolpertinger" not in json.dumps(synthesis.run.to_dict())
    assert "Wolpertinger" not in json.dumps(synthnb.disclose().to_dict())
    assert synthesis.run.request == {}


def test_a_compiled_recipe_is_changed_and_drawn() -> None:
    compiled = synthnb.compile_recipe(SENTENCE, model="echo", random_state=1)
    changed = compiled.revise({"column": "sex", "number": "weights.0", "value": 0})
    assert set(synthnb.generate(changed, rows=30).frame["sex"]) == {"male"}


def test_a_run_is_made_again_from_the_replies_kept() -> None:
    first = synthnb.generate(SENTENCE, rows=50, model="echo", random_state=1)
    again = synthnb.generate(**first.run.request["arguments"])
    assert again.run.calls is not None
    assert (again.run.calls["calls"], again.run.output["digest"]) == (0, first.run.output["digest"])


def test_a_column_for_known_rows_has_their_origin(made: pd.DataFrame) -> None:
    run = synthnb.write_column(made, "note", "One sentence about {age}.", model="echo").run
    assert run.inputs[0]["origin"]["name"] == "synthetic"
    assert run.request["verb"] == "column"
    assert run.request["inputs"][0]["argument"] == "frame"


def test_texts_have_their_labels_exactly() -> None:
    synthesis = synthnb.write_texts("Messages.", n=10, labels={"tone": {"calm": 0.7, "worried": 0.3}}, model="echo", random_state=1)
    assert synthesis.frame["tone"].value_counts().to_dict() == {"calm": 7, "worried": 3}
    assert synthesis.run.kind == "texts"


def test_a_preview_tells_what_the_rest_will_use(made: pd.DataFrame) -> None:
    run = synthnb.write_column(made, "note", "One sentence about {age}.", model="echo", rows=3, random_state=1).run
    rest = estimate_rest(run, len(made))
    assert (rest.calls, rest.money) == (9, 0)
    assert rest.tokens_in == pytest.approx(3 * run.calls["tokens_in"] if run.calls else -1)


def test_a_limit_stops_and_what_is_missing_is_explained(made: pd.DataFrame) -> None:
    run = synthnb.write_column(made, "note", "One sentence about {age}.", model="echo", limits={"tokens": 400}, random_state=1).run
    assert 0 < run.delivered < run.requested
    assert "limit of 400 tokens" in run.explained[0]["reason"]


@pytest.mark.parametrize(
    ("limits", "message"),
    [({"dollars": 1}, "A limit must be one of tokens, money"), (5, "Limits are a mapping"), ({"tokens": -1}, "from 0 on; got -1")],
)
def test_limits_that_are_none_are_refused(limits: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        limits_of(limits)


def test_what_is_opened_is_closed_and_what_was_open_is_not() -> None:
    with calls_to("echo") as calls:
        assert calls.store is not None
        store = calls.store
    with pytest.raises(synthnb.errors.StorageError, match="was closed"):
        store.find(["x"])


def test_the_setting_names_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_MODEL", "echo")
    monkeypatch.setenv("SYNTHNB_CALLS", "off")
    with calls_to(None) as calls:
        assert (calls.model.info.id, calls.store) == ("echo", None)


def test_rows_by_a_model_refuse_what_only_fitted_engines_do(trial: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match=r"doesn't take where, replicates\. Put rules into the recipe"):
        synthnb.generate(trial, engine="llm", model="echo", where="age > 5", replicates=2)


def test_questions_are_written_with_their_evidence_and_the_documents_stay_out_of_the_output(tmp_path: Path) -> None:
    text = "Aspirin lowers fever in adults. It was first sold in 1899. Patients with ulcers should avoid it."
    arguments: dict[str, Any] = {"questions": 2, "model": "echo", "verify": "none", "random_state": 1}
    made = synthnb.write_questions({"a": text}, **arguments)
    assert (made.run.kind, made.run.requested) == ("questions", 2)
    assert all(text[row.start : row.end] == row.evidence for row in made.frame.itertuples() if row.evidence)
    assert "1899" not in made._repr_mimebundle_()[0]["text/html"]


def test_a_second_model_is_asked_for_by_its_way_of_checking() -> None:
    with pytest.raises(OptionError, match="verify='model' needs a second model"):
        synthnb.write_questions({"a": "A text. Another."}, questions=1, model="echo", verify="model")


def test_a_holdout_is_a_frame_or_texts() -> None:
    with pytest.raises(OptionError, match="in a column 'question'"):
        synthnb.write_questions(".", questions=1, model="echo", holdout=pd.DataFrame({"a": ["x"], "b": ["y"]}))
    with pytest.raises(OptionError, match="A hold-out is a frame or a sequence of texts"):
        synthnb.write_questions(".", questions=1, model="echo", holdout="a question?")


def recorded(path: Path, reply: str) -> str:
    path.write_text(json.dumps({"match": "Write", "reply": reply, "model": "m", "repeat": True}), encoding="utf-8")
    return f"replay:{path}"


def test_rows_by_a_model_come_by_generate_and_are_kept_for_the_record(tmp_path: Path) -> None:
    people = pd.DataFrame({"age": [20 + i for i in range(40)], "sex": ["f", "m"] * 20})
    model = recorded(tmp_path / "rows.jsonl", "34,f\n51,m\n47,f\n28,m")
    made = synthnb.generate(people, rows=4, engine="llm", model=model, options={"quotas": False}, random_state=1)
    assert made.frame["age"].to_list() == [34, 51, 47, 28]
    assert made.run.request["arguments"]["engine"] == "llm"
    assert synthnb.replay(made.run.id, frames={"real": people}).same


def test_rows_by_a_model_from_a_recipe_alone_are_as_many_as_it_says(tmp_path: Path) -> None:
    recipe = synthnb.profile(pd.DataFrame({"age": range(20, 60), "sex": ["f", "m"] * 20})).recipe
    recipe = recipe.model_copy(update={"rows": 2, "columns": tuple(bounded(column) for column in recipe.columns)})
    made = synthnb.generate(recipe, engine="llm", model=recorded(tmp_path / "r", "34,f\n51,m"), options={"quotas": False}, random_state=1)
    assert made.frame["sex"].to_list() == ["f", "m"]


def bounded(column: Any) -> Any:
    """The column with what an engine without data has to be told."""
    from synthnb.recipes.distributions import Categorical, Integers

    told: Any = Integers(low=20, high=60) if column.kind == "integer" else Categorical(levels=("f", "m"), weights=(1, 1))
    return column.model_copy(update={"distribution": told})


def test_an_option_that_the_engine_lacks_is_named_with_those_it_has(trial: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match=r"An option of the engine llm must be one of .*examples.*; got 'leaf'"):
        synthnb.generate(trial, engine="llm", model="echo", options={"leaf": 5})


def test_where_a_second_model_is_stands_in_the_record_too() -> None:
    texts = {"a.txt": "Haemoglobin carries oxygen in the blood of most vertebrates. It is made of four chains, each with one haem."}
    second = Scripted(lambda _count, _request: "Yes.", id="vendor/second", name="Second", provider="Vendor", locality="hosted")
    asked: dict[str, Any] = {"questions": 1, "mode": "quoted", "verify": "model", "random_state": 1}
    synthnb.write_questions(texts, model=Scripted(quoting), verifier=second, public=True, allow_hosted=True, **asked)
    said = [value["value"] for value in synthnb.disclose().fields["accessMode"]["values"]]
    assert said[0] == "in this process, on this machine; nothing was sent elsewhere"
    assert any(line.startswith("the model Second, which checked the answers: hosted by the provider;") for line in said)


@pytest.mark.parametrize("engine", ["auto", "trees"])
def test_a_preview_is_of_rows_that_a_model_writes(trial: pd.DataFrame, engine: str) -> None:
    with pytest.raises(OptionError, match="A preview is of rows that a language model writes one by one"):
        synthnb.generate(trial, engine=engine, preview=5)
    with pytest.raises(OptionError, match="preview was given twice"):
        synthnb.generate(trial, engine="llm", preview=5, options={"preview": 5})
