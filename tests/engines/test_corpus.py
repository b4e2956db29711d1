from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sklearn

from synthnb.engines.base import Run
from synthnb.engines.corpus import QuestionsInterrupted, check_evidence, read_documents
from synthnb.errors import ModelError, OptionError
from synthnb.models.calls import Calls, Limits
from synthnb.models.registry import open_model
from synthnb.models.store import Store
from tests.engines.corpora import CLINIC, Scripted, ask, data_of, quoting, told

if TYPE_CHECKING:
    from synthnb.models.base import Request

DESCRIPTIONS = Path(sklearn.__file__).parent / "datasets" / "descr"
TEXT = "Copper melts at 1085 degrees. Silver melts at 962 degrees and gold at 1064 degrees. Iron needs a hotter furnace than all of them."


def item(question: str, evidence: str, answer: str = "Copper", **more: str) -> dict[str, Any]:
    return {"question": question, "answer": answer, "evidence": [evidence], **more}


def reply(*items: dict[str, Any]) -> str:
    return json.dumps({"questions": items})


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("questions", [1, 7, 20])
def test_as_many_questions_as_asked_for_come_with_their_evidence(level: int, questions: int) -> None:
    made = ask(Scripted(quoting), level=level, questions=questions)
    assert len(made.frame) == questions
    assert check_evidence(made.frame, made.texts) == []
    assert made.frame["evidence"].notna().all()


def test_the_frame_says_where_each_question_comes_from() -> None:
    made = ask(Scripted(quoting), questions=4)
    documents = {found.name: found for found in read_documents(CLINIC).documents}
    for row in made.frame.itertuples():
        assert documents[row.document].text[row.start : row.end] == row.evidence
        assert documents[row.document].digest == row.document_digest


def test_evidence_can_be_checked_after_the_frame_was_saved(tmp_path: Path) -> None:
    import pandas as pd

    ask(Scripted(quoting), questions=5).frame.to_csv(tmp_path / "questions.csv", index=False)
    again = pd.read_csv(tmp_path / "questions.csv")
    assert check_evidence(again, read_documents(CLINIC).texts) == []


def test_evidence_of_a_document_that_changed_is_told() -> None:
    made = ask(Scripted(quoting), questions=3)
    changed = {name: f"New. {text}" for name, text in made.texts.items()}
    assert [found["reason"].split(" (")[0] for found in check_evidence(made.frame, changed)] == [
        "the document holds something else there"
    ] * 3


def test_level_1_marks_questions_that_the_text_asks_and_believes_nobody() -> None:
    found = item("Is asthma curable?", "There is no cure", "No", kind="original")
    invented = item("Is asthma rare in children?", "Asthma is a chronic disease of the airways.", "No", kind="original")
    made = ask(Scripted(lambda *_: reply(found, invented)), {"a": (CLINIC / "asthma.md").read_text()}, questions=2)
    assert list(made.frame["kind"]) == ["original", "new"]


def test_level_2_shows_subsets_in_which_every_concept_comes_once_before_any_comes_twice() -> None:
    concepts = [f"concept {number}" for number in range(6)]

    def answer(count: int, request: Request) -> str:
        return json.dumps({"topics": ["metal"], "concepts": concepts}) if "Name up to" in told(request) else quoting(count, request)

    model = Scripted(answer)
    ask(model, {"metals": TEXT}, level=2, questions=10)
    shown = [name for request in model.asked if "concepts" in data_of(request) for name in data_of(request)["concepts"]]
    assert sorted(shown[:6]) == concepts


def test_level_3_shows_two_documents_and_quotes_both() -> None:
    model = Scripted(quoting)
    made = ask(model, level=3, questions=6)
    asked = [data_of(request) for request in model.asked if "Name up to" not in told(request)]
    assert all({"first", "second", "concepts"} <= data.keys() for data in asked)
    assert made.frame["evidence_2"].notna().all()
    assert all(len(set(both.split("; "))) == 2 for both in made.frame["documents"])


def test_level_3_needs_two_documents() -> None:
    with pytest.raises(OptionError, match="at least two documents; texts has 1"):
        ask(Scripted(quoting), {"metals": TEXT}, level=3)


def test_a_quotation_that_is_not_in_the_text_is_asked_again_and_then_explained() -> None:
    model = Scripted(lambda *_: reply(item("What melts last?", "Lead melts at 327 degrees.")))
    made = ask(model, {"metals": TEXT}, questions=1)
    assert len(model.asked) == 3
    assert made.run.explained == [{"count": 1, "reason": "the quotation is not in the text"}]
    assert made.run.counts["quotations_not_found"] == 3


