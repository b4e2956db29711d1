"""`synthnb.evaluation.tables`: scores as Markdown and LaTeX, with whatever the data's names hold."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path
from typing import Any

import pytest

from synthnb.errors import OptionError
from synthnb.evaluation import _visible, tables
from synthnb.evaluation.report import Report
from synthnb.evaluation.tables import escape_latex, escape_markdown, to_latex, to_markdown

SHARED: dict[str, Any] = json.loads((Path(__file__).parents[1] / "fixtures" / "report" / "tables.json").read_text(encoding="utf-8"))
REPORT = Report.from_dict(SHARED["report"])
HOSTILE = [
    r"\input{/etc/passwd}",
    "a & b",
    "100 %",
    "x_1^2",
    "$$",
    "#1",
    "~",
    "{",
    "}",
    "\\",
    r"\end{tabular}",
    "\\\\",
    "%\n\\write18{rm}",
    '"',
    "[x]",
]
COMMANDS = (
    r"\\(?:textbackslash|textasciicircum|textasciitilde|textless|textgreater|textbar|char34|char96|ldots)\{\}|\\[{}$&#%_]|\$\\?[a-z-]+\$"
)


def test_both_forms_are_those_the_dashboard_copies() -> None:
    assert to_markdown(REPORT) == SHARED["markdown"]
    assert to_latex(REPORT) == SHARED["latex"]


@pytest.mark.parametrize("cell", SHARED["cells"], ids=lambda cell: repr(cell["text"][:12]))
def test_a_cell_is_escaped_as_in_the_dashboard(cell: dict[str, str]) -> None:
    assert escape_markdown(cell["text"]) == cell["markdown"]
    assert escape_latex(cell["text"]) == cell["latex"]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_cell_means_anything_to_tex(text: str) -> None:
    left = re.sub(COMMANDS, "", escape_latex(text)).replace("{[}", "").replace("{]}", "").replace("{*}", "").replace("{}", "")
    assert not set(left) & set("\\{}$&#%_^~")


def test_each_row_has_eight_cells_and_braces_and_environments_balance() -> None:
    text = to_latex(REPORT)
    body = text[text.index(r"\midrule") : text.index(r"\bottomrule")].splitlines()[1:-1]
    assert [len(re.findall(r"(?<!\\)&", row)) for row in body] == [7] * len(REPORT.scores)
    assert all(row.endswith(r"\\") for row in body)
    plain = re.sub(r"\\[{}]", "", text)
    assert plain.count("{") == plain.count("}")
    assert re.findall(r"\\begin\{(\w+)\}", text) == re.findall(r"\\end\{(\w+)\}", text)[::-1]


def test_a_markdown_table_has_eight_cells_in_each_row() -> None:
    rows = [line for line in to_markdown(REPORT).splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {9}
    assert "<b>" not in to_markdown(REPORT)


def test_a_long_table_breaks_across_pages() -> None:
    many = Report.from_dict(SHARED["report"] | {"scores": SHARED["report"]["scores"] * 10})
    assert r"\begin{longtable}" in to_latex(many)


def test_one_dimension_alone() -> None:
    text = to_markdown(REPORT, "privacy")
    assert "**Scores: Privacy**" in text
    assert "Column shapes |" not in text


def test_an_unknown_dimension_is_named_with_those_there_are() -> None:
    with pytest.raises(OptionError, match=r"dimension must be one of fidelity, bias, privacy, utility; got 'privcy'"):
        to_latex(REPORT, "privcy")


def test_halves_are_rounded_as_in_the_dashboard() -> None:
    assert "0.813 " in to_markdown(REPORT) + " "
    assert "−0.063" in to_markdown(REPORT)
    assert "123.5" in to_markdown(REPORT)


@pytest.mark.parametrize("module", [tables, _visible])
def test_examples_run(module: Any) -> None:
    assert doctest.testmod(module).failed == 0
