"""Questions and answers from documents: evidence, coverage, repetition, contamination."""

from __future__ import annotations

import json
import math
import pydoc_data.topics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from synthnb.engines.corpus import check_evidence
from synthnb.evaluation import corpora
from synthnb.evaluation.base import Comparison, Score, run_step
from synthnb.evaluation.corpora.evidence import is_supported
from synthnb.evaluation.facts import Facts
from synthnb.evaluation.profiles import find_profile
from synthnb.evaluation.report import evaluate_frames

SOURCES = dict(sorted(pydoc_data.topics.topics.items())[:10])
Asking = Callable[..., Comparison]


def questions(count: int = 30) -> Any:
    """One question for each of the first documents in turn, with evidence that stands there."""
    names = [list(SOURCES)[i % 8] for i in range(count)]
    starts = [40 * (i // 8) + 10 for i in range(count)]
    rows = [(name, start, SOURCES[name][start : start + 60]) for name, start in zip(names, starts, strict=True)]
    return pd.DataFrame(
        {
            "question": [f"What does section {i} of {name} say about number {i * 7}?" for i, (name, _, _) in enumerate(rows)],
            "answer": [text for _, _, text in rows],
            "evidence": [text for _, _, text in rows],
            "document": [name for name, _, _ in rows],
            "start": [start for _, start, _ in rows],
            "end": [start + len(text) for _, start, text in rows],
            "level": [1 + i % 2 for i in range(count)],
            "concepts": [f"concept {i % 4}; other" for i in range(count)],
        }
    )


@pytest.fixture
def asking(comparing: Any) -> Asking:
    def made(frame: pd.DataFrame, holdout: pd.DataFrame | None = None, sources: dict[str, str] | None = None) -> Comparison:
        real = frame.iloc[:0] if holdout is None else frame.iloc[:0][list(holdout.columns)]
        compared: Comparison = comparing(frame, real, holdout, facts=Facts(sources=SOURCES if sources is None else sources))
        return compared

    return made


def everything(comparison: Comparison) -> dict[str, Score]:
    return {score.metric: score for name in corpora.__all__ for score in run_step(getattr(corpora, name), comparison).scores}


def test_evidence_that_stands_there_by_hand(asking: Asking) -> None:
    frame = questions(10)
    frame.loc[0, "evidence"] = "this was never written there"
    frame.loc[1, "start"] += 1
    frame.loc[2, "document"] = "nowhere"
    frame.loc[3, "evidence"] = None
    score = everything(asking(frame))["evidence_verbatim_share"]
    assert (score.value, score.n) == (0.6, 10)
    assert (score.parameters["without_evidence"], score.parameters["unknown_documents"]) == (1, 1)


def test_evidence_is_found_wanting_where_the_engine_finds_it_so(asking: Asking) -> None:
    frame = questions(24)
    frame.loc[[3, 7], "start"] += 2
    frame.loc[[9], "evidence"] = "invented"
    wanting = {found["row"] for found in check_evidence(frame, SOURCES)}
    assert wanting == {3, 7, 9}
    assert everything(asking(frame))["evidence_verbatim_share"].value == 1 - len(wanting) / 24


def test_evidence_without_offsets_may_stand_anywhere(asking: Asking) -> None:
    found = everything(asking(questions(10).drop(columns=["start", "end"])))
    assert found["evidence_verbatim_share"].value == 1
    assert found["passages_covered_share"].value is not None


def test_a_second_piece_of_evidence_has_to_stand_there_too(asking: Asking) -> None:
    frame = questions(10)
    second = {f"{name}_2": frame[name] for name in ("evidence", "document", "start", "end")}
    frame = frame.assign(**second)
    frame.loc[4, "evidence_2"] = "not there"
    assert everything(asking(frame))["evidence_verbatim_share"].value == 0.9


@pytest.mark.parametrize(
    ("answer", "evidence", "held"),
    [
        ("Founded in 1843.", "It was FOUNDED, in 1843, by", True),
        ("In 1844", "It was founded in 1843", False),
        ("yes", "yes it is", True),
        ("no", "yes it is", False),
        ("the object method returns nothing", "the method of an object gives None", False),
        ("the object method returns", "the method of an object returns None", True),
    ],
)
def test_support_goes_by_words_and_numbers(answer: str, evidence: str, held: bool) -> None:
    assert is_supported(answer, evidence) is held


def test_support_has_wilsons_interval(asking: Asking) -> None:
    frame = questions(10)
    frame.loc[:1, "answer"] = "Completely unrelated zebras"
    score = everything(asking(frame))["answers_supported_share"]
    assert [score.value, score.low, score.high] == pytest.approx([0.8, 0.490162, 0.943318], abs=1e-6)


def test_coverage_by_hand(asking: Asking) -> None:
    found = everything(asking(questions(16)))
    assert found["documents_covered_share"].value == 0.8
    assert found["document_evenness"].value == pytest.approx(math.log(8) / math.log(10), abs=1e-6)
    assert found["level_evenness"].value == pytest.approx(math.log(2) / math.log(3), abs=1e-6)
    passages = sum(-(-len(text) // 2000) for text in SOURCES.values())
    assert found["passages_covered_share"].value == pytest.approx(8 / passages, abs=1e-6)
    shares = [1 / 2, *[1 / 8] * 4]
    assert found["concept_evenness"].value == pytest.approx(-sum(p * math.log(p) for p in shares) / math.log(5), abs=1e-6)


def test_one_level_only_is_no_spread(asking: Asking) -> None:
    assert everything(asking(questions(8).assign(level=1.0)))["level_evenness"].value == 0


def test_questions_asked_twice(asking: Asking) -> None:
    frame = questions(10)
    frame.loc[9, "question"] = frame.loc[0, "question"].upper()
    found = everything(asking(frame))
    assert (found["question_duplicates_share"].value, found["question_near_duplicates_share"].value) == (0.2, 0.2)


def test_contamination_by_hand(asking: Asking) -> None:
    frame = questions(10)
    run = "one two three four five six seven eight nine ten eleven twelve thirteen"
    frame.loc[0, "question"] = f"Is it so that {run} hold?"
    kept = pd.DataFrame({"question": [f"Say, {run}, is it?", frame.loc[1, "question"].lower(), "something else entirely"]})
    score = everything(asking(frame, kept))["questions_contaminated_share"]
    assert (score.value, score.parameters["equal"]) == (0.2, 1)


def test_without_a_holdout_or_documents_there_is_a_reason(asking: Asking) -> None:
    found = everything(asking(questions(8), sources={"": ""}))
    assert "holdout=" in str(found["questions_contaminated_share"].reason)
    assert found["evidence_verbatim_share"].value == 0
    assert "sources=" in str(everything(asking(questions(8), sources={}))["documents_covered_share"].reason)


@pytest.mark.parametrize("cell", ["", None, "\ud800\x00", "<img src=x>", "🙂", "x " * 50_000, 7.5])
def test_hostile_cells_give_values_or_reasons(cell: Any, asking: Asking) -> None:
    frame = questions(4).astype(object)
    for name in frame.columns:
        frame.loc[1, name] = cell
    found = everything(asking(frame))
    assert [score.reason for score in found.values() if "failed" in str(score.reason)] == []
    assert found["evidence_verbatim_share"].value == 0.75
    json.dumps([score.to_dict() for score in found.values()], allow_nan=False)


@pytest.mark.parametrize("frame", [questions(8).iloc[:0], questions(8)[["question"]], pd.DataFrame({"x": [1]}), questions(1)])
def test_small_frames_and_missing_columns_give_values_or_reasons(frame: pd.DataFrame, asking: Asking) -> None:
    found = everything(asking(frame))
    assert all((score.value is None) != (score.reason is None) for score in found.values())
    assert [score.reason for score in found.values() if "failed" in str(score.reason)] == []


def test_the_profile_passes_good_questions_and_fails_invented_evidence() -> None:
    good, bad = questions(40), questions(40).assign(evidence="nothing of the kind")
    outcomes = []
    for frame in (good, bad):
        report = evaluate_frames(frame, None, profile="corpus-core/1", facts=Facts(sources=SOURCES), seed=1)
        outcomes.append({gate["metric"]: gate["outcome"] for gate in report.gates})
    assert [outcome["evidence_verbatim_share"] for outcome in outcomes] == ["pass", "fail"]
    assert outcomes[0]["vendi_score"] == "pass"


def test_every_metric_is_in_the_docs() -> None:
    page = (Path(__file__).parents[2] / "docs" / "evaluation" / "corpus.md").read_text(encoding="utf-8")
    steps = [step for step in find_profile("corpus-core/1").steps if step in [getattr(corpora, name) for name in corpora.__all__]]
    assert len(steps) == len(corpora.__all__)
    assert [one.metric for step in steps for one in step.gives if f"`{one.metric}`" not in page] == []
