from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synthnb.engines.corpus.verifying import agree, read_check, supported
from synthnb.errors import OptionError
from synthnb.models.calls import Calls
from tests.engines.corpora import Scripted, ask, quoting, told

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.models.base import Request

TEXT = "Copper melts at 1085 degrees. Silver melts at 962 degrees and gold at 1064 degrees. Iron needs a hotter furnace than all of them."


def model_that_answers(*answers: str) -> Scripted:
    """Writes questions whose evidence is always the first sentence, then answers them anew."""
    item = {"question": "At how many degrees does copper melt?", "answer": "At 1085 degrees", "evidence": ["Copper melts at 1085 degrees."]}

    def answer(count: int, request: Request) -> str:
        return json.dumps({"questions": [item]}) if "Write one question" in told(request) else answers[(count - 1) % len(answers)]

    return Scripted(answer)


def first(frame: pd.DataFrame) -> tuple[str, str]:
    return frame["verified"][0], frame["how_verified"][0]


@pytest.mark.parametrize(
    ("answer", "evidence", "holds"),
    [
        ("1085 degrees", "Copper melts at 1085 degrees.", True),
        ("Copper melts at a temperature of 1085 degrees", "Copper melts at 1085 degrees.", True),
        ("962 degrees", "Copper melts at 1085 degrees.", False),
        ("No", "There is no cure.", True),
        ("Yes", "There is no cure.", False),
        ("A rare disease of the bones in children", "Asthma is a chronic disease of the airways.", False),
    ],
)
def test_evidence_holds_an_answer_or_not(answer: str, evidence: str, holds: bool) -> None:
    assert supported(answer, evidence) is holds


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1085 degrees", "At 1085 degrees.", True),
        ("Rinsing the mouth", "The mouth is rinsed after use", False),
        ("inhaled corticosteroids every day", "Corticosteroids, inhaled daily", True),
        ("", "anything", False),
        ("copper", "silver", False),
    ],
)
def test_answers_agree_or_not(one: str, other: str, same: bool) -> None:
    assert agree(one, other) is same
    assert agree(other, one) is same


def test_the_span_check_marks_an_answer_that_its_evidence_does_not_hold() -> None:
    items = [
        {"question": f"At how many degrees does {metal} melt?", "answer": answer, "evidence": ["Copper melts at 1085 degrees."]}
        for metal, answer in (("copper", "At 1085 degrees"), ("lead", "At 327 degrees"))
    ]
    made = ask(Scripted(lambda *_: json.dumps({"questions": items})), {"m": TEXT}, questions=2)
    assert list(made.frame["verified"]) == ["yes", "no"]
    assert made.run.counts["verified_no"] == 1


def test_in_extractive_mode_the_question_must_point_to_its_evidence() -> None:
    replies = iter(["At how many degrees does copper melt?", "What melts at some degrees?"])
    made = ask(Scripted(lambda *_: next(replies)), {"m": TEXT.replace("melts", "begins to melt")}, questions=2, mode="extractive")
    verdicts = made.frame.set_index("question")["verified"].to_dict()
    assert verdicts["What melts at some degrees?"] == "no"
    assert set(made.frame["how_verified"]) == {"span: does the question point to its evidence"}


@pytest.mark.parametrize(("verdict", "verified"), [("Yes.", "yes"), ("no, it doesn't", "no"), ("Perhaps", "none"), ("", "none")])
def test_a_second_model_says_yes_or_no(verdict: str, verified: str) -> None:
    second = Scripted(lambda *_: verdict, id="judge", name="Judge")
    made = ask(Scripted(quoting), {"m": TEXT}, questions=1, verify="model", verifier=Calls(second))
    assert first(made.frame)[0] == verified
    assert "judge" in first(made.frame)[1]
    assert made.run.parameters["verifier"]["name"] == "Judge"
    assert made.run.account["other_models"] == "Judge checks the answers"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (("At 1085 degrees", "1085 degrees", "At 5 degrees"), ("yes", "majority: 2 of 3 agree")),
        (("At 5 degrees Kelvin", "not answered", "1085"), ("no", "majority: 1 of 3 agree")),
    ],
)
def test_most_of_several_answers_decide(answers: tuple[str, ...], expected: tuple[str, str]) -> None:
    model = model_that_answers(*answers)
    made = ask(model, {"m": TEXT}, questions=1, verify="majority:3")
    assert first(made.frame) == expected
    assert len({request.seed for request in model.asked[1:]}) == 3


def test_a_verifier_that_fails_leaves_the_answers_unverified() -> None:
    second = Scripted(lambda *_: ValueError("gone"), id="judge")
    made = ask(Scripted(quoting), questions=8, verify="model", verifier=Calls(second))
    assert len(made.frame) == 8
    assert set(made.frame["verified"]) == {"none"}
    assert set(made.frame["how_verified"]) == {"none: model judge gave no verdict"}


def test_an_interrupt_of_the_check_stops_the_run() -> None:
    from synthnb.engines.corpus import QuestionsInterrupted

    second = Scripted(lambda *_: KeyboardInterrupt(), id="judge")
    with pytest.raises(QuestionsInterrupted, match="Stopped after 4 of 4 questions; these are kept") as stopped:
        ask(Scripted(quoting), questions=4, verify="model", verifier=Calls(second))
    assert len(stopped.value.partial.frame) == 4


def test_the_default_word_of_the_check_is_none_where_nothing_looks() -> None:
    made = ask(Scripted(quoting), questions=1, verify="none")
    assert first(made.frame) == ("none", "none")
    assert made.run.account["verification"] == "none"


@pytest.mark.parametrize("verify", ["", "majority", "majority:0", "majority:99", "majority:x", None, 3])
def test_an_unknown_check_is_refused(verify: Any) -> None:
    with pytest.raises(OptionError, match=r"none, span, model, majority:K|from 2 to 21"):
        read_check(verify)
