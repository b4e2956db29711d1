"""The label: everything from the record, nothing made up, marks without colour, safe, readable by everybody."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import synthnb
from synthnb._api.labelling import read_record, write_label
from synthnb.cli.main import cli
from synthnb.disclosure.entries import entry_for_report, entry_for_run, entry_for_statements
from synthnb.disclosure.gating import entry_for_override
from synthnb.disclosure.label import label_page, label_part, label_text, label_view
from synthnb.disclosure.label_svg import label_svg, wrapped
from synthnb.disclosure.lint import findings
from synthnb.disclosure.record import Record
from synthnb.disclosure.responsibilities import ABOUT, DUTIES, PARTIES, responsibilities
from synthnb.errors import OptionError, RecordError

from .samples import evaluated, made, notebook, written

Json = dict[str, Any]
AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
FAILED = {"metric": "auc", "label": "Two-sample AUC", "outcome": "fail", "value": 0.81, "low": 0.78, "high": 0.84, "at_most": 0.6}
HELD = {"metric": "schema", "label": "Columns present", "outcome": "pass", "value": 1.0, "at_least": 1.0}
OPEN = {"metric": "keys", "label": "Keys", "outcome": "undecided", "at_least": 1.0}


def record(*entries: Json) -> Json:
    return Record.from_entries(entries).to_dict()


@pytest.fixture
def bare() -> Json:
    return record(entry_for_run(made()))


@pytest.fixture
def full() -> Json:
    report = entry_for_report(evaluated(synthetic=written()["output"], gates=[HELD, OPEN, FAILED]))
    override = entry_for_override(report, [FAILED], "For a class on failures only.", export="t.html", created="2026-11-23T15:50:00Z")
    said = entry_for_statements({"responsiblePerson": "Ada Núñez", "intendedUse": "Teaching."}, created="2026-11-23T15:51:00Z")
    return record(entry_for_run(made()), entry_for_run(written()), report, override, said)


def test_gates_are_told_by_sign_and_word_failed_first(full: Json) -> None:
    marks = [(check["sign"], check["word"]) for check in label_view(full)["checks"]]
    assert marks == [("✕", "FAILED"), ("!", "OVERRIDDEN"), ("✓", "passed"), ("–", "undecided")]
    assert "✕ FAILED: “synthetic”: Two-sample AUC 0.81 [0.78, 0.84], at most 0.6" in label_text(full)
    assert "for “t.html”; reason given: For a class on failures only." in label_text(full)


def test_scores_come_with_their_intervals(full: Json) -> None:
    assert "AUC 0.610 [0.580, 0.640]" in label_text(full)


def test_what_nobody_stated_is_said_to_be_missing(bare: Json) -> None:
    text = label_text(bare)
    assert "Who answers for it: not stated" in text
    assert "Nothing was evaluated." in text
    assert "Not stated: Responsible person, Intent" in text
    assert "of 10 statements that only a person can make 10 are missing" in text


def test_what_was_stated_is_shown_as_it_is(full: Json) -> None:
    assert "Who answers for it: Ada Núñez" in label_text(full)
    assert "Responsible person" not in label_text(full).split("Not stated:")[1]


def test_the_records_digest_is_in_every_form(full: Json) -> None:
    assert all(full["digest"] in make(full) for make in (label_text, label_svg, label_page, label_part))


def test_the_picture_is_text_with_a_title_and_a_description(full: Json) -> None:
    root = ET.fromstring(label_svg(full))
    space = "{http://www.w3.org/2000/svg}"
    title, desc = root.find(f"{space}title"), root.find(f"{space}desc")
    assert root.get("role") == "img"
    assert title is not None
    assert desc is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert desc.text == label_text(full)
    assert "FAILED" in "".join(node.text or "" for node in root.findall(f"{space}text"))


def test_lines_wrap_break_and_end() -> None:
    assert list(wrapped("one two three", 70)) == ["one two", "three"]
    assert all(len(line) <= 12 for line in wrapped("x" * 40, 100))
    assert len(list(wrapped("word " * 500, 200))) == 5
    assert list(wrapped("word " * 500, 200))[-1].endswith("…")
    assert list(wrapped("", 100)) == []


def test_each_duty_has_a_holder_and_what_the_record_says(full: Json) -> None:
    rows = {row["duty"]: row for row in responsibilities(full)}
    assert [row["duty"] for row in rows.values()] == [duty.name for duty in DUTIES]
    assert all("has it" in row["shares"].values() for row in rows.values())
    assert rows["Contact when something goes wrong"]["says"] == ["Responsible person: Ada Núñez"]
    assert rows["Maintenance and corrections"]["missing"] == ["Maintenance plan"]


def test_without_a_model_its_duties_are_nobodys(bare: Json) -> None:
    row = responsibilities(bare)[0]
    assert set(row["shares"].values()) == {"–"}
    assert row["says"] == ["No language model: none used"]


def test_a_program_never_answers_for_the_data() -> None:
    held = {duty.name for duty in DUTIES if duty.tool == "has it" or duty.provider == "has it"}
    assert held == {"What the model is and may be used for", "That the tool does what it states"}


def test_our_own_words_claim_nothing() -> None:
    words = [ABOUT, *PARTIES.values(), *(duty.name for duty in DUTIES), label_page({}), label_svg({})]
    assert [found for text in words for found in findings(text)] == []


HOSTILE = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "]]></style></svg><svg onload=alert(1)>",
    '" onload="alert(1)" x="',
    "\x00\x08\ud800\u202e‮ rtl",
    "x" * 1_000_000,
    "{{ 7*7 }} {% raw %} =cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("value", HOSTILE, ids=["script", "end of svg", "attribute", "control", "1 MB", "template"])
def test_hostile_values_stay_text(value: str) -> None:
    fields = {name: {"status": "stated", "values": [{"value": value, "from": []}]} for name in synthnb.disclose().fields}
    gates = [FAILED | {"label": value}]
    entry = {"id": "a", "kind": "evaluate", "slot": "e", "created": "2026-01-01T00:00:00Z", "fields": {}, "detail": {"gates": gates}}
    given = {"fields": fields, "digest": value, "entries": [entry]}
    svg, page = label_svg(given), label_page(given)
    ET.fromstring(svg)
    assert not any(tag in text for text in (svg, page) for tag in ("<script", "<img", "<svg onload", ' onload="', "49 ", "\u202e"))
    assert svg.count("<svg") == 1
    assert len(svg) + len(page) < 100_000


@pytest.mark.parametrize(
    "odd", [{}, {"fields": 7, "entries": 7}, {"fields": {"intent": [1]}, "entries": [None, {"kind": "evaluate"}]}, [], None]
)
def test_records_of_another_shape_still_give_a_label(odd: Any) -> None:
    assert "sha256:unknown" in label_page(odd)
    ET.fromstring(label_svg(odd))


def test_odd_gates_are_passed_over() -> None:
    gates = [7, {"outcome": "fail"}, {"outcome": "no", "label": 1}, {"outcome": "pass", "value": "1", "at_most": None, "label": None}]
    entry = {"id": "a", "kind": "evaluate", "slot": "e", "created": "2026-01-01T00:00:00Z", "fields": {}, "detail": {"gates": gates}}
    assert [check["word"] for check in label_view({"entries": [entry]})["checks"]] == ["FAILED", "passed"]


def test_the_public_function_takes_records_and_forms(bare: Json) -> None:
    assert synthnb.label(Record.from_dict(bare)).startswith("<svg")
    assert synthnb.label(bare, form="html").startswith("<!doctype html>")
    with pytest.raises(OptionError, match="label's form"):
        synthnb.label(bare, form="pdf")


@pytest.mark.parametrize("odd", [None, [], "record"])
def test_what_is_no_record_is_named(odd: Any) -> None:
    with pytest.raises(RecordError, match=f"A record was expected; got '{type(odd).__name__}'"):
        synthnb.label(odd)


def test_a_label_replaces_only_a_label(bare: Json, tmp_path: Path) -> None:
    out = write_label(bare, tmp_path / "label.svg")
    ET.parse(out)
    write_label(bare, out)
    out.write_text(out.read_text(encoding="utf-8").replace("Data", "Mine"), encoding="utf-8")
    with pytest.raises(OptionError, match=r"label\.svg"):
        write_label(bare, out)
    with pytest.raises(OptionError, match="label's ending"):
        write_label(bare, tmp_path / "label.png")


def test_the_command_reads_a_notebook(saved: Any, tmp_path: Path) -> None:
    path = saved(notebook(entry_for_run(made())))
    done = CliRunner().invoke(cli, ["label", str(path), str(tmp_path / "l.html")])
    assert "Wrote" in done.output
    assert read_record(path)["digest"] in (tmp_path / "l.html").read_text(encoding="utf-8")
    assert "What it is" in CliRunner().invoke(cli, ["label", str(path)]).output


def test_a_notebook_without_a_record_says_so(saved: Any) -> None:
    with pytest.raises(RecordError, match="nothing in it was made by synthnb"):
        read_record(saved(notebook(cells=[])))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.mark.ui
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 360])
def test_axe_finds_nothing_in_the_page(browser: Any, full: Json, tmp_path: Path, scheme: str, width: int) -> None:
    file = tmp_path / "label.html"
    # The page's own policy lets no script in, not even the judge's.
    file.write_text(label_page(full).replace("default-src 'none'", "default-src 'unsafe-inline' 'unsafe-eval'"), encoding="utf-8")
    page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.evaluate("document.querySelector('details').open = true")
    page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)")
    assert found == []
    assert asked == [file.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


@pytest.mark.ui
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_line_of_the_picture_runs_out_of_the_card(browser: Any, full: Json, scheme: str) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.set_content(label_svg(full))
    right = page.evaluate(
        "Math.max(...[...document.querySelectorAll('svg text')].map((text) => { const b = text.getBBox(); return b.x + b.width; }))"
    )
    colours = page.evaluate("['text', '.sn-ground'].map((one) => getComputedStyle(document.querySelector(`svg ${one}`)).fill)")
    assert right <= 680 - 2
    assert colours == (["rgb(22, 22, 22)", "rgb(255, 255, 255)"] if scheme == "light" else ["rgb(242, 242, 242)", "rgb(22, 22, 22)"])
    page.close()