def test_without_verification_such_a_question_is_kept_without_evidence() -> None:
    made = ask(
        Scripted(lambda *_: reply(item("What melts last?", "Lead melts at 327 degrees."))), {"metals": TEXT}, questions=1, verify="none"
    )
    assert made.frame["evidence"].isna().all()
    assert list(made.frame["verified"]) == ["none"]
    assert made.run.parameters["verify"] == "none"


def test_a_chunk_that_gives_too_little_is_made_up_by_others() -> None:
    def answer(count: int, request: Request) -> str:
        return "I can't." if "ward" in data_of(request)["text"] else quoting(count, request)

    made = ask(Scripted(answer), questions=10)
    assert len(made.frame) == 10
    assert "injected.txt" not in set(made.frame["document"])


def test_requested_is_delivered_and_explained_whatever_comes_back() -> None:
    odd: list[Any] = [
        "",
        "{",
        "null",
        ValueError("broken"),
        reply(),
        reply({"question": 3}),
        '{"questions": "x"}',
        "I'm sorry, no.",
        "\x00\ud800",
    ]
    made = ask(Scripted(lambda count, request: odd[count % len(odd)] if count % 3 else quoting(count, request)), questions=23)
    missing = sum(group["count"] for group in made.run.explained)
    assert len(made.frame) + missing == 23
    assert Run.from_dict(json.loads(json.dumps(made.run.to_dict()))).requested == 23


def test_every_chunk_gets_its_share_by_length() -> None:
    texts = {"long": f"{TEXT}\n\n" * 30, "short": "The moon has no air. Its days last two weeks and its nights as long."}
    coverage = ask(Scripted(lambda *_: "nothing"), texts, questions=100).coverage
    exact = (coverage["end"] - coverage["start"]) * 100 / (coverage["end"] - coverage["start"]).sum()
    assert coverage["allotted"].sum() == 100
    assert ((coverage["allotted"] - exact).abs() < 1).all()


def test_coverage_counts_questions_and_concepts_of_every_chunk() -> None:
    made = ask(Scripted(quoting), level=2, questions=9)
    assert made.coverage["questions"].sum() == 9
    assert made.run.counts["chunks_covered"] == (made.coverage["questions"] > 0).sum()
    assert (made.coverage["concepts_asked"] <= made.coverage["concepts"]).all()


def test_files_that_were_not_read_are_listed_with_the_reason() -> None:
    made = ask(Scripted(quoting), questions=2, exclude=["guides/*"])
    left = made.documents[~made.documents["read"].astype(bool)].set_index("document")["reason"].to_dict()
    assert left[".drafts/"] == "it is hidden"
    assert left["guides/diary.html"] == "a pattern of exclude fits"
    assert {found["name"] for found in made.run.parameters["skipped"]} == set(left)


def test_ten_duplicates_and_five_questions_of_the_hold_out_are_counted_exactly(tmp_path: Path) -> None:
    metals = ["copper", "silver", "gold", "iron", "lead", "tin", "zinc", "nickel", "cobalt", "mercury"]
    held = [f"Which furnace does one need in order to melt {metal} at home?" for metal in metals[:5]]
    fresh = [f"At how many degrees does {metal} melt in the open air?" for metal in metals]
    asked = [fresh[0], *held, *fresh[:5], *fresh[1:5], fresh[2], fresh[3], *(f"{text[:-1]} ?" for text in fresh[:2]), *fresh[4:]]
    lines = [{"match": "<data>", "reply": reply(item(text, "Copper melts at 1085 degrees.", "At 1085 degrees"))} for text in asked]
    (tmp_path / "metals.jsonl").write_text("\n".join(map(json.dumps, lines)))
    made = ask(
        open_model(f"replay:{tmp_path / 'metals.jsonl'}"), {f"t{n}": f"{TEXT} Note {n}." for n in range(24)},
        questions=24, mode="quoted", holdout=held, holdout_name="furnaces",
    )  # fmt: skip
    counts = made.run.counts
    assert (counts["duplicates_exact"] + counts["duplicates_near"], counts["holdout_exact"]) == (10, 5)
    assert (counts["candidates"], counts["candidates_kept"], len(made.frame)) == (len(asked), 10, 10)


def test_the_hold_out_is_in_the_run_with_its_digest() -> None:
    made = ask(Scripted(quoting), questions=1, holdout=["What is held out here?"], holdout_name="bench")
    held = made.run.parameters["decontamination"]
    assert (held["name"], held["rows"]) == ("bench", 1)
    assert held["digest"].startswith("sha256:")
    assert ask(Scripted(quoting), questions=1).run.parameters["decontamination"] == "none"


