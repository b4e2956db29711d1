"""What venues ask, answered from a record: nothing is filled that isn't stated."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from synthnb._api.venues import VenueText, venue_text
from synthnb.disclosure.entries import entry_for_report, entry_for_run, entry_for_statements, sealed, stateable
from synthnb.disclosure.fields import catalogue, required
from synthnb.disclosure.gating import entry_for_override
from synthnb.disclosure.lint import findings
from synthnb.disclosure.record import Record
from synthnb.disclosure.venues import reading
from synthnb.disclosure.venues.names import VENUES
from synthnb.disclosure.venues.reading import CAVEATS, find_venue, read_venue
from synthnb.disclosure.venues.rendering import FORMATS
from synthnb.errors import OptionError

from .samples import Json, entries, evaluated, made, written
from .test_hostile import records

FOLDER = Path(reading.__file__).parent
HOSTILE = "</td><script>alert(1)</script> | *a* _b_ $x$ \\input{/etc/passwd} =cmd #1 %x {y} \u202e\x00 ~z~ [l](https://e.vil) {intent}"
LATEX_ALIVE = re.compile(r"\\input|(?<!\\)[$#%&]|(?<!\\)_")


def machine_only() -> Record:
    """Every field that the tool states, as a run with a model would; nothing that a person says."""
    fields = {name: f"“synthetic”: {name} is said" for name, field in catalogue().items() if field.fill == "machine"}
    run = sealed(id="run-1", kind="generate", created="2026-11-23T15:40:00Z", slot="generate:synthetic", fields=fields, detail={})
    review = sealed(id="review-1", kind="review", created="2026-11-23T15:41:00Z", slot="review:synthetic", fields={}, detail={})
    return Record.from_entries([run, review])


def said_by_a_person() -> Json:
    return entry_for_statements({field.id: f"{field.id} as stated" for field in stateable()} | {"releaseClass": "team, as stated"})


def complete() -> Record:
    return Record.from_entries([*machine_only().entries, said_by_a_person()])


def answers(text: VenueText) -> Mapping[str, Any]:
    return {answer.item.id: answer for answer in text.filled.answers}


def test_each_venue_is_a_data_file() -> None:
    assert {path.stem for path in FOLDER.glob("[!_]*.toml")} == set(VENUES)
    assert all(find_venue(name).id == name for name in VENUES)


@pytest.mark.parametrize("name", VENUES)
def test_an_empty_record_fills_nothing(name: str) -> None:
    text = venue_text(Record(()), name)
    assert {answer.status for answer in text.filled.answers} <= {"missing", "outside"}
    assert text.paragraph == ""
    assert not any(value for answer in text.to_dict()["items"] for value in answer["values"])


@pytest.mark.parametrize("name", VENUES)
def test_what_ran_fills_what_the_machine_states_and_no_more(name: str) -> None:
    for answer in venue_text(machine_only(), name).filled.answers:
        asked = {catalogue()[field].fill for field in answer.item.all}
        if asked and "machine" not in asked:
            assert answer.status == "missing", answer.item.id
        elif asked == {"machine"}:
            assert answer.status == "filled", answer.item.id


@pytest.mark.parametrize("name", VENUES)
def test_a_complete_record_fills_all_that_it_can(name: str) -> None:
    text = venue_text(complete(), name)
    assert text.missing == ()
    assert {answer.status for answer in text.filled.answers} <= {"filled", "outside"}
    assert text.filled.to_state == ()
    assert "Incomplete" not in str(text)


@pytest.mark.parametrize("name", VENUES)
def test_a_persons_field_is_listed_until_a_person_states_it(name: str) -> None:
    venue = find_venue(name)
    needed = {field for item in venue.items for field in item.all if catalogue()[field].fill != "machine"}
    assert needed
    text = venue_text(machine_only(), name)
    assert needed <= {need.field for need in text.filled.to_state}
    for form in ("md", "html", "text", "latex"):
        assert all(catalogue()[field].label in text.render(form) for field in needed)


def test_the_ten_are_asked_by_some_venue() -> None:
    asked = {field for name in VENUES for item in find_venue(name).items for field in (*item.all, *item.any)}
    assert {field.id for field in required()} <= asked


def test_no_machine_entry_can_fill_a_persons_field() -> None:
    forged = sealed(
        id="r", kind="generate", created="2026-11-23T15:40:00Z", slot="s", fields={"intent": "teaching", "verification": "all"}, detail={}
    )
    shape = Record.from_entries([forged]).to_dict()
    shape["fields"]["intent"] = {"fill": "human", "status": "stated", "values": [{"value": "teaching", "from": ["r"]}]}
    text = venue_text(shape, "icmje")
    assert answers(text)["purpose"].status == "missing"
    assert "teaching" not in text.render("json")


def test_what_the_tool_proposes_is_marked_and_not_filled_until_confirmed() -> None:
    proposed = venue_text(Record.from_entries([entry_for_run(made())]), "tripod-llm")
    assert answers(proposed)["5e"].status == "partly filled"
    assert "(proposed by the tool, and not confirmed by a person)" in str(proposed)
    said = entry_for_statements({"missingDataHandling": "as the source has it"})
    assert answers(venue_text(Record.from_entries([entry_for_run(made()), said]), "tripod-llm"))["5e"].status == "filled"


def test_what_a_person_states_needs_no_output() -> None:
    said = entry_for_statements({"intent": "teaching"})
    record = Record.from_entries([entry_for_run(made()), said]).to_dict() | {"stale": [said["id"]]}
    assert "no longer in the notebook" not in str(venue_text(record, "elsevier"))


def test_a_holdout_that_there_was_not_shows_no_independence() -> None:
    found = answers(venue_text(Record.from_entries([entry_for_run(written()), entry_for_report(evaluated(holdout=None))]), "mi-clear-llm"))
    assert "weren't computed" in found["8 independence"].values[0].text
    assert found["8 independence"].status == "partly filled"


def test_without_a_language_model_there_is_none_to_declare() -> None:
    assert answers(venue_text(Record.from_entries([entry_for_run(made())]), "gamer"))["1 declaration"].status == "not applicable"


def test_a_placeholder_states_nothing() -> None:
    for word in ("TBD", "todo.", "…", "???", "xxx", "to be added"):
        text = venue_text(Record.from_entries([entry_for_run(made()), entry_for_statements({"intent": word})]), "elsevier")
        assert answers(text)["reason"].status == "missing", word
        assert "Purpose" not in text.paragraph


@pytest.mark.parametrize("named", ["smollm2-135m-instruct", "ChatGPT, ORCID 0000-0002-1825-0097"])
def test_a_program_can_t_answer_for_data(named: str) -> None:
    when, fields = "2026-11-23T16:00:00Z", {"responsiblePerson": named}
    said = sealed(id="said-1", kind="disclose", created=when, slot="disclose", fields=fields, detail={})
    text = venue_text(Record.from_entries([entry_for_run(written()), said]), "pnas")
    assert answers(text)["author"].status == "missing"
    assert "names a program" in str(text)


def test_no_language_model_is_said_from_the_record() -> None:
    text = venue_text(Record.from_entries([entry_for_run(made())]), "jama")
    assert answers(text)["prompts"].status == "not applicable"
    assert "no language model took part" in str(text)
    assert "According to the record, no language model took part" in text.paragraph


def test_a_stand_in_is_no_language_model() -> None:
    run = written()
    run["model"] = run["model"] | {"stand_in": True}
    assert answers(venue_text(Record.from_entries([entry_for_run(run)]), "jama"))["model"].status == "not applicable"


def test_a_model_that_only_judged_is_told_and_not_taken_for_the_writer() -> None:
    judged = sealed(
        id="judge-1",
        kind="judge",
        created="2026-11-23T15:50:00Z",
        slot="judge",
        fields={"machineAnnotationTools": "“synthetic”: judged by “qwen” (local)"},
        detail={},
    )
    found = answers(venue_text(Record.from_entries([entry_for_run(made()), judged]), "jama"))["model"]
    assert found.status == "partly filled"
    assert [value.text for value in found.values] == ["“synthetic”: judged by “qwen” (local)"]


def test_a_sign_off_that_is_void_is_void() -> None:
    signed = sealed(
        id="s", kind="sign-off", created="2026-11-23T16:00:00Z", slot="s", fields={"reviewerSignOff": "R. Viewer, all of it"}, detail={}
    )
    later = entry_for_run(made(id="run-later", ended="2026-11-23T17:00:00Z"))
    text = venue_text(Record.from_entries([entry_for_run(made()), signed, later]), "icmje")
    (value,) = [value for value in answers(text)["accuracy"].values if value.field == "reviewerSignOff"]
    assert value.lacks == "void: the record was changed after it"
    assert "R. Viewer" not in text.paragraph


def test_an_evaluation_of_data_made_anew_doesn_t_count() -> None:
    anew = entry_for_run(made(id="run-anew", ended="2026-11-23T18:00:00Z", output=made()["output"] | {"digest": f"sha256:{'9' * 64}"}))
    text = venue_text(Record.from_entries([entry_for_run(made()), entry_for_report(evaluated()), anew]), "elevate")
    assert any("evaluation of “synthetic”" in note and "made anew" in note for note in text.filled.notes)
    assert answers(text)["2 accuracy"].status == "missing"


def test_not_evaluated_isn_t_evaluated() -> None:
    report = evaluated(scores=[], not_evaluated=[{"dimension": "privacy", "reason": "no hold-out"}])
    text = venue_text(Record.from_entries([entry_for_run(made()), entry_for_report(report)]), "elevate")
    found = answers(text)["10 security and privacy"]
    assert found.status == "partly filled"
    assert {need.field: need.what for need in found.needs}["privacyResults"] == "stated as not done or not known"


def test_a_prompt_that_was_kept_out_isn_t_given_in_full() -> None:
    run = written()
    run["parameters"] = {"column": "note", "sensitive": True, "instruction_digest": f"sha256:{'7' * 64}"}
    found = answers(venue_text(Record.from_entries([entry_for_run(run)]), "science"))["prompts"]
    assert found.status == "partly filled"
    assert "kept out of the record" in found.needs[0].what


def test_a_gate_that_somebody_went_past_is_told() -> None:
    report = entry_for_report(evaluated())
    gate = {"metric": "auc", "label": "AUC", "value": 0.9, "at_most": 0.6, "outcome": "fail"}
    went_past = entry_for_override(report, [gate], "a teaching file without real rows", export="made.csv", created="2026-11-23T16:00:00Z")
    text = venue_text(Record.from_entries([entry_for_run(made()), report, went_past]), "icmje")
    assert "Gate of “synthetic”: overridden for “made.csv”: AUC 0.9, at most 0.6: fail; reason given: a teaching file" in text.paragraph


def test_elevate_counts_what_is_reported_and_gives_no_score() -> None:
    shape = venue_text(complete(), "elevate").to_dict()
    assert shape["required"]["filled"] == 10
    assert "score" not in shape
    assert "it says nothing about quality" in venue_text(complete(), "elevate").render("text")


@pytest.mark.parametrize("name", [name for name in VENUES if find_venue(name).mark in {"S", "M"}])
def test_what_we_know_at_second_hand_says_so(name: str) -> None:
    text = venue_text(complete(), name)
    assert all(CAVEATS["S"] in text.render(form) for form in FORMATS)


@pytest.mark.parametrize("name", VENUES)
def test_what_is_written_claims_nothing(name: str) -> None:
    for record in (Record(()), Record.from_entries(entries())):
        assert findings(venue_text(record, name).render("text")) == []


@pytest.mark.parametrize("form", FORMATS)
def test_no_form_claims_anything(form: str) -> None:
    assert findings(venue_text(machine_only(), "elevate").render(form)) == []


def test_a_persons_overclaim_stands_and_is_told() -> None:
    said = entry_for_statements({"limitations": "none, the data are anonymous"})  # lint: names the words
    text = venue_text(Record.from_entries([entry_for_run(made()), said]), "neurips")
    assert any("claims more than can be shown" in note for note in text.filled.notes)


def test_a_value_is_never_read_as_a_template() -> None:
    said = entry_for_statements({"intent": "{responsiblePerson} [{modelName}] {{ 7*7 }} << 7*7 >>", "responsiblePerson": "A. Person"})
    text = venue_text(Record.from_entries([entry_for_run(made()), said]), "elsevier")
    assert "Purpose: {responsiblePerson} [{modelName}] {{ 7*7 }} << 7*7 >>." in text.paragraph


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


def hostile() -> Record:
    said = entry_for_statements({field.id: HOSTILE for field in stateable()} | {"releaseClass": f"team {HOSTILE}"})
    run = entry_for_run(written(output=written()["output"] | {"name": HOSTILE}))
    return Record.from_entries([run, said])


@pytest.mark.parametrize("name", VENUES)
def test_hostile_values_stay_values(name: str) -> None:
    text = venue_text(hostile(), name)
    page, markdown = text.render("html"), text.render("md")
    assert not {"script", "a", "img", "link", "iframe"} & set(_Tags(page).tags)
    assert "<script" not in markdown
    assert "](https://" not in markdown
    assert not re.search("[\x00\u202e]", page + markdown + text.render("latex") + str(text))
    rows = [line for line in markdown.splitlines() if line.startswith("| ")]
    assert {line.count(" | ") for line in rows} == {3}
    body = [line for line in text.render("latex").splitlines() if not line.startswith("%")]
    assert not LATEX_ALIVE.search("\n".join(body).replace(r"\textbackslash{}input", ""))
    assert json.loads(text.render("json"))["venue"] == name


@settings(max_examples=40, deadline=None)
@given(record=records)
def test_a_record_of_any_shape_gives_a_text(record: Any) -> None:
    for form in FORMATS:
        assert venue_text(record, "gamer").render(form)


def test_a_very_long_value_is_cut_and_said_to_be() -> None:
    said = entry_for_statements({"intent": "x " * 100_000})
    text = venue_text(Record.from_entries([said]), "icmje")
    assert len(text.render("html")) < 60_000
    assert "(cut; whole in the record)" in text.paragraph


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs a LaTeX installation")
def test_the_latex_compiles(tmp_path: Path) -> None:
    source = venue_text(hostile(), "jama").render("latex")
    document = f"\\documentclass{{article}}\\usepackage[T1]{{fontenc}}\\begin{{document}}\n{source}\\end{{document}}"
    (tmp_path / "t.tex").write_text(document, encoding="utf-8")
    done = subprocess.run(["pdflatex", "-interaction=batchmode", "-no-shell-escape", "t.tex"], cwd=tmp_path, capture_output=True)
    (tmp_path / "t.log").unlink()  # it names the home folder, of which LaTeX has its own
    assert done.returncode == 0


def test_an_unknown_venue_is_named_with_the_known() -> None:
    with pytest.raises(OptionError, match=r"one of aip.*icmje.*\.toml file; got 'lancet'"):
        venue_text(Record(()), "lancet")


def test_every_problem_of_a_file_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'id = "mine"\nname = ""\nmark = "X"\nplaces = []\n[[items]]\nid = "a"\nasks = "?"\nall = ["nofield"]\n', encoding="utf-8"
    )
    with pytest.raises(OptionError, match=r"name must be a text.*mark must be one of.*places must list.*no field 'nofield'"):
        read_venue(path)


def test_a_venue_of_ones_own_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    head = 'id = "mine"\nname = "Mine"\nby = "We"\nversion = "1"\nurl = "local"\nplaces = ["Methods"]\nsentences = ["purpose"]\n'
    path.write_text(head + '[[items]]\nid = "why"\nasks = "Why?"\nall = ["intent"]\n', encoding="utf-8")
    text = venue_text(Record.from_entries([entry_for_statements({"intent": "to teach"})]), str(path))
    assert (text.paragraph, text.missing) == ("Purpose: to teach.", ())


def test_each_sentence_is_used_and_names_fields_that_exist() -> None:
    used = {name for venue in VENUES for name in find_venue(venue).sentences}
    assert used == set(reading.sentences())
    named = {field for sentence in reading.sentences().values() for field in re.findall(r"\{(\w+)\}", sentence.text)}
    assert named | {sentence.field for sentence in reading.sentences().values()} <= {*catalogue(), ""}
