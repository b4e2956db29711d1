"""Mime bundles: complete without scripts, small, and safe whatever the data holds."""

from __future__ import annotations

import copy
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from synthnb.config import config_context
from synthnb.evaluation._size import compact
from synthnb.jupyter.mime import (
    RECORD_MIME,
    REPORT_MIME,
    WIDGET_MIME,
    export_bundle,
    findings_bundle,
    models_bundle,
    progress_bundle,
    progress_html,
    record_bundle,
    report_bundle,
    synthesis_bundle,
    widget_metadata,
)

HOSTILE = [
    "<script>alert(1)</script>",
    "</table></div><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "x" * 1_000_000,
    "\u202egnp.exe\u2066\x1b[31m\x00",
    "a|b\n# heading `code` [link](https://example.org) <b>",
    '" onmouseover="alert(1)',
    "\ud800",
]
ENTRY = {"id": "run-0123456789ab", "kind": "generate"}
VOID = {"br", "col", "hr", "img", "input", "link", "meta", "rect", "path", "wbr"}


class Audit(HTMLParser):
    """Tags, attributes and text of a piece of HTML, and whether its tags close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_harmless(html: str) -> Audit:
    audit = Audit(html)
    assert not audit.tags & {"script", "img", "iframe", "object", "a", "b", "form"}
    assert not [name for name in audit.attributes if name.startswith("on")]
    assert audit.open == []
    assert not set(html) & set("\u202e\u2066\x1b\x00")
    html.encode()
    return audit


@pytest.fixture
def report() -> Any:
    path = Path(__file__).parents[1] / "fixtures" / "report" / "example.json"
    return json.loads(path.read_text(encoding="utf-8"))


def make_run(frame: Any, **changes: Any) -> dict[str, Any]:
    names = [str(name) for name in frame.columns]
    made = [{"name": name, "kind": "integer", "how": "tree on the earlier columns"} for name in names]
    table = {"name": "actg", "rows": 10, "columns": len(names), "digest": "sha256:" + "ab" * 32}
    return {
        "id": "run-0123456789ab",
        "kind": "generate",
        "engine": "trees",
        "engine_reason": "10 rows of mixed kinds",
        "recipe_digest": "sha256:" + "cd" * 32,
        "seed": 7,
        "started": "2026-11-23T15:40:00Z",
        "seconds": {"fit": 1.25, "sample": 0.5},
        "requested": 6,
        "delivered": 4,
        "explained": [{"count": 2, "reason": "repeated a training row"}],
        "counts": {"exact_copies_left": 0},
        "parameters": {"leaf": 5},
        "inputs": [table],
        "output": table | {"name": "synthetic", "rows": len(frame), "columns": names},
        "model": None,
        "versions": {"synthnb": "0.1.0"},
        "columns": made,
        "notes": ["Nothing was learnt about identifiers."],
        "partial": False,
    } | changes


def wide_report(report: Any, columns: int, label: str = "level") -> Any:
    """The example with so many columns of 20 bins each."""
    wide = copy.deepcopy(report)
    share = [0.05] * 20
    bins = {"labels": [f"{label} {i}" for i in range(20)], "real": share, "synthetic": share}
    wide["columns"] = [wide["columns"][0] | {"name": f"{label} {i}", "bins": bins} for i in range(columns)]
    return wide


# --- synthesis ----------------------------------------------------------------------------


def test_synthesis_counts_add_up_in_words() -> None:
    frame = pd.DataFrame({"age": [61, 44, 37, 52]})
    bundle = synthesis_bundle(frame, make_run(frame), [ENTRY])
    assert "6 requested = 4 delivered + 2 explained" in Audit(bundle["text/html"]).text
    assert "6 requested = 4 delivered + 2 explained" in bundle["text/markdown"]
    assert "requested 6 = delivered 4 + explained 2\n  2 repeated a training row" in bundle["text/plain"]


def test_synthesis_carries_the_record() -> None:
    frame = pd.DataFrame({"age": [61]})
    assert synthesis_bundle(frame, make_run(frame), [ENTRY])[RECORD_MIME] == {"schema": "synthnb.record/1", "entries": [ENTRY]}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_synthesis_preview_is_the_first_rows(make: Any) -> None:
    frame = make({"age": [61, None, 37], "arm": ["control", "treated", "control"]})
    with config_context(preview_rows=2):
        text = synthesis_bundle(frame, make_run(frame), [])["text/markdown"]
    assert "| age | arm |\n|---|---|\n| 61 | control |\n| *missing* | treated |\n\n… 1 more rows." in text


def test_synthesis_shows_twelve_columns_and_counts_the_rest() -> None:
    frame = pd.DataFrame({f"c{i}": [i] for i in range(20)})
    html = synthesis_bundle(frame, make_run(frame, columns=[]), [])["text/html"]
    assert "… 8 more columns" in html
    assert ">c11</th>" in html
    assert ">c12</th>" not in html


def test_a_written_column_is_always_in_the_preview() -> None:
    frame = pd.DataFrame({f"c{i}": [i] for i in range(20)} | {"note": ["stable"]})
    origin = {"run": "run-0123456789ab", "name": "made"}
    inputs = [{"name": "made", "rows": 1, "columns": 20, "digest": "sha256:0", "origin": origin}]
    run = make_run(frame, kind="column", inputs=inputs, columns=[{"name": "note", "kind": "text", "how": "written by a model"}])
    html = synthesis_bundle(frame, run, [])["text/html"]
    assert "note (new)" in html
    assert "Column note in synthetic" in html


def test_questions_tell_documents_as_such_and_how_answers_were_checked() -> None:
    frame = pd.DataFrame({"question": ["Why?"], "answer": ["So."]})
    corpus = {"name": "papers", "rows": 8, "columns": [], "digest": "sha256:1"}
    held = {"name": "known", "rows": 1, "columns": [], "digest": "sha256:2"}
    run = make_run(frame, kind="questions", inputs=[corpus, held], parameters={"verify": "majority:3"})
    text = Audit(synthesis_bundle(frame, run, [])["text/html"]).text
    assert "papers, 8 documents, " in text
    assert "known, 1 question, " in text
    assert "answers by majority:3" in text
    assert "%synth evaluate" not in text


def test_synthesis_survives_odd_column_names() -> None:
    frame = pd.DataFrame([[1, 2.5, "x"]], columns=["a", "a", 3])
    assert "| a | a | 3 |" in synthesis_bundle(frame, make_run(frame), [])["text/markdown"]


def test_synthesis_of_no_rows() -> None:
    frame = pd.DataFrame({"age": []})
    assert "1 columns" in synthesis_bundle(frame, make_run(frame, partial=True), [])["text/plain"]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_synthesis_with_hostile_values(value: str) -> None:
    frame = pd.DataFrame([[value]], columns=pd.Index([value], dtype=object), dtype=object)
    run = make_run(frame, notes=[value], engine_reason=value, parameters={value: value}, explained=[{"count": 2, "reason": value}])
    bundle = synthesis_bundle(frame, run, [])
    assert_harmless(bundle["text/html"])
    assert len(bundle["text/html"]) < 20_000
    assert "<" not in bundle["text/markdown"]
    assert "https://" not in bundle["text/markdown"]


def test_template_signs_in_the_data_are_not_run() -> None:
    frame = pd.DataFrame({"a": ["{{ 7 * 7 }}"]})
    assert "{{ 7 * 7 }}" in Audit(synthesis_bundle(frame, make_run(frame), [])["text/html"]).text


# --- report -------------------------------------------------------------------------------


@pytest.mark.parametrize("mime", ["text/html", "text/markdown", "text/plain"])
def test_report_names_every_score_and_what_is_missing(report: Any, mime: str) -> None:
    text = report_bundle(report, [])[mime]
    text = Audit(text).text if mime == "text/html" else text.replace("\\", "")
    assert all(score["label"] in text for score in report["scores"])
    assert all(item["reason"] in text for item in report["not_evaluated"])


def test_report_gives_value_interval_ceiling_n_and_reading(report: Any) -> None:
    row = "| Two-sample classifier, AUC | 0.618 | 0.587 to 0.649 | 0.503 (0.611) | 2,998 | 0.5 is ideal |"
    assert row in report_bundle(report, [])["text/markdown"]


def test_report_gives_a_dash_where_there_is_no_interval(report: Any) -> None:
    assert "| Column shapes | 0.951 | – | 0.970 (0.948) | 1,500 | higher is better |" in report_bundle(report, [])["text/markdown"]


def test_report_shows_few_missing_cells_as_a_bound(report: Any) -> None:
    report["columns"][0]["missing"] = {"real": 0.0073, "synthetic": 0.002, "bound": "≤"}
    assert "≤ 0.7 %" in report_bundle(report, [])["text/html"]


def test_report_keeps_distance_diagnostics_out_of_privacy(report: Any) -> None:
    text = report_bundle(report, [])["text/markdown"]
    privacy = text[text.index("**Privacy**") : text.index("**Bias and subgroups**")]
    assert "inconclusive, not proof of safety" in privacy
    assert "nearer" not in privacy


def test_report_withholds_small_groups(report: Any) -> None:
    row = "| sex = female, race = not stated | withheld | not shown | not shown | not shown | not shown | not shown | not shown |"
    assert row in report_bundle(report, [])["text/markdown"]


def test_report_carries_its_json_and_the_record(report: Any) -> None:
    bundle = report_bundle(report, [ENTRY])
    assert bundle[REPORT_MIME] == compact(report)
    kept = [{key: value for key, value in score.items() if value is not None} for score in report["scores"] if score["value"] is not None]
    assert [score for score in bundle[REPORT_MIME]["scores"] if "value" in score] == kept
    assert bundle[RECORD_MIME]["entries"] == [ENTRY]
    assert WIDGET_MIME not in bundle


def test_report_html_needs_no_script_and_no_network(report: Any) -> None:
    html = report_bundle(report, [])["text/html"]
    assert_harmless(html)
    assert "url(" not in html
    assert "@import" not in html


def test_svg_holds_shapes_only(report: Any) -> None:
    html = report_bundle(report, [])["text/html"]
    inside = [part.split("</svg>")[0] for part in html.split("<svg")[1:]]
    assert len(inside) == len(report["columns"])
    assert [part for part in inside if Audit(f"<svg{part}").text.strip()] == []


def test_every_drawn_bin_is_also_in_a_table(report: Any) -> None:
    text = Audit(report_bundle(report, [])["text/html"]).text
    assert all(label in text for column in report["columns"] for label in column["bins"]["labels"])


@pytest.mark.parametrize("label", ["level", "<&" * 40])
def test_report_of_sixty_columns_is_small(report: Any, label: str) -> None:
    html = report_bundle(wide_report(report, 60, label), [])["text/html"]
    assert len(html.encode()) < 300_000


def test_report_of_five_hundred_columns_lists_them_all(report: Any) -> None:
    html = report_bundle(wide_report(report, 500), [])["text/html"]
    assert len(html.encode()) < 300_000
    assert "of 500 columns" in html
    assert "level 499" in html


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_report_with_hostile_values(report: Any, value: str) -> None:
    report["headline"] = report["real"]["name"] = report["target"] = report["columns"][0]["name"] = value
    report["columns"][0]["bins"]["labels"] = [value] * 4
    report["scores"][0] |= {"subject": [value], "label": value, "reference": value, "value": None, "reason": value}
    report["subgroups"][0]["group"] = {value: value}
    report["not_evaluated"] = [{"dimension": value, "reason": value}]
    report["pairs"]["names"][0] = value
    bundle = report_bundle(report, [])
    assert_harmless(bundle["text/html"])
    assert "<" not in bundle["text/markdown"]


def test_a_bare_report_is_still_shown() -> None:
    assert "A report without a headline." in report_bundle({"schema": "synthnb.report/1"}, [])["text/html"]


def test_report_with_a_widget_has_both_forms(report: Any) -> None:
    bundle = report_bundle(report, [], widget=True)
    assert len(bundle[WIDGET_MIME]["model_id"]) == 32
    assert bundle["text/html"] == report_bundle(report, [])["text/html"]
    assert widget_metadata() == {}


# --- the rest -----------------------------------------------------------------------------


def test_record_bundle_keeps_what_disclosure_rendered() -> None:
    bundle = record_bundle("<p>Made by <em>trees</em>.</p>", "Made by *trees*.", "Made by trees.", [ENTRY])
    assert "<p>Made by <em>trees</em>.</p>" in bundle["text/html"]
    assert (bundle["text/markdown"], bundle["text/plain"]) == ("Made by *trees*.", "Made by trees.")


def test_no_findings_is_a_sentence() -> None:
    assert findings_bundle([])["text/plain"] == "There was nothing to check."


@pytest.mark.parametrize(("status", "title"), [("ok", "Nothing differs in 2 checks."), ("changed", "1 of 2 checks differ.")])
def test_findings_say_first_how_many_differ(status: str, title: str) -> None:
    findings = [{"what": "cell", "status": "ok", "detail": ""}, {"what": "data.csv", "status": status, "detail": "its digest"}]
    assert findings_bundle(findings)["text/plain"].splitlines() == [title, "cell  ok", f"data.csv  {status}  its digest"]


def test_models_show_size_and_presence() -> None:
    bundle = models_bundle([{"name": "echo", "installed": True, "size": 0}, {"name": "smol", "installed": False, "size": 91_700_000}])
    assert bundle["text/plain"] == "Models\necho  yes  0.0 MB\nsmol  no  91.7 MB"


def test_export_names_the_file_and_both_digests() -> None:
    detail = {"path": "out.html", "bytes": 1234, "sha256": "sha256:" + "ab" * 32, "record_digest": "sha256:" + "cd" * 32}
    bundle = export_bundle(ENTRY | {"detail": detail}, "As last saved.")
    text = (
        "Written: out.html\nFile: out.html\nSize: 1,234 bytes\nDigest: sha256:abababababab…\nRecord: sha256:cdcdcdcdcdcd…\nAs last saved."
    )
    assert bundle["text/plain"] == text
    assert "As last saved." in assert_harmless(bundle["text/html"]).text
    assert bundle[RECORD_MIME]["entries"][0]["detail"] == detail


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_findings_with_hostile_values(value: str) -> None:
    bundle = findings_bundle([{"where": value, value: "x"}, value])
    assert_harmless(bundle["text/html"])
    assert "<" not in bundle["text/markdown"]


def test_progress_has_words_for_a_place_without_html() -> None:
    assert progress_bundle(30, 120, "drawing age", 4.2)["text/plain"] == "drawing age: 30 of 120, 4 s"
    assert progress_bundle(0, 0, "fitting", 4.2)["text/plain"] == "fitting: 4 s"


def test_progress_is_a_bar_with_words() -> None:
    html = progress_html(30, 120, "drawing <b>age</b>", 4.2)
    assert 'role="progressbar"' in html
    assert 'aria-valuenow="30"' in html
    assert "drawing <b>age</b>: 30 of 120, 4 s" in assert_harmless(html).text


@pytest.mark.parametrize(("done", "total"), [(5, 0), (-1, 10), (11, 10)])
def test_progress_never_leaves_its_range(done: int, total: int) -> None:
    html = progress_html(done, total, "fitting", 0.0)
    assert 'aria-valuenow="5"' not in html
    assert "-1" not in html
    assert "11" not in html