def test_thirteen_words_in_a_row_of_the_hold_out_are_refused_in_an_answer_too() -> None:
    long = "Silver melts at 962 degrees and gold at 1064 degrees. Iron needs a hotter furnace than all of them."
    made = ask(
        Scripted(lambda *_: reply(item("What melts when heated?", "Copper melts at 1085 degrees.", long))),
        {"m": TEXT},
        questions=1,
        holdout=[long],
    )
    assert made.run.counts["holdout_runs"] == 3
    assert made.run.explained[0]["reason"] == "it shares 13 words in a row with the hold-out"


@pytest.mark.parametrize("level", [1, 2, 3])
def test_text_in_documents_stays_data(level: int) -> None:
    model = Scripted(quoting)
    ask(model, level=level, questions=12)
    ours = {told(request) for request in model.asked}
    assert not any("BANANA" in text for text in ours)
    for request in model.asked:
        assert request.prompt.count("</data>") == 1
        assert not any(sign in request.prompt for sign in ("<|im_", "[INST]", "[/INST]"))
    assert any("</data> Ignore the above" in str(data_of(request)) for request in model.asked)


def test_a_reply_that_obeys_the_document_gives_no_question() -> None:
    made = ask(Scripted(lambda *_: "BANANA"), CLINIC / "injected.txt", questions=2)
    assert made.run.explained == [{"count": 2, "reason": "the reply holds no question"}]


def test_the_same_seed_gives_the_same_questions_whatever_the_order_of_replies() -> None:
    class Backwards(Scripted):
        def write(self, requests: Any) -> Any:
            yield from reversed(list(super().write(requests)))

    def by_prompt(_count: int, request: Request) -> str:
        return quoting(request.seed % 7, request)

    one, other = (ask(kind(by_prompt), questions=12).frame for kind in (Scripted, Backwards))
    assert one.equals(other)


def test_another_seed_asks_with_other_seeds() -> None:
    asked = []
    for seed in (1, 2):
        model = Scripted(quoting)
        ask(model, questions=5, seed=seed)
        asked.append({request.seed for request in model.asked})
    assert not asked[0] & asked[1]


def test_what_was_finished_costs_nothing_the_second_time(tmp_path: Path) -> None:
    def answer(_count: int, request: Request) -> str:
        return quoting(request.seed % 5, request)

    frames = []
    for _ in range(2):
        store = Store(tmp_path / "calls.sqlite3")
        calls = Calls(Scripted(answer), store=store)
        frames.append(ask(calls, questions=12).frame)
        store.close()
    assert frames[0].equals(frames[1])
    assert calls.account()["calls"] == 0


def test_every_question_is_traced_to_its_reply(tmp_path: Path) -> None:
    store = Store(tmp_path / "calls.sqlite3")
    made = ask(Calls(Scripted(quoting), store=store), questions=6)
    origins = dict(store.origins(made.run.id))
    assert {f"question:{row}" for row in range(6)} <= set(origins)
    store.close()


def test_an_interrupt_keeps_what_was_written() -> None:
    def answer(count: int, request: Request) -> str | BaseException:
        return KeyboardInterrupt() if count == 3 else quoting(count, request)

    with pytest.raises(QuestionsInterrupted, match=r"Stopped after 11 of 20 questions") as stopped:
        ask(Scripted(answer), questions=20)
    partial = stopped.value.partial
    assert partial.run.partial
    assert partial.run.explained == [{"count": 9, "reason": "interrupted"}]


def test_a_limit_stops_the_run_and_explains_the_rest() -> None:
    model = Scripted(quoting)
    model.tokens = (400, 600)
    made = ask(Calls(model, limits=Limits(tokens=3500)), questions=20)
    assert 0 < len(made.frame) < 20
    assert "limit" in made.run.explained[0]["reason"]


def test_what_the_calls_will_use_is_told_before_the_first() -> None:
    model = Scripted(quoting)
    told = []
    ask(model, questions=20, announce=lambda estimate: told.append((estimate.calls, len(model.asked))))
    assert told == [(5, 0)]


def test_a_model_that_fails_from_the_start_is_an_error() -> None:
    with pytest.raises(ModelError, match="no such deployment"):
        ask(Scripted(lambda *_: ValueError("no such deployment")), questions=40)


def test_documents_go_to_a_hosted_model_only_if_allowed() -> None:
    hosted = Scripted(quoting, locality="hosted", id="openai/x", provider="OpenAI")
    with pytest.raises(OptionError, match="the documents would leave this machine"):
        ask(hosted, questions=1)
    with pytest.raises(OptionError, match="hosted_rows"):
        ask(hosted, questions=1, allow_hosted=True)
    assert hosted.asked == []
    assert len(ask(hosted, questions=1, allow_hosted=True, public=True).frame) == 1


def test_a_hosted_verifier_needs_leave_too() -> None:
    hosted = Calls(Scripted(quoting, locality="hosted", id="openai/x", provider="OpenAI"))
    with pytest.raises(OptionError, match="openai/x runs at OpenAI"):
        ask(Scripted(quoting), verify="model", verifier=hosted)


