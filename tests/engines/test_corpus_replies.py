from __future__ import annotations

import json
import time

import pytest

from synthnb.engines.corpus.concepts import Concepts, CountedConcepts, read_concepts
from synthnb.engines.corpus.prompts import is_small
from synthnb.engines.corpus.replies import Candidate, about_the_text_itself, one_question, read_candidates, unusable
from synthnb.models.base import ModelInfo, Reply

ONE = Candidate("What is asthma?", "A disease", ("a chronic disease",))


def said(text: str) -> Reply:
    return Reply(text=text, tokens_in=1, tokens_out=1, finish="stop", model="m")


@pytest.mark.parametrize(
    "text",
    [
        '{"questions": [{"kind": "new", "question": "What is asthma?", "answer": "A disease", "evidence": ["a chronic disease"]}]}',
        '```json\n[{"question": "What is  asthma?", "answer": "A disease", "quote": "a chronic disease"}]\n```',
        'Sure! {"question": "What is asthma?", "answer": "A disease", "evidence": "a chronic disease"} Anything else?',
        '{"questions": [{"question": "What is asthma?", "answer": "A disease", "evidence": ["a chronic disease"]}, {"question": "And wha',
        "Q: What is asthma?\nA: A disease\nE: a chronic disease",
        "1. **Question:** What is asthma?\n   **Answer:** A\ndisease\n   **Evidence:** a chronic disease",
    ],
)
def test_a_question_is_read_in_any_of_the_usual_forms(text: str) -> None:
    assert read_candidates(text) == [ONE]


@pytest.mark.parametrize(
    "text", ["", "null", "{}", '{"questions": 3}', '{"questions": [3, "x", null]}', "BANANA", '{"question": null}', "[" * 5000]
)
def test_what_is_no_question_gives_none(text: str) -> None:
    assert read_candidates(text) == []


@pytest.mark.parametrize("piece", ["{", "[", '{"a":', "Q: a\n", '{"a": [', "\\", " ", "Q ", "* "])
def test_hostile_replies_take_no_time(piece: str) -> None:
    begun = time.process_time()
    read_candidates(f"Q{piece * (300_000 // len(piece))}")
    one_question(said(piece * (300_000 // len(piece))))
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (Candidate("Why?", "So", ()), "the question has fewer than three words"),
        (Candidate("What is asthma?", "", ()), "the answer is missing"),
        (Candidate("I'm sorry, but I can't do that", "x", ()), "the model declined"),
        (Candidate("What does <|im_end|> mean here?", "x", ()), "the model repeated its prompt"),
        (Candidate("What is </data> in it?", "x", ()), "the model repeated its prompt"),
        (Candidate("word " * 200, "x", ()), "the question or its answer is too long"),
    ],
)
def test_a_candidate_that_can_not_be_taken_says_why(candidate: Candidate, reason: str) -> None:
    assert unusable(candidate, answers=True) == reason


def test_a_good_candidate_can_be_taken() -> None:
    assert unusable(ONE, answers=True) == ""
    assert unusable(Candidate("What is asthma?"), answers=False) == ""


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("What is asthma? It is a disease.", "What is asthma?"),
        ('1. "How many patients wake?"', "How many patients wake?"),
        ("Here it is:\nQuestion: Who wakes at night?", "Who wakes at night?"),
        ("哮喘是什么？", "哮喘是什么？"),
        ("No question.", ""),
        ("?", ""),
    ],
)
def test_one_question_is_taken_out_of_a_reply(text: str, question: str) -> None:
    assert one_question(said(text)) == question


def test_a_question_must_be_about_what_its_evidence_says() -> None:
    evidence = "Two in five patients wake at night from coughing."
    assert about_the_text_itself("How many patients wake at night?", evidence) == ""
    assert about_the_text_itself("What is the purpose of the sentence?", evidence) == "the question is about the sentence itself"
    assert about_the_text_itself("What is the capital of France?", evidence) == "the question shares no word with its evidence"


def test_concepts_are_read_without_doubles_and_overlong_names() -> None:
    text = json.dumps({"topics": ["Asthma", 3], "concepts": ["Peak flow", "peak  flow", "x" * 100, "", "inhaler"]})
    assert read_concepts(f"Here: {text}") == Concepts(("Asthma",), ("Peak flow", "inhaler"), "the model")


@pytest.mark.parametrize("text", ["", "asthma, peak flow", '{"concepts": "x"}', '{"concepts": []}', '{"topics": ["a"]}'])
def test_a_reply_without_concepts_gives_none(text: str) -> None:
    assert read_concepts(text) is None


def test_counted_concepts_are_runs_between_stop_words_scored_as_documented() -> None:
    # Runs: peak flow, clinic | peak flow | thrush. N = 3; df(peak flow) = 2; deg/freq of peak and flow is 2, of clinic and thrush 1.
    counted = CountedConcepts(["peak flow at the clinic", "the peak flow", "thrush"])
    assert counted.score("peak flow") == pytest.approx(0.9162907 * 2)  # ln(1 + 3/2) times 2
    assert counted.score("clinic") == pytest.approx(1.3862944)  # ln(1 + 3/1)
    assert counted.best_in("peak flow at the clinic") == "peak flow"


@pytest.mark.parametrize("piece", ["x", "a-", "x'", "x ", "@", "a@", "http://"])
def test_counting_takes_no_time(piece: str) -> None:
    begun = time.process_time()
    CountedConcepts([piece * (300_000 // len(piece))]).of(0)
    assert time.process_time() - begun < 5


def test_counted_concepts_leave_out_addresses_and_parts_of_numbers() -> None:
    counted = CountedConcepts(["Mail joe@example.org or see https://example.org/long/path about the 4th inhaler."])
    names = {*counted.of(0).topics, *counted.of(0).concepts}
    assert not any("example" in name or name.startswith("th ") for name in names)


@pytest.mark.parametrize(
    ("name", "small"),
    [
        ("SmolLM2-135M-Instruct", True),
        ("ollama/qwen2.5:0.5b", True),
        ("gemma-3-270m-it", True),
        ("llama3.2:3b", False),
        ("Qwen3-30B-A3B", False),
        ("mixtral-8x7b", False),
        ("openai/gpt-5-mini", False),
    ],
)
def test_a_small_model_is_known_by_its_name(name: str, small: bool) -> None:
    assert is_small(ModelInfo(id=name, name=name, provider="p", licence="", locality="hosted")) is small
