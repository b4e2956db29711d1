"""The report as Markdown and LaTeX, copied by keyboard from a page without a clipboard of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from .test_report_page import hostile

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .conftest import Shown

pytestmark = pytest.mark.ui

CATCH = """() => {
  document.execCommand = () => { window.copied = document.activeElement.value; return true; };
  navigator.clipboard.writeText = () => Promise.reject();
}"""
SPECIAL = "50 % of a_b & c#d $x$ {e} ~f^g \\h \"i\" [j] *k* --l <m> |n| 'o'' ≥ × … p\nq"


def copied(page: Page, form: str, part: bool = False) -> str:
    page.evaluate(CATCH)
    if part:
        page.get_by_role("combobox", name="Copy").select_option("part")
    page.get_by_role("button", name=f"Copy as {form}").press("Enter")
    page.get_by_role("status").filter(has_text=f"Copied as {form}.").wait_for()
    text: str = page.evaluate("window.copied")
    return text


def test_markdown_copy_holds_every_score_and_no_markup(show: Shown, report: Any) -> None:
    text = copied(show("report", report=hostile(report)), "Markdown")
    scores = text.partition("**Scores**")[2].partition("**Gates**")[0]
    assert len([line for line in scores.splitlines() if line.startswith("| ")]) == 1 + len(report["scores"])
    assert "<" not in text


@pytest.mark.parametrize("title", ["Scores", "Gates", "What the profile changes", "Subgroups", "Analysis cox", "Not evaluated"])
def test_both_forms_hold_each_part(show: Shown, example: Any, title: str) -> None:
    page = show("report", report=example)
    assert f"**{title}**" in copied(page, "Markdown")
    assert f"\\caption{{{title}}}" in copied(page, "LaTeX")


def test_a_part_is_copied_by_itself(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.get_by_role("tab", name="Pairs").click()
    text = copied(page, "Markdown", part=True)
    assert len([line for line in text.splitlines() if line.startswith("| ")]) == 1 + len(example["pairs"]["errors"])
    assert "Scores" not in text


def test_the_focus_stays_on_the_button(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    copied(page, "LaTeX")
    assert page.locator(":focus").get_attribute("aria-label") == "Copy as LaTeX"


def test_latex_is_booktabs_with_as_many_cells_in_each_row(show: Shown, example: Any) -> None:
    text = copied(show("report", report=example), "LaTeX")
    assert text.count("\\toprule") == text.count("\\midrule") == text.count("\\bottomrule") == text.count("\\caption{")
    body = text.partition("\\caption{Subgroups}")[2].partition("\\end{tabular}")[0]
    assert {line.count(" & ") for line in body.splitlines() if line.endswith("\\\\")} == {7}


def test_latex_escapes_whatever_means_something_to_tex(show: Shown, report: Any) -> None:
    report["gates"][0] |= {"source": SPECIAL}
    page = show("report", report=report)
    page.get_by_role("tab", name="Gates").click()
    text = copied(page, "LaTeX", part=True)
    assert (
        "50 \\% of a\\_b \\& c\\#d \\$x\\$ \\{e\\} \\textasciitilde{}f\\textasciicircum{}g "
        "\\textbackslash{}h \\char34{}i\\char34{} {[}j{]} {*}k{*} -{}-l "
        "\\textless{}m\\textgreater{} \\textbar{}n\\textbar{} 'o'{}' $\\geq$ $\\times$ \\ldots{} p q"
    ) in text


def test_hostile_names_cannot_leave_a_latex_cell(show: Shown, report: Any) -> None:
    report["subgroups"][0]["group"] = {"\\end{tabular}\\input{/etc/passwd}%": "\\\\ & x"}
    text = copied(show("report", report=report), "LaTeX")
    assert "\\input" not in text
    assert "\\textbackslash{}end\\{tabular\\}" in text
    assert not re.search(r"(?<!\\)%(?! Needs| report-)", text)