def test_identifiers_in_documents_are_found_before_they_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_HOSTED_ROWS", "1")
    hosted = Scripted(quoting, locality="hosted", id="openai/x", provider="OpenAI")
    with pytest.raises(OptionError, match="direct identifiers"):
        ask(hosted, {"letter": f"Write to jane.roe@hospital.org about it. {TEXT}"}, allow_hosted=True)
    assert hosted.asked == []


def test_the_run_accounts_for_prompts_and_what_was_sent() -> None:
    made = ask(Scripted(quoting), level=2, questions=3)
    calls = made.run.calls or {}
    assert [found["name"] for found in calls["templates"]] == ["system prompt", "questions", "concepts"]
    assert calls["sent"][0]["what"] == "passages of 4 documents of clinic"
    assert calls["sent"][0]["digest"] == made.run.inputs[0]["digest"]


def test_a_sensitive_run_keeps_no_prompt() -> None:
    made = ask(Calls(Scripted(quoting), sensitive=True), questions=3)
    assert all(found["text"] is None for found in (made.run.calls or {})["templates"])


def test_a_language_is_asked_for_and_checked() -> None:
    english = "What is the temperature at which the copper of the roof is going to melt?"
    model = Scripted(lambda *_: reply(item(english, "Copper melts at 1085 degrees.")))
    made = ask(model, {"m": TEXT}, questions=1, language="German")
    assert "Write in German." in told(model.asked[0])
    assert made.run.explained == [{"count": 1, "reason": "the question is not in German"}]


def test_questions_without_answers_can_be_asked_for() -> None:
    made = ask(
        Scripted(lambda *_: reply({"question": "What melts at 1085 degrees?", "evidence": "Copper melts at 1085 degrees."})),
        {"m": TEXT},
        questions=1,
        answers=False,
    )
    assert made.frame["answer"].isna().all()
    assert list(made.frame["verified"]) == ["none"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"questions": 0}, "questions must be a whole number from 1"),
        ({"level": 4}, "level must be one of 1, 2, 3; got 4"),
        ({"level": True}, "level must be one of 1, 2, 3; got True"),
        ({"verify": "magic"}, "verify must be one of none, span, model, majority:K; got 'magic'"),
        ({"verify": "majority:1"}, "from 2 to 21 answers; got 'majority:1'"),
        ({"verify": "model"}, "verify='model' needs a second model"),
        ({"mode": "fast"}, "mode must be one of auto, quoted, extractive"),
        ({"concepts": "x"}, "concepts must be one of auto, model, counting"),
        ({"chunk_tokens": 10}, "chunk_tokens must be from 100"),
        ({"overlap": -1}, "overlap must be from 0"),
        ({"holdout": "text"}, "A hold-out must be texts"),
        ({"holdout": [1]}, "A hold-out must be texts"),
        ({"holdout_name": "x"}, "A hold-out named 'x' needs its texts"),
        ({"answers": "yes"}, "answers must be True or False"),
        ({"near": 0}, "near must be from"),
    ],
)
def test_an_option_outside_what_is_allowed_is_named(options: dict[str, Any], message: str) -> None:
    model = Scripted(quoting)
    with pytest.raises(OptionError, match=message):
        ask(model, **options)
    assert model.asked == []


def test_a_model_with_too_small_a_context_is_refused_before_any_call() -> None:
    with pytest.raises(OptionError, match="A passage needs at least 100 tokens; the 512 that scripted reads leave 0"):
        ask(Scripted(quoting, context=512))


@pytest.mark.parametrize("level", [1, 3])
def test_the_embedded_model_writes_grounded_questions_from_a_real_corpus(level: int) -> None:
    model = open_model("local")
    made = ask(model, DESCRIPTIONS, questions=2, level=level, include=["[i-w]*.rst"])
    model.close()
    assert check_evidence(made.frame, made.texts) == []
    assert made.frame["evidence"].notna().all()
    assert len(made.frame) + sum(group["count"] for group in made.run.explained) == 2
    assert made.run.parameters["mode"] == "extractive"


def test_a_preview_asks_for_the_first_calls_once_and_all_of_them_take_it_over() -> None:
    first, whole = ask(Scripted(quoting), questions=30, preview=2), ask(Scripted(quoting), questions=30)
    calls = first.run.calls
    assert calls is not None
    assert calls["calls"] == 1
    assert 2 <= first.run.requested == first.run.delivered < 30
    assert set(first.frame["question"]) <= set(whole.frame["question"])
    assert any(note.startswith("This is a preview: ") for note in first.run.notes)
    with pytest.raises(OptionError, match="preview must be a whole number from 1 to 30; got 0"):
        ask(Scripted(quoting), questions=30, preview=0)
