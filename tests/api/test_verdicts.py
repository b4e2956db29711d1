"""`judge` end to end: frames, a review by people, what may leave the machine, and what the record says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import synthnb
from synthnb.disclosure.folding import fold
from synthnb.disclosure.session import session
from synthnb.errors import OptionError
from synthnb.jupyter.display import show_judgement
from tests.evaluation.judges import Rule, shown


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session.reset()


def texts(n: int, of: str) -> pd.DataFrame:
    return pd.DataFrame({"note": [f"{of} visit {i}: pain {'again ' * (i % 4)}noted." for i in range(n)]})


def by_repeats(request: Any) -> str:
    words = [item.count("again") for item in shown(request)]
    return ("B" if words[-1] > words[0] else "A") if len(words) == 2 else str(words[0] + 1)


def test_texts_of_two_frames_are_judged_and_told_in_the_record() -> None:
    found = synthnb.judge(texts(60, "Later"), texts(60, "First"), text="note", model=Rule(by_repeats), n=40, random_state=3)
    assert (found.items, found.pairs) == ({"synthetic": 20, "real": 20}, 20)
    said = " ".join(value["value"] for value in fold(session.entries())["judgeResults"]["values"])
    assert "Judged by a language model. No person rated these items." in said
    assert "validated" not in said


def test_a_review_is_judged_beside_its_raters() -> None:
    review = synthnb.review(texts(60, "Later"), texts(60, "First"), n=40, text="note", rubric="plausibility", seed=1)
    for item in review.items:
        for rater in ("a", "b"):
            review.rate(rater, item.id, "plausibility", str(item.content).count("again") + 1)
    found = synthnb.judge(review, model=Rule(by_repeats), random_state=1)
    agreement = found.score("judge_human_agreement")
    assert (agreement.value, agreement.ceiling, agreement.n) == (1.0, 1.0, 40)
    assert "compared with people's ratings of 40 of the items" in found.standing


def test_without_a_known_maker_no_preference_is_seen() -> None:
    own, other = texts(60, "Own"), texts(60, "Other")
    model = Rule(lambda request: "5" if "Own" in shown(request)[0] else "2", family="llama")
    found = synthnb.judge(own, text="note", model=model, others={"qwen": other}, n=40, random_state=1)
    assert found.makers == {"": 20, "qwen": 20}
    assert found.score("judge_self_preference").value is None


def test_real_rows_reach_a_hosted_judge_only_if_both_allow_it() -> None:
    model = Rule(by_repeats)
    model.info = type(model.info)(**model.info.to_dict() | {"locality": "hosted"})
    with pytest.raises(OptionError, match="The setting hosted_rows forbids it for real rows"):
        synthnb.judge(texts(60, "Later"), texts(60, "First"), text="note", model=model, allow_hosted=True)
    assert model.asked == []


def hosted() -> Rule:
    model = Rule(by_repeats)
    model.info = replace(model.info, locality="hosted", provider="api.example")
    return model


def people(n: int) -> pd.DataFrame:
    born = pd.Timestamp("1950-03-01") + pd.to_timedelta([37 * i for i in range(n)], "D")
    return pd.DataFrame({"date of birth": born, "MRN": [4929971 + i for i in range(n)], "age": [30 + i % 40 for i in range(n)]})


@pytest.mark.parametrize(("column", "told"), [("date of birth", "date of birth"), ("MRN", "MRN")])
def test_a_column_that_names_its_identifiers_stops_a_hosted_judge(column: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_HOSTED_ROWS", "1")
    model = hosted()
    with pytest.raises(OptionError, match=rf"direct identifiers: .*; in '{told}'"):
        synthnb.judge(people(60), people(80), model=model, n=20, columns=[column, "age"], allow_hosted=True)
    assert model.asked == []


def test_the_texts_column_tells_what_its_numbers_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_HOSTED_ROWS", "1")
    frame = people(60).assign(MRN=lambda table: table["MRN"].astype(str))
    with pytest.raises(OptionError, match="direct identifiers"):
        synthnb.judge(frame, frame, text="MRN", model=hosted(), n=20, allow_hosted=True)


def test_identifiers_that_were_sent_all_the_same_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_HOSTED_ROWS", "1")
    made, real = (pd.DataFrame({"note": [f"Mail {of}{i}@hospital.org again" for i in range(60)]}) for of in "ab")
    found = synthnb.judge(made, real, text="note", model=hosted(), n=20, allow_hosted=True, identifiers="warn", random_state=1)
    assert found.calls["identifiers_found"] == 20
    assert any("was sent all the same" in warning for warning in found.warnings)
    assert any("was sent all the same" in value["value"] for value in fold(session.entries())["judgeResults"]["values"])


def test_a_scan_that_found_nothing_is_told_without_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_HOSTED_ROWS", "1")
    found = synthnb.judge(texts(60, "Later"), texts(60, "First"), text="note", model=hosted(), n=20, allow_hosted=True, random_state=1)
    assert found.calls["identifiers_found"] == 0
    assert not any("identifiers" in warning for warning in found.warnings)
    assert "none was found" in " ".join(value["value"] for value in fold(session.entries())["judgeResults"]["values"])


@pytest.mark.parametrize("n", ["x", 2.5, True, 1])
def test_how_many_items_is_a_whole_number(n: Any) -> None:
    with pytest.raises(OptionError, match="n must be from 2 to 5,000; got"):
        synthnb.judge(texts(60, "Later"), text="note", model=Rule(by_repeats), n=n)


def test_the_embedded_model_answers_what_is_offered() -> None:
    found = synthnb.judge(texts(30, "Later"), text="note", model="local", n=4, repeats=1, random_state=1)
    assert found.verdicts["read"] == found.verdicts["wanted"] == 4


def test_it_is_shown_under_a_line_that_says_nobody_looked() -> None:
    found = synthnb.judge(texts(40, "<b>Later</b>"), text="note", model=Rule(by_repeats), n=20, random_state=1)
    bundle = show_judgement(found)[0]
    assert "No person rated these items" in bundle["text/html"]
    assert bundle["text/plain"].splitlines()[1] == "Judged by a language model. No person rated these items."
    assert "<b>Later" not in json.dumps(bundle)
