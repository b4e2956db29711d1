"""`%synth review` and `synthnb review`: what they show, keep and refuse."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from IPython.utils.capture import capture_output

from synthnb._api.reviewing import merged_review, review, review_entry
from synthnb.cli.reviewing import review_group
from synthnb.config import config_context
from synthnb.disclosure.session import session
from synthnb.errors import OptionError
from synthnb.evaluation.human import RUBRICS, Review, export_review, open_review
from synthnb.jupyter.reviewing import results_bundle, review_as_asked, show_review
from synthnb.plugins import available

RECORD = "application/vnd.synthnb.record+json"
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(autouse=True)
def project(shell: Any, tmp_path: Path) -> Path:
    """The folder in which the shell works."""
    assert shell.user_ns is not None
    return tmp_path


@pytest.fixture
def variables() -> dict[str, Any]:
    frames = [pd.DataFrame({"note": [f"planted {word} {i}" for i in range(40)], "age": range(40)}) for word in ("letter", "report")]
    return {"made": frames[0], "ward": frames[1], "mine": RUBRICS["harm"]}


def ask(variables: dict[str, Any], **words: Any) -> tuple[Review, list[dict[str, Any]]]:
    """What a line would do, and the bundles it shows."""
    names = ("n", "raters", "text", "columns", "rubric", "rater", "seed", "qualification", "real", "export", "add")
    line = dict.fromkeys(names) | {"frame": "made", "results": False} | {"real": "ward", "n": 24, "text": "note"} | words
    with capture_output() as captured:
        reviewed = review_as_asked(Namespace(**line), variables)
    return reviewed, [output.data for output in captured.outputs]


def rate_all(reviewed: Review, *raters: str) -> None:
    for number, rater in enumerate(raters):
        for place, item in enumerate(reviewed.items):
            reviewed.rate(rater, item.id, "origin", "real" if (place + number) % 3 else "synthetic")
            reviewed.rate(rater, item.id, "confidence", 1 + (place + number) % 5)


def test_a_line_shows_the_widget_and_how_far_raters_are(variables: dict[str, Any]) -> None:
    reviewed, outputs = ask(variables)
    assert WIDGET in outputs[0]
    assert outputs[0]["text/plain"].startswith("Items to rate; they need the running notebook.")
    assert outputs[1]["text/plain"] == f"Review {reviewed.id}: 24 texts, 0 of 2 raters finished."
    assert "planted" not in json.dumps(outputs)


def test_the_same_line_goes_on(variables: dict[str, Any]) -> None:
    first, _ = ask(variables)
    rate_all(first, "a")
    again, outputs = ask(variables)
    assert again.id == first.id
    assert outputs[1]["text/plain"].endswith("1 of 2 raters finished (a 24 of 24).")


def test_results_are_shown_when_asked_for_and_go_into_the_record(variables: dict[str, Any], project: Path) -> None:
    rate_all(ask(variables)[0], "a", "b")
    _, [bundle] = ask(variables, results=True)
    assert "Discrimination accuracy" in bundle["text/plain"]
    assert "Cohen's kappa (origin)" in bundle["text/plain"]
    [entry] = bundle[RECORD]["entries"]
    assert (entry["kind"], entry["partial"]) == ("review", False)
    assert entry["id"] in [one["id"] for one in session.entries()]
    assert "planted" not in json.dumps(bundle)
    assert "item-0" not in json.dumps(bundle[RECORD])


def test_the_record_says_who_rated_and_how(variables: dict[str, Any]) -> None:
    reviewed, _ = ask(variables, rater="AB", qualification="nurse, 5 years")
    rate_all(reviewed, "AB")
    fields = review_entry(reviewed)["fields"]
    assert "blinded review of 24 texts, 12 of them real, rubric discrimination/1" in fields["humanResults"][0]
    assert "1 raters, 0% of the items rated by two or more; qualification: rater 1: nurse, 5 years" in fields["humanRaters"]
    assert "instructions: Some of these items come from real data" in fields["humanRaters"]
    assert "AB" not in json.dumps(fields)


def test_the_same_ratings_are_one_entry_and_more_are_another(variables: dict[str, Any]) -> None:
    reviewed, _ = ask(variables)
    rate_all(reviewed, "a")
    first = review_entry(reviewed)
    assert review_entry(reviewed)["id"] == first["id"]
    rate_all(reviewed, "b")
    other = review_entry(reviewed)
    assert other["id"] != first["id"]
    assert other["slot"] == first["slot"]


def test_a_review_before_any_rating_adds_nothing_to_the_record(variables: dict[str, Any]) -> None:
    bundle, _ = show_review(ask(variables)[0])
    assert set(bundle) == {"text/plain"}
    assert session.entries() == []


def test_a_review_is_handed_to_another_notebook_and_comes_back(variables: dict[str, Any], project: Path) -> None:
    reviewed, [said] = ask(variables, export="sample.review.json")
    assert said["text/plain"] == "sample.review.json holds 24 items as they are, real ones among them, and no key."
    with config_context(ledger="elsewhere/ledger.sqlite3"):
        other, outputs = ask({}, frame="sample.review.json", rater="b")
        rate_all(other, "b")
    assert WIDGET in outputs[0]
    again, _ = ask(variables, add=[str(other.rating_file("b"))])
    assert again.id == reviewed.id
    assert again.progress("b") == (24, 24)


@pytest.mark.skipif("review-widget" not in available("synthnb.displays"), reason="the entry point isn't installed yet")
def test_a_review_gives_its_widget(variables: dict[str, Any]) -> None:
    assert type(ask(variables)[0].widget("a")).__name__ == "ReviewWidget"


def test_a_rubric_may_be_a_variable(variables: dict[str, Any]) -> None:
    assert ask(variables, rubric="mine")[0].rubric == RUBRICS["harm"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"columns": ["age"]}, "--columns is about rows"),
        ({"qualification": "nurse"}, "--qualification is about a rater; none was named"),
        ({"frame": "other"}, "There is no frame named 'other'"),
        ({"n": 0}, "n must be from 2 to 5,000; got 0"),
        ({"real": None}, "asks whether items are real; no real frame was given"),
    ],
)
def test_a_line_that_can_not_be_is_refused(variables: dict[str, Any], words: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        ask(variables, **words)


def test_rows_are_reviewed_without_a_text_column(variables: dict[str, Any]) -> None:
    assert ask(variables, text=None, columns=["age"])[0].kind == "row"


def test_a_widget_is_made_for_a_rater(variables: dict[str, Any]) -> None:
    from synthnb.widgets.review import widget_of

    assert widget_of(ask(variables)[0], "a").get_state().keys() >= {"_esm", "_css"}


def test_hostile_names_are_shown_as_text(variables: dict[str, Any]) -> None:
    reviewed = review(variables["made"], variables["ward"], n=20, text="note", names=("<script>x</script>", "r"))
    rate_all(reviewed, "a", "b")
    assert "<script>" not in results_bundle(reviewed)["text/html"]


def command(*words: str) -> Any:
    return CliRunner().invoke(review_group, words, catch_exceptions=False)


def test_the_command_prints_the_results_of_the_latest_review(variables: dict[str, Any]) -> None:
    rate_all(ask(variables)[0], "a", "b")
    said = command("results").output
    assert "Discrimination accuracy" in said
    assert "absence of evidence" in said
    assert "Furthest apart: item-" in said


def test_the_command_merges_files_of_other_notebooks_and_leaves_them_alone(variables: dict[str, Any], project: Path) -> None:
    reviewed, _ = ask(variables)
    rate_all(reviewed, "a")
    other = open_review(export_review(reviewed, project / "sample.review.json"), folder=project / "elsewhere")
    rate_all(other, "b")
    file = other.rating_file("b")
    shape = json.loads(command("results", str(file), "--json").output)
    assert [rater["items"] for rater in shape["raters"]] == [24, 24]
    assert shape["double_rated"] == 1.0
    assert "b: 24" not in command("status").output
    assert "a: 24 of 24" in command("status").output


def test_the_commands_name_a_damaged_review_and_show_the_rest(variables: dict[str, Any]) -> None:
    broken, whole = (ask(variables, n=n)[0] for n in (20, 24))
    rate_all(whole, "a")
    (broken.rating_file("a").parent / "review.json").write_text("{}", encoding="utf-8")
    for verb in ("status", "results"):
        said = command(verb)
        assert said.exit_code == 0
        assert f"'{broken.id}' is passed over: review.json isn't as synthnb wrote it" in said.stderr


def test_files_of_two_reviews_are_refused(variables: dict[str, Any], project: Path) -> None:
    files = []
    for n in (20, 22):
        reviewed, _ = ask(variables, n=n)
        reviewed.rate("a", "item-001", "origin", "real")
        files.append(reviewed.rating_file("a"))
    with pytest.raises(OptionError, match="Ratings of one review were expected; got 'review-"):
        merged_review(files)


def test_a_review_that_is_not_here_is_named(project: Path) -> None:
    with pytest.raises(OptionError, match="No review is kept here"):
        merged_review()
    with pytest.raises(OptionError, match="The review 'review-0' isn't kept here"):
        merged_review(review_id="review-0")
    assert command("status").output == "No review is kept here.\n"
