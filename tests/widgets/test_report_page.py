"""The dashboard in a real browser, on a page of its own and without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Shown

pytestmark = pytest.mark.ui

HOSTILE = "<img src=x onerror='window.attacked = true'><script>window.attacked = true</script>\u202egnp"


def hostile(report: Any) -> Any:
    """Put a hostile string wherever the data has a say."""
    report["headline"] = report["synthetic"]["name"] = report["target"] = HOSTILE
    report["pairs"]["names"] = [HOSTILE] * len(report["pairs"]["names"])
    for column in report["columns"]:
        column["name"] = HOSTILE
        column["bins"]["labels"] = [HOSTILE for _ in column["bins"]["labels"]]
    for score in report["scores"]:
        score |= {"subject": [HOSTILE], "reference": HOSTILE, "label": HOSTILE, "parameters": {HOSTILE: HOSTILE}}
    for gate in report["gates"]:
        gate |= {"label": HOSTILE, "subject": [HOSTILE], "source": HOSTILE, "reason": HOSTILE}
    report["changes"] = [{"what": HOSTILE, "from": HOSTILE, "to": {HOSTILE: HOSTILE}}]
    for name in ("attacks", "analyses"):
        report["details"][name][0]["name"] = HOSTILE
    report["details"]["analyses"][0]["terms"][0]["term"] = HOSTILE
    report["details"][HOSTILE] = [{HOSTILE: HOSTILE}]
    report["subgroups"][0]["group"] = {HOSTILE: HOSTILE}
    report["not_evaluated"][0] = {"dimension": HOSTILE, "reason": HOSTILE}
    return report


def test_overview_shows_every_overall_score(show: Shown, example: Any) -> None:
    text = show("report", report=example).locator("[role=tabpanel]").inner_text()
    for score in example["scores"]:
        assert score["subject"] or score["label"] in text


def test_each_dimension_is_read_in_a_sentence(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    sentence = "The columns’ distributions agree to 0.951 (real rows: 0.970); a classifier tells synthetic from real with AUC 0.618"
    assert sentence in page.locator(".sn-reading").nth(1).inner_text()
    assert page.locator(".sn-reading").count() == len({score["dimension"] for score in example["scores"]})


def test_uncomputed_score_gives_its_reason(show: Shown, example: Any) -> None:
    assert (
        show("report", report=example).locator(".sn-left", has_text="Kernel mean discrepancy – not computed: time budget of 20 s").count()
        == 1
    )


def test_diagnostic_is_not_under_privacy(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    privacy = page.locator("section.sn-dimension", has=page.get_by_role("heading", name="Privacy", exact=True))
    assert "nearer to training" not in privacy.inner_text()
    assert "inconclusive, not proof of safety" in privacy.inner_text()


def test_tabs_follow_the_arrow_keys(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.get_by_role("tab").first.focus()
    chosen = []
    for key in ["ArrowRight", "End", "ArrowRight", "ArrowLeft", "Home"]:
        page.keyboard.press(key)
        chosen.append(page.locator("[role=tab][aria-selected=true]:focus").inner_text().split(" (")[0])
    assert chosen == ["Gates", "Not evaluated", "Overview", "Not evaluated", "Overview"]


def test_keys_do_not_reach_the_notebook(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.evaluate("document.addEventListener('keydown', (event) => (window.leaked = event.key))")
    page.get_by_role("tab").first.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("window.leaked") is None
    page.keyboard.press("Shift+Enter")
    assert page.evaluate("window.leaked") == "Enter"


def test_columns_come_worst_first(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.get_by_role("tab", name="Columns").click()
    worst = min(example["columns"], key=lambda column: column["score"])
    assert page.locator(".sn-name").first.inner_text() == worst["name"]


def test_filter_narrows_the_columns_and_keeps_the_focus(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.get_by_role("tab", name="Columns").click()
    page.get_by_role("searchbox").focus()
    page.keyboard.type("CD4")
    assert sorted(page.locator(".sn-name").all_inner_texts()) == ["cd4_20_weeks", "cd4_baseline"]
    assert page.evaluate("document.activeElement.type") == "search"


def test_enter_opens_a_column_and_escape_returns(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.get_by_role("tab", name="Columns").click()
    page.locator("[data-key=columns-0]").focus()
    page.keyboard.press("Enter")
    rows = page.get_by_role("region", name="Share of rows by arm").get_by_role("row")
    assert rows.count() == 1 + 4
    page.keyboard.press("Escape")
    assert page.locator(":focus").inner_text().startswith("arm")


def test_heat_map_speaks_under_the_arrow_keys(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.get_by_role("tab", name="Pairs").click()
    page.locator(".sn-heat").focus()
    page.keyboard.press("Home")
    first = page.locator("output").inner_text()
    page.keyboard.press("ArrowRight")
    assert first.startswith("arm × sex: error 0.")
    assert page.locator("output").inner_text().startswith("arm × age: error 0.")


def test_small_groups_are_withheld_in_words(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.get_by_role("tab", name="Subgroups").click()
    assert page.get_by_role("row", name="race = not stated").inner_text().split("\t")[1:3] == ["withheld", "not shown"]


def test_the_ceiling_stands_beside_the_value_at_its_size(show: Shown, example: Any) -> None:
    row = show("report", report=example).get_by_role("row", name="Column shapes").first
    assert "0.951" in row.inner_text()
    assert "0.970 (0.948)" in row.inner_text()
    assert row.locator("circle.sn-ceiling").count() == 1


def test_a_score_without_an_interval_has_a_dash_and_no_whisker(show: Shown, example: Any) -> None:
    row = show("report", report=example).get_by_role("row", name="Column shapes").first
    assert row.get_by_role("cell", name="–", exact=True).count() == 1
    assert row.locator("path.sn-interval").count() == 0


def test_few_missing_cells_are_a_bound(show: Shown, report: Any) -> None:
    report["columns"][0]["missing"] = {"real": 0.0073, "synthetic": 0.002, "bound": "≤"}
    page = show("report", report=report)
    page.get_by_role("tab", name="Columns").click()
    assert page.get_by_text("≤ 0.7 % / 0.2 % missing").count() == 1


def test_not_evaluated_is_written_out(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.get_by_role("tab", name="Not evaluated").click()
    text = page.locator("[role=tabpanel]").inner_text()
    assert all(item["reason"] in text for item in example["not_evaluated"])


def test_hostile_strings_stay_strings(show: Shown, report: Any) -> None:
    page = show("report", report=hostile(report))
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert page.locator(".synthnb-report img, .synthnb-report script").count() == 0
    page.get_by_role("tab", name="Columns").click()
    page.locator(".sn-card").first.click()
    assert page.evaluate("window.attacked") is None
    assert "[U+202E]" in page.locator(".sn-headline").inner_text()


def test_a_new_report_keeps_the_tab(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.get_by_role("tab", name="Subgroups").click()
    page.evaluate("model.set('report', {...model.get('report'), headline: 'Second.'})")
    assert page.get_by_role("heading", name="Second.").count() == 1
    assert page.locator("[aria-selected=true]").inner_text().startswith("Subgroups")


def test_release_leaves_nothing(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.evaluate("release()")
    assert page.evaluate("document.getElementById('here').childElementCount + Object.keys(calls).length") == 0


@pytest.mark.parametrize(
    "report",
    [
        {},
        {"schema": "synthnb.report/1"},
        {"schema": "synthnb.report/9", "scores": None, "columns": [None], "gates": [None], "details": {"attacks": 3, "x": None}},
    ],
)
def test_a_bare_report_is_still_drawn(show: Shown, report: Any) -> None:
    page = show("report", report=report)
    assert page.locator(".synthnb-report").inner_text()


CONTRAST = """() => {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const luminance = (colour) => {
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((v) => ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const style = (selector) => getComputedStyle(document.querySelector(selector));
  const paper = luminance(style('.synthnb-report').backgroundColor);
  const inks = [style('.sn-headline').color, style('.sn-note').color, style('.sn-kicker').color, style('circle.sn-dot').fill,
    style('.sn-fail').color, style('.sn-pass').color, style('.sn-undecided').color];
  return inks.map(luminance).map((ink) => (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05));
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_the_paper(show: Shown, example: Any, scheme: str) -> None:
    assert min(show("report", scheme, report=example).evaluate(CONTRAST)) >= 4.5


def test_controls_have_names_and_ids_are_unique(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    for tab in page.get_by_role("tab").all():
        tab.click()
        problems = page.evaluate(
            """() => {
              const ids = [...document.querySelectorAll('[id]')].map((node) => node.id);
              const named = (node) => node.textContent.trim() || node.ariaLabel || node.closest('label');
              const controls = [...document.querySelectorAll('.synthnb-report :is(button, input, select, [tabindex])')];
              return [ids.length - new Set(ids).size, controls.filter((node) => !named(node)).length];
            }"""
        )
        assert problems == [0, 0]
