"""Which rows a verb lets go to a hosted model: those that this session made, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import synthnb
from synthnb._origins import Origins
from synthnb.disclosure.session import session
from synthnb.errors import OptionError
from tests.engines.corpora import quoting
from tests.engines.scripted import Scripted, numbered

if TYPE_CHECKING:
    from synthnb.models.base import Request

TEXT = "Aspirin lowers fever in most adults. It was first sold in the year 1899. Patients with ulcers should avoid it."
REAL = pd.DataFrame(
    {"sex": ["f", "m", "m", "f"] * 50, "arm": ["a", "b"] * 100, "age": range(200), "secret": [f"Wolpertinger {i}" for i in range(200)]}
)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    session.reset()
    yield
    session.reset()


@pytest.fixture
def hosted() -> Scripted:
    return Scripted(numbered, locality="hosted", provider="Vendor")


@pytest.fixture
def synthetic() -> pd.DataFrame:
    frame: pd.DataFrame = synthnb.generate(REAL[["sex", "arm"]], rows=200, random_state=1).frame
    return frame


def write(frame: Any, model: Any, instruction: str = "Write about {sex} on {arm}.", **options: Any) -> Any:
    return synthnb.write_column(frame, "n", instruction, model=model, allow_hosted=True, random_state=1, **options)


def refused(frame: Any, model: Scripted, instruction: str, columns: str, **options: Any) -> None:
    with pytest.raises(OptionError, match=rf"forbids it for real rows\. Not known to be synthetic, .*: {columns}\."):
        write(frame, model, instruction, **options)
    assert model.asked == []


def test_rows_that_were_made_may_go(synthetic: pd.DataFrame, hosted: Scripted) -> None:
    run = write(synthetic, hosted, rows=5).run
    assert run.calls is not None
    assert (run.delivered, run.calls["sent"][0]["rows"]) == (5, "synthetic")


@pytest.mark.usefixtures("synthetic")
def test_real_rows_whose_few_levels_also_occur_among_those_made_stay(hosted: Scripted) -> None:
    refused(REAL, hosted, "Write about {secret}.", "'secret'")
    refused(REAL, hosted, "Write about {sex} on {arm}.", "'sex', 'arm'")
    refused(REAL[["sex", "arm"]], hosted, "Write about {sex}.", "'sex'")


def test_a_real_column_beside_those_made_stays(synthetic: pd.DataFrame, hosted: Scripted) -> None:
    wider = synthetic.assign(secret=REAL["secret"].to_numpy())
    refused(wider, hosted, "Write about {secret}.", "'secret'")
    assert write(wider, hosted, rows=5).run.delivered == 5


def test_a_text_written_here_of_a_real_column_stays(synthetic: pd.DataFrame, hosted: Scripted) -> None:
    wider = synthetic.assign(secret=REAL["secret"].to_numpy())
    told = synthnb.write_column(wider, "story", "Write about {secret}.", model="echo", random_state=1).frame
    refused(told, hosted, "Shorten {story}.", "'story'")
    liked = synthnb.write_column(synthetic, "story", "Write about {sex}.", model="echo", examples=["A real one."], random_state=1).frame
    refused(liked, hosted, "Shorten {story}.", "'story'")


def test_a_text_written_here_of_columns_made_here_may_go(synthetic: pd.DataFrame, hosted: Scripted) -> None:
    told = synthnb.write_column(synthetic, "story", "Write about {sex}.", model="echo", styles=["terse"], keep_draws=True).frame
    assert write(told, hosted, "Shorten {story}; {story_style}.", rows=5).run.delivered == 5


def test_real_texts_that_a_preview_keeps_stay(synthetic: pd.DataFrame, hosted: Scripted) -> None:
    told = synthetic.assign(story=REAL["secret"].to_numpy())
    part = synthnb.write_column(told, "story", "Write about {sex}.", model="echo", rows=3, overwrite=True, random_state=1).frame
    assert part["story"].iloc[3:].tolist() == REAL["secret"].iloc[3:].tolist()
    refused(part, hosted, "Shorten {story}.", "'story'")


def test_columns_given_to_a_run_stay(hosted: Scripted) -> None:
    made = synthnb.generate(REAL[["sex", "arm", "age"]], rows=200, given=REAL[["age"]], random_state=1).frame
    refused(made, hosted, "Write about {age}.", "'age'")


def test_sentences_drawn_word_for_word_stay(hosted: Scripted) -> None:
    notes = REAL[["sex"]].assign(note=["She came in with a cough and fever.", "He fell from a ladder at home."] * 100)
    made = synthnb.generate(notes, rows=200, overrides={"note": "category"}, random_state=1).frame
    assert set(made["note"]) <= set(notes["note"])
    refused(made, hosted, "Shorten {note}.", "'note'")


def test_names_of_single_persons_drawn_word_for_word_stay(hosted: Scripted) -> None:
    made = synthnb.generate(REAL[["sex", "secret"]], rows=200, overrides={"secret": "category"}, random_state=1).frame
    assert set(made["secret"]) <= set(REAL["secret"])
    refused(made, hosted, "Write about {secret}.", "'secret'")


def test_identifiers_made_afresh_may_go(hosted: Scripted) -> None:
    made = synthnb.generate(REAL[["sex"]].assign(code=[f"A{i:04d}" for i in range(200)]), rows=20, random_state=1).frame
    assert write(made, hosted, "Write about {code}.").run.delivered == 20


def test_filled_cells_make_no_real_row_synthetic(hosted: Scripted) -> None:
    gaps = REAL[["sex", "age"]].assign(age=REAL["age"].where(REAL["age"] % 3 > 0))
    filled = synthnb.impute(gaps, random_state=1).frame
    refused(filled, hosted, "Write about {age}.", "'age'")


@pytest.mark.parametrize("public", [True, False])
def test_questions_quote_their_documents(hosted: Scripted, public: bool) -> None:
    made = synthnb.write_questions(
        {"metals": TEXT}, questions=2, model=Scripted(quoting), verify="none", public=public, random_state=1
    ).frame
    assert session.origins.whole(made) is not None
    if public:
        assert write(made, hosted, "Rate {evidence}.").run.delivered == len(made)
    else:
        refused(made, hosted, "Rate {evidence}.", "'evidence'")


def test_texts_written_like_real_ones_stay_and_their_labels_may_go(hosted: Scripted) -> None:
    asked: dict[str, Any] = {"n": 4, "labels": {"tone": ["calm", "worried"]}, "random_state": 1}
    liked = synthnb.write_texts("Notes.", model=Scripted(sentences), examples=["A real one."], **asked).frame
    refused(liked, hosted, "Shorten {text}.", "'text'")
    assert write(liked, hosted, "Write in a {tone} tone.").run.delivered == 4
    assert write(synthnb.write_texts("Notes.", model=Scripted(sentences), **asked).frame, hosted, "Shorten {text}.").run.delivered == 4


def sentences(count: int, request: Request) -> str:
    return f"{request.seed} visitors of {count * 7919} came to {count} wards."


@pytest.mark.usefixtures("synthetic")
def test_real_rows_passed_without_a_name_are_not_called_synthetic() -> None:
    run = synthnb.write_column(REAL, "n", "Write about {sex}.", model="echo", rows=2, random_state=1).run
    assert run.calls is not None
    assert (run.inputs[0]["name"], run.calls["sent"][0]["what"]) == ("frame", "2 rows of frame, real or of unknown origin: sex")


def test_a_run_on_rows_that_were_made_is_made_again_where_they_are_not_known(hosted: Scripted) -> None:
    people = synthnb.write_texts("Notes.", n=3, labels={"mail": ["jane.doe@example.org"]}, model="echo", random_state=1).frame
    run = write(people, hosted, "Write to {mail}.").run
    session.origins = Origins()
    assert synthnb.replay(run.id, frames={"people": people}).same


def test_a_frame_with_a_column_of_unknown_origin_is_not_said_to_be_synthetic(trial: pd.DataFrame) -> None:
    made = synthnb.generate(trial, rows=12, random_state=1).frame
    wider = synthnb.write_column(made.assign(secret=trial["age"].head(12)), "note", "Write about {age}.", model="echo")
    whole = synthnb.write_column(made, "note", "Write about {age}.", model="echo")
    assert [run.inputs[0]["origin"] is None for run in (wider.run, whole.run)] == [True, False]


SENTENCE = "A survey of 500 adults aged 20 to 60."


def test_a_summary_stays_unless_the_call_lets_it_go(hosted: Scripted) -> None:
    with pytest.raises(OptionError, match="summary figures of 'real' would leave this machine"):
        synthnb.generate(SENTENCE, summary=REAL, model=hosted)
    assert hosted.asked == []


def test_a_summary_that_may_go_is_declared_and_holds_no_rare_value(hosted: Scripted) -> None:
    run = synthnb.generate(SENTENCE, summary=REAL, model=hosted, allow_hosted=True, random_state=1).run
    assert run.calls is not None
    assert {item["what"] for item in run.calls["sent"]} == {"the description", "figures and levels of real"}
    prompts = " ".join(request.prompt for request in hosted.asked)
    assert '"summary"' in prompts
    assert "Wolpertinger" not in prompts


def test_a_summary_whose_levels_look_like_identifiers_is_blocked(hosted: Scripted) -> None:
    mails = REAL.assign(mail=["ann@example.org", "bob@example.org"] * 100)
    with pytest.raises(OptionError, match="hold what looks like direct identifiers"):
        synthnb.generate(SENTENCE, summary=mails, model=hosted, allow_hosted=True)
    assert hosted.asked == []
