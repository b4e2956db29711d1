"""The dashboard's filters, gates and drill-downs, by keyboard, in a real browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from synthnb.jupyter._report_views import report_view

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .conftest import Shown

pytestmark = pytest.mark.ui

TEXT: Any = json.loads((Path(__file__).parents[1] / "fixtures" / "report" / "text.json").read_text(encoding="utf-8"))


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def opened(page: Page, tab: str) -> Page:
    """The page with a tab opened by its letters and arrow keys alone."""
    page.locator("[role=tab][aria-selected=true]").focus()
    press(page, "Home")
    while not page.locator(":focus").inner_text().startswith(tab):
        press(page, "ArrowRight")
    return page


def focused(page: Page) -> str:
    return page.locator(":focus").inner_text()


def rows(page: Page, table: str) -> list[list[str]]:
    found = page.get_by_role("region", name=table).locator("tbody tr").all()
    return [row.inner_text().split("\t") for row in found]


def panel(page: Page) -> str:
    return page.locator("[role=tabpanel]").inner_text()


# --- gates --------------------------------------------------------------------------------


def test_gates_come_worst_first_by_sign_and_word(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Gates")
    assert [row[1] for row in rows(page, "Gates, failed ones first")] == ["✗fails", "?undecided", "✓passes"]


def test_a_gate_gives_its_limit_value_reason_and_source(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Gates")
    row = rows(page, "Gates, failed ones first")[0]
    assert row[0] == "Attribute inference risk: race"
    assert row[2:] == ["at most 0.02", "0.083 [0.041, 0.126], decided by 1 of 2 scores", "The whole interval is beyond the limit.", row[-1]]
    assert row[-1] == "set by the user in trial.toml"


def test_a_gate_without_an_interval_is_held_by_its_value(show: Shown, report: Any) -> None:
    report["gates"][0] |= {"low": None, "high": None}
    page = opened(show("report", report=report), "Gates")
    assert [row[3] for row in rows(page, "Gates, failed ones first")][-1] == "1.000, by value"


def test_gates_that_were_not_computed_are_counted_apart(show: Shown, report: Any) -> None:
    report["gates"][2] |= {"value": None, "low": None, "high": None}
    page = show("report", report=report)
    marks = [mark.inner_text().replace("\n", "") for mark in page.locator("header .sn-outcome").all()]
    assert marks == ["✗1 fails", "✓1 passes", "–1 not computed"]


def test_the_header_says_how_many_attacks_found_an_excess(show: Shown, report: Any) -> None:
    assert "excess found by 1 attack" in show("report", report=report).locator("header dd").all_inner_texts()
    for score in report["scores"]:
        score["parameters"] = {"reading": "inconclusive"}
    assert "excess found" not in show("report", report=report).locator("header").inner_text()


def test_what_the_profile_changes_is_shown(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Gates")
    assert ["gate attribute_inference_risk at_most", "0.09", "0.02"] in rows(page, "Changes of the profile")


def test_the_header_counts_the_gates(show: Shown, example: Any) -> None:
    marks = show("report", report=example).locator("header .sn-marks").inner_text()
    assert marks.split("\n") == ["✗1 fails", "?1 undecided", "✓1 passes"]


def test_a_score_shows_the_gate_it_decided(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.get_by_role("searchbox").fill("inference race")
    assert "fails its gate, at most 0.02" in page.locator(".sn-scores").inner_text()


def test_gates_differ_in_more_than_colour(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Gates")
    assert len({row[1][0] for row in rows(page, "Gates, failed ones first")}) == 3


def test_an_undecided_gate_is_shown_at_the_score_that_could_not_be_computed(show: Shown, report: Any) -> None:
    lost = next(score for score in report["scores"] if score["value"] is None)
    gate = {
        "metric": lost["metric"],
        "label": lost["label"],
        "subject": [],
        "at_most": 0.1,
        "source": "x",
        "outcome": "undecided",
        "reason": "x",
    }
    page = show("report", report=report | {"gates": [gate]})
    assert "undecided by its gate, at most 0.1" in page.locator(".sn-left").first.inner_text()


# --- filters ------------------------------------------------------------------------------


def shown_scores(page: Page) -> list[str]:
    return page.locator(".sn-scores summary").all_inner_texts()


def test_the_overview_is_narrowed_by_dimension(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.get_by_label("Dimension").select_option("privacy")
    assert page.locator(".sn-dimension").count() == 1
    assert "Privacy" in page.locator(".sn-dimension").inner_text()


def test_only_failed_or_undecided_leaves_their_metrics(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.get_by_label("only failed or undecided").check()
    labels = {gate["label"] for gate in example["gates"] if gate["outcome"] != "pass"}
    assert {name.split(":")[0] for name in shown_scores(page)} == labels


def test_only_computed_leaves_no_reason(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.get_by_label("only computed").check()
    assert "not computed" not in panel(page)


def test_words_find_a_score_of_a_column(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.get_by_role("searchbox").press_sequentially("DISTRIBUTION weight")
    assert shown_scores(page) == ["Distribution: weight_kg"]
    assert "1 of 35 scores" in page.get_by_role("status").last.inner_text()


def test_nothing_found_is_said(show: Shown, example: Any) -> None:
    page = show("report", report=example)
    page.get_by_role("searchbox").fill("zzz")
    assert "No score is left by these filters." in panel(page)


def test_not_evaluated_can_be_searched_and_stays(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Not evaluated")
    page.get_by_role("searchbox").fill("human")
    assert page.locator(".sn-absent dd").all_inner_texts() == ["No human rating was collected."]


# --- drill-downs --------------------------------------------------------------------------


def test_a_list_is_one_stop_and_arrows_move_in_it(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Columns")
    page.locator(".sn-card").first.focus()
    first = focused(page)
    press(page, "ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft", "End", "Home")
    assert focused(page) == first
    assert page.locator(".sn-card[tabindex='0']").count() == 1


def test_the_tab_key_reaches_every_stop(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Attacks")
    stops = []
    for _ in range(6):
        press(page, "Tab")
        stops.append(page.evaluate("document.activeElement.dataset.key ?? document.activeElement.getAttribute('role')"))
    assert stops[:4] == ["tabpanel", "find", "region", "attacks-2"]


def test_a_pair_opens_from_the_list_and_leads_to_its_columns(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Pairs")
    page.locator("[data-key=pairs-0]").focus()
    press(page, "ArrowDown", "Enter")
    assert "Error 0.239, number 2 of the 105 pairs" in panel(page)
    page.get_by_role("button", name="arm", exact=True).press("Enter")
    assert page.get_by_role("tab", selected=True).inner_text() == "Columns (15)"
    assert page.get_by_role("region", name="Share of rows by arm").count() == 1


def test_enter_on_the_map_opens_the_pair(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Pairs")
    page.locator(".sn-heat").focus()
    press(page, "Home", "ArrowRight", "Enter")
    assert "arm × age" in panel(page)


def test_a_column_lists_its_worst_pairs(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Columns")
    page.locator("[data-key=columns-2]").press("Enter")
    errors = [float(row[1]) for row in rows(page, "Pairs with age")]
    assert len(errors) == 10
    assert errors == sorted(errors, reverse=True)


def test_a_subgroup_opens_and_a_small_one_stays_withheld(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Subgroups")
    page.get_by_role("button", name="sex = female", exact=True).press("Enter")
    assert "Share synthetic\n16.6 %" in panel(page).replace("\n ", "\n")
    press(page, "Escape")
    assert focused(page) == "sex = female"
    page.get_by_role("button", name="race = not stated").press("Enter")
    assert "Its figures are withheld" in panel(page)
    assert page.locator(".sn-figures").count() == 0


def test_a_subgroup_has_the_scores_of_its_levels_only(show: Shown, report: Any) -> None:
    score = next(score for score in report["scores"] if score["dimension"] == "bias")
    report["scores"] += [score | {"subject": ["sex = female"], "label": "Own"}, score | {"subject": ["sex = male"], "label": "Other"}]
    page = opened(show("report", report=report), "Subgroups")
    page.get_by_role("button", name="sex = female", exact=True).press("Enter")
    assert "Own: sex = female" in panel(page)
    assert "Other" not in panel(page)


def test_subgroups_come_lowest_fidelity_first(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Subgroups")
    known = [float(row[6]) for row in rows(page, "Subgroups") if row[1] != "withheld"]
    assert known == sorted(known)


def test_attacks_come_riskiest_first_and_weak_ones_last(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Attacks")
    names = [row[0] for row in rows(page, "Attacks, highest risk first")]
    assert names == ["attribute inference: race", "singling out, several columns", "attribute inference: drug_use", "linkability"]


def test_every_privacy_score_is_an_attack_the_strongest_first(show: Shown, report: Any) -> None:
    tpr = next(score for score in report["scores"] if score["metric"] == "membership_tpr")
    tpr["parameters"]["reading"] = "excess"
    page = opened(show("report", report=report), "Attacks (6)")
    found = rows(page, "Other attacks, those with an excess first")
    assert [row[1] for row in found] == ["0.014", "0.512"]
    assert found[0][-1].endswith("excess")


def test_a_weak_attack_is_inconclusive(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Attacks")
    page.get_by_role("button", name="linkability").press("Enter")
    assert "no better than guessing, so inconclusive" in panel(page)
    assert page.get_by_role("img", name="Main 0.013 [0.008, 0.020]; Control 0.017").count() == 1


def test_an_analysis_shows_its_terms_with_both_intervals(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Analyses")
    page.get_by_role("button", name="cox").press("Enter")
    row = next(row for row in rows(page, "Terms of cox") if row[0] == "sex[male]")
    assert row[2:] == ["−0.081 [−0.301, 0.138]", "0.152 [−0.071, 0.376]", "0.41", "differs", "same"]


def test_an_analysis_that_failed_says_why(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Analyses")
    page.get_by_role("button", name="quartile model").press("Enter")
    assert "Not compared: The function raised ValueError on the synthetic rows." in panel(page)


def test_learners_stand_beside_each_other(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Analyses")
    assert rows(page, "Models trained")[0] == ["logistic regression", "AUC", "0.724", "0.746", "−0.022 [−0.041, −0.004]"]


def test_next_and_previous_go_round(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Analyses")
    page.get_by_role("button", name="cox").press("Enter")
    page.get_by_role("button", name="Previous").press("Enter")
    assert "quartile model" in panel(page)
    assert focused(page) == "Previous"
    page.get_by_role("button", name="Next").press("Enter")
    assert "cox" in panel(page)


def test_details_of_another_shape_are_shown_as_tables(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Further")
    assert rows(page, "rules, checks")[1] == ["cd4_20_weeks <= 2000", "rows", "3", "0.002"]


def test_lists_of_equal_length_stand_side_by_side(show: Shown) -> None:
    page = opened(show("report", report=TEXT), "Further")
    assert rows(page, "memorisation, note")[-3:] == [["8", "11", "2"], ["13", "3", "0"], ["25", "0", "0"]]


# --- other reports ------------------------------------------------------------------------


def test_a_report_of_texts_has_only_the_tabs_it_needs(show: Shown) -> None:
    page = show("report", report=TEXT)
    tabs = [name.split(" (")[0] for name in page.get_by_role("tab").all_inner_texts()]
    assert tabs == ["Overview", "Gates", "Columns", "Subgroups", "Attacks", "Further", "Not evaluated"]
    assert "14 of 15 scores of text-core/1" in page.locator(".sn-headline").inner_text()


@pytest.mark.parametrize("name", ["example", "text"])
def test_live_and_static_form_read_the_same(show: Shown, name: str) -> None:
    report = json.loads((Path(__file__).parents[1] / "fixtures" / "report" / f"{name}.json").read_text(encoding="utf-8"))
    live = show("report", report=report).locator(".sn-reading").all_inner_texts()
    assert live == [block["reading"] for block in report_view(report, 0)["dimensions"]]


def test_counts_are_not_drawn_on_the_axis_of_shares(show: Shown) -> None:
    row = show("report", report=TEXT).locator("tr", has_text="Vendi score")
    assert row.locator("svg").count() == 0
    assert "41.7" in row.inner_text()


def test_a_judge_is_never_a_human(show: Shown) -> None:
    page = show("report", report=TEXT)
    block = page.locator(".sn-dimension", has=page.get_by_role("heading", name="Judged by a model"))
    assert "isn’t a human’s" in block.inner_text()


# --- what a small report lacks ------------------------------------------------------------


@pytest.mark.parametrize("bins", [None, {}, {"labels": [], "real": [], "synthetic": []}, {"real": [0.5]}])
def test_a_column_whose_distribution_was_left_out_says_so(show: Shown, report: Any, bins: Any) -> None:
    report["columns"][0]["bins"] = bins
    page = opened(show("report", report=report), "Columns")
    page.locator("[data-key=columns-0]").press("Enter")
    assert "No distribution kept for this column." in panel(page)


def test_scores_without_their_nulls_are_drawn_alike(show: Shown, report: Any) -> None:
    whole = panel(show("report", report=report))
    report["scores"] = [{key: value for key, value in score.items() if value is not None} for score in report["scores"]]
    assert panel(show("report", report=report)) == whole


def test_the_figures_of_a_column_fit_a_thousand_pixels(show: Shown, example: Any) -> None:
    page = opened(show("report", report=example), "Columns")
    page.locator("[data-key=columns-0]").press("Enter")
    beyond = "[...document.querySelectorAll('.sn-detail .sn-two .sn-scroll')].map((node) => node.scrollWidth - node.clientWidth)"
    assert page.evaluate(beyond) == [0]


# --- survival -----------------------------------------------------------------------------

SURVIVAL: Any = {
    "time": "days",
    "event": "died",
    "times": [0.0, 60.0, 120.0],
    "curves": {"real": [1.0, 0.9, 0.45], "synthetic": [1.0, 0.95, 0.6]},
    "median": {"real": 110.0, "synthetic": None},
    "terms": [{"term": "sex = female", "real": [-0.135, -0.445, 0.175], "synthetic": None, "overlap": None, "sign": None}],
    "omitted": 0,
}


def test_survival_is_drawn_as_curves_with_their_words(show: Shown, report: Any) -> None:
    report["details"]["survival"] = SURVIVAL
    page = opened(show("report", report=report), "Further")
    assert page.get_by_role("img", name="Share without the event by days; at 120: real 45.0 %, synthetic 60.0 %").count() == 1
    assert page.locator("svg.sn-chart path.sn-step").count() == 2
    assert rows(page, "Share without the event")[2] == ["120", "45.0 %", "60.0 %"]


def test_survival_has_its_terms_and_says_nothing_of_none_left_out(show: Shown, report: Any) -> None:
    report["details"]["survival"] = SURVIVAL
    page = opened(show("report", report=report), "Further")
    assert rows(page, "Log hazard ratios")[0][:3] == ["sex = female", "−0.135 [−0.445, 0.175]", "–"]
    assert "real, median 110" in panel(page)
    assert "omitted" not in panel(page)


@pytest.mark.parametrize("value", [None, 3, {}, {"times": "x", "curves": [1]}, {"times": [0], "curves": {"real": [None]}}])
def test_damaged_survival_is_still_drawn(show: Shown, report: Any, value: Any) -> None:
    report["details"]["survival"] = value
    assert "rows" in panel(opened(show("report", report=report), "Further"))
