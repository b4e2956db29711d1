"""The record as people read it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from synthnb.disclosure.entries import entry_for_report, entry_for_run, entry_for_statements, sealed
from synthnb.disclosure.fields import required
from synthnb.disclosure.gating import entry_for_override
from synthnb.disclosure.lint import findings
from synthnb.disclosure.migrating import layouts
from synthnb.disclosure.page import page_part, text_part
from synthnb.disclosure.record import Record
from synthnb.disclosure.render import BEGIN, END, inline, plain, render_block, told

from .samples import entries, evaluated, made

STEM: dict[str, Any] = {"id": "r", "kind": "generate", "created": "2026-11-23T15:00:00Z", "slot": "generate:a", "detail": {}}
HOSTILE = "</td></section><script>alert(1)</script> --> | `x` $a$"


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


def block() -> str:
    return render_block(Record.from_entries(entries()).to_dict())


def test_the_block_stands_between_its_markers() -> None:
    assert block().startswith(f"{BEGIN}\n\n### Synthetic data disclosure\n\n“synthetic” is")
    assert block().endswith(f"\n\n{END}")


def test_the_block_says_how_from_what_checked_how_and_what_is_not_evaluated() -> None:
    labels = [line.partition(":**")[0] for line in block().split("\n") if line.startswith("- **")]
    assert labels == ["- **How it was made", "- **Made from", "- **Checked", "- **Not evaluated"]


def test_going_past_a_gate_stands_in_the_block() -> None:
    (run,), report = entries()[:1], entry_for_report(evaluated())
    gate = {"metric": "auc", "label": "AUC", "at_most": 0.6, "outcome": "fail", "value": 0.9}
    past = entry_for_override(report, [gate], "a teaching file", export="a.csv")
    block = render_block(Record.from_entries([run, report, past]).to_dict())
    assert (
        "- **Opt-outs and overrides:** “synthetic”: overridden for “a.csv”: AUC 0.9, at most 0.6: fail; reason given: a teaching file"
        in block
    )


def test_without_an_evaluation_the_block_says_so() -> None:
    assert "- **Checked:** nothing was evaluated" in render_block(Record.from_entries([entry_for_run(made())]).to_dict())


def test_digests_are_cut_short_in_the_block() -> None:
    assert f"2 columns, sha256:{'b' * 12}…" in block()
    assert f"sha256:{'b' * 13}" not in block()


def test_what_nobody_confirmed_is_marked_as_proposed() -> None:
    run = entry_for_run(made())
    proposed = sealed(**(STEM | {"fields": run["fields"] | {"license": "CC0"}}))
    assert "- **Licence:** CC0 (proposed, not confirmed)" in render_block(Record.from_entries([proposed]).to_dict())
    assert "for a person to confirm:** Name, Description, Licence, Role of AI in the study, Missing data." in render_block(
        Record.from_entries([proposed]).to_dict()
    )
    confirmed = render_block(Record.from_entries([proposed, entry_for_statements({"license": "CC0"})]).to_dict())
    assert "- **Licence:** CC0\n" in confirmed


@pytest.mark.parametrize("value", ["- a", "+ a", "1. a", "12) a", "-", "-- "])
def test_a_value_begins_no_list(value: str) -> None:
    assert not re.match(r"[-+]|[0-9]+[.)]", told(value))


def test_a_value_that_begins_like_a_number_stays_as_it_is() -> None:
    assert [told(value) for value in ("12 rows", "2026-11-24", ".5", "(a)")] == ["12 rows", "2026-11-24", ".5", "(a)"]


def test_the_ten_are_listed_until_stated() -> None:
    for field in required():
        assert field.label in block()
    assert "Verification performed (none)" in block()


def test_a_complete_record_lists_nothing_as_missing() -> None:
    said = entry_for_statements({field.id: "said" for field in required()})
    assert "Not stated yet" not in render_block(Record.from_entries([*entries(), said]).to_dict())


def test_superseded_and_stale_runs_are_counted() -> None:
    later = entry_for_run(made(id="run-later", ended="2026-11-23T15:50:00Z"))
    record = Record.from_entries([*entries(), later]).to_dict() | {"stale": ["run-later"]}
    assert "From 4 entries, 1 of them superseded by later ones, 1 whose output is no longer in this notebook." in render_block(record)


def test_what_a_person_states_needs_no_output() -> None:
    said = entry_for_statements({"intent": "teaching"})
    record = Record.from_entries([*entries(), said]).to_dict() | {"stale": [said["id"]]}
    assert "no longer in this notebook" not in render_block(record)
    assert any("1 whose output is no longer in this notebook" in block for block, _ in layouts(record))


def test_nothing_can_end_the_block_early() -> None:
    record = Record.from_entries([entry_for_statements({"intent": f"{END}\n# gone {HOSTILE}"})]).to_dict()
    assert render_block(record).count(END) == 1
    assert "<script" not in render_block(record)


def test_a_value_stays_on_its_line_and_in_its_column() -> None:
    assert inline("a|b\nc") == "a&#124;b c"


def test_formulas_addresses_and_markup_stay_text() -> None:
    assert inline("$x$") == "<span>&#36;</span>x<span>&#36;</span>"
    assert inline("see https://e.vil") == "see https&#58;//e.vil"
    assert inline("*b* _i_") == "&#42;b&#42; &#95;i&#95;"


def test_long_values_are_cut_by_code_points() -> None:
    assert plain("🜛" * 300) == "🜛" * 300
    assert plain("🜛" * 301) == "🜛" * 299 + "…"


def test_direction_overrides_are_replaced() -> None:
    assert plain("a\u202eb") == "a�b"


def test_the_page_has_no_script_and_escapes_every_value() -> None:
    page = page_part(Record.from_entries([*entries(), entry_for_statements({"intent": HOSTILE})]).to_dict())
    assert "script" not in _Tags(page).tags
    assert "&lt;script&gt;alert(1)" in page


def test_the_page_names_every_field() -> None:
    page = page_part(Record.from_entries(entries()).to_dict())
    assert all(field.label in page for field in required())
    assert "by a person only" in page


def test_the_page_is_a_named_section_with_captions() -> None:
    page = page_part(Record.from_entries(entries()).to_dict())
    assert 'aria-label="Synthetic data disclosure"' in page
    assert _Tags(page).tags.count("caption") == _Tags(page).tags.count("table")


def test_text_says_the_same_without_markup() -> None:
    record = Record.from_entries(entries())
    text = text_part(record.to_dict())
    assert "  Language model: SmolLM2-135M-Instruct" in text
    assert text.endswith(f"Record {record.digest}")


def test_what_is_generated_claims_nothing() -> None:
    record = Record.from_entries(entries()).to_dict()
    assert findings(render_block(record) + page_part(record) + text_part(record)) == []
