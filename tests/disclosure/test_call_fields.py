"""What a run says of its calls to a language model."""

from __future__ import annotations

import json
from typing import Any

import pytest

from synthnb.disclosure.entries import entry_for_run
from synthnb.disclosure.fields import catalogue
from synthnb.disclosure.folding import fold
from synthnb.disclosure.lint import findings
from synthnb.disclosure.record import Record

from .samples import Json, made, written

PROMPTS = f"sha256:{'1' * 64}"
REPLIES = f"sha256:{'2' * 64}"


def account(**changes: Any) -> Json:
    """The calls of a run, as `Calls.account` tells them."""
    told = {
        "calls": 120,
        "kept": 30,
        "tries": 123,
        "failed": 2,
        "discarded": {"unreadable": 4, "another row's text": 1},
        "tokens_in": 20_000,
        "tokens_out": 8_000,
        "money": 0.0214,
        "watt_hours": 0.31,
        "seconds": 40.2,
        "at_once": 8,
        "limits": {"tokens": 100_000, "money": None, "seconds": None, "watt_hours": None},
        "stopped": "",
        "returned": ["smollm2"],
        "fingerprints": ["fp_44"],
        "seed_support": True,
        "first_reply": "2026-11-23T15:40:01Z",
        "last_reply": "2026-11-23T15:41:20Z",
        "templates": [{"name": "one text", "digest": "sha256:7e", "text": "Write about {age}."}],
        "prompts_digest": PROMPTS,
        "replies_digest": REPLIES,
        "sent": [{"what": "100 rows of trial: age", "digest": "sha256:5e", "rows": "synthetic"}],
        "store": "calls.sqlite3",
        "origins": 100,
        "sensitive": False,
    }
    return told | changes


def asked(model: Json | None = None, calls: Json | None = None, **changes: Any) -> Json:
    """The fields of a column whose run counts its calls."""
    known = written()["model"] | {"weights_digest": "", "requested": "openai/large", "returned": "large-2026-08-06", "id": "openai/large"}
    told = account(returned=["large-2026-08-06"]) | (calls or {})
    fields: Json = entry_for_run(written(model=known | {"name": "large"} | (model or {}), calls=told, **changes))["fields"]
    return fields


def texts(**changes: Any) -> Json:
    output = {"name": "notes", "rows": 500, "columns": ["id", "text", "tone"], "digest": f"sha256:{'7' * 64}"}
    run = written(kind="texts", calls=account(), output=output, requested=500, delivered=500, inputs=[])
    return run | {"columns": [], "counts": {"near_duplicates_asked_again": 7}} | changes


def questions(**changes: Any) -> Json:
    documents = [{"name": f"doc{number}.md", "digest": f"sha256:{number:064d}", "rows": number} for number in range(30)]
    output = {"name": "qa", "rows": 48, "columns": ["question", "answer", "evidence"], "digest": f"sha256:{'8' * 64}"}
    run = written(kind="questions", calls=account(), output=output, requested=50, delivered=48, inputs=documents, columns=[])
    run["explained"] = [{"count": 2, "reason": "no evidence was found"}]
    run["counts"] = {"duplicates_dropped": 10, "holdout_contaminated_dropped": 5}
    run["parameters"] = {"level": 2, "verify": "majority:3", "verifier": "ollama/judge"}
    return run | changes


def compiled(**changes: Any) -> Json:
    run = made(engine="sampler", model=written()["model"], calls=account(), inputs=[], counts={})
    run["parameters"] = {"numbers_stated_by": {"user": 9, "model": 4}}
    return run | changes


EVERY = [written(calls=account()), texts(), questions(), compiled(), made(engine="llm", model=written()["model"], calls=account())]


@pytest.mark.parametrize("run", EVERY, ids=lambda run: f"{run['kind']} by {run['engine']}")
def test_nothing_is_claimed_and_no_persons_field_filled(run: Json) -> None:
    fields = entry_for_run(run)["fields"]
    assert findings(json.dumps(fields, ensure_ascii=False)) == []
    assert "human" not in {catalogue()[name].fill for name in fields}


def test_an_alias_that_another_model_answers_is_warned_of() -> None:
    assert asked()["modelVersion"] == [
        "requested openai/large, returned large-2026-08-06; the provider's mark of its system: fp_44",
        "warning: openai/large was requested and large-2026-08-06 replied; the name requested may be an alias, "
        "which the provider can move to another model",
    ]


@pytest.mark.parametrize("model", [{"requested": "openai/large-2026-08-06"}, {"name": "large-2026-08-06"}, {"weights_digest": "sha256:1"}])
def test_the_model_requested_isnt_warned_of(model: Json) -> None:
    assert isinstance(asked(model)["modelVersion"], str)


def test_several_models_in_one_run_are_warned_of() -> None:
    said = asked(calls={"returned": ["a", "b"]})["modelVersion"]
    assert said[0].startswith("requested openai/large, returned a, b;")
    assert said[1] == "warning: 2 models replied in one run, a, b"


def test_a_model_without_seeds_is_told_without_a_number() -> None:
    seed = asked(calls={"seed_support": False}, seed=4711)["seed"]
    assert seed == "“note” in “synthetic”: unsupported by the model: the same request can give another reply"


def test_a_model_whose_seeds_arent_known_of_is_told() -> None:
    assert asked(calls={"seed_support": None})["seed"].endswith(": 7; whether the model heeds it is not known")


def test_the_seed_of_rows_drawn_from_a_recipe_stays() -> None:
    seed = entry_for_run(compiled(calls=account(seed_support=False)))["fields"]["seed"]
    assert seed.startswith("“synthetic”: 7 for the rows drawn from the recipe; unsupported by the model")


def test_settings_come_before_the_other_parameters() -> None:
    parameters = {"temperature": 0.7, "top_p": 0.9, "max_tokens": 60, "repeat_penalty": 1.0}
    said = asked(parameters=written()["parameters"] | parameters)["parameters"]
    assert said[0] == "“note” in “synthetic”: temperature 0.7, top-p 0.9, at most 60 tokens a text, repetition penalty 1.0"


def test_every_template_is_told_with_digests_of_what_was_rendered() -> None:
    two = [*account()["templates"], {"name": "several", "digest": "sha256:8e", "text": "Write {n} texts."}]
    fields = asked(calls={"templates": two})
    assert fields["fullPrompt"] == ["“note”, one text: Write about {age}.", "“note”, several: Write {n} texts."]
    assert fields["promptVersions"].endswith(f"in order: {PROMPTS}; all replies, in order: {REPLIES}")


def test_a_sensitive_template_is_a_digest_with_the_reason() -> None:
    hidden = {"name": "one text", "digest": "sha256:7e", "text": None}
    assert asked(calls={"templates": [hidden], "sensitive": True})["fullPrompt"] == (
        "“note”, one text: kept out at the user's request; sha256:7e"
    )


def test_a_long_template_is_cut_and_its_digest_told() -> None:
    long = {"name": "one text", "digest": "sha256:7e", "text": "x" * 50_000}
    said = asked(calls={"templates": [long]})["fullPrompt"]
    assert len(said) < 4200
    assert said.endswith("… (cut; whole in the run; sha256:7e)")


def test_calls_tokens_cost_and_energy_are_told() -> None:
    assert asked()["compute"] == (
        "“note” in “synthetic”: fit 1.2 s, sample 0.5 s; 120 calls to the model, 3 sent again; 30 replies kept from an earlier run; "
        "20,000 tokens in, 8,000 tokens out; US$0.0214 at list prices; 0.31 Wh, as estimated; limits: 100,000 tokens"
    )


def test_an_unknown_price_and_energy_are_not_zero() -> None:
    said = asked(calls={"money": None, "watt_hours": None, "stopped": "the limit of 100,000 tokens was reached"})["compute"]
    assert "cost not known; energy not estimated" in said
    assert said.endswith("stopped early since the limit of 100,000 tokens was reached")


def test_discarded_replies_and_failed_calls_are_told_with_reasons() -> None:
    said = asked()["postProcessing"]
    assert "“note” in “synthetic”: 4 replies discarded: unreadable" in said
    assert "“note” in “synthetic”: 2 calls failed" in said


def test_what_was_sent_and_when_replies_came_is_told() -> None:
    said = asked({"locality": "hosted"})["accessMode"]
    assert said[0].startswith("hosted by the provider")
    assert said[1:] == [
        "“note”: in the prompts: 100 rows of trial: age (synthetic rows), sha256:5e",
        "“note”: replies were given from 2026-11-23 15:40:01 UTC to 2026-11-23 15:41:20 UTC",
    ]


def accessed(locality: str = "hosted", **calls: Any) -> list[str]:
    said: list[str] = asked({"locality": locality}, calls)["accessMode"]
    return said


def test_of_a_hosted_model_the_calls_and_the_kept_replies_are_told_apart() -> None:
    assert accessed()[0] == (
        "hosted by the provider; the prompts, with the values they hold, were sent there with 120 calls; "
        "30 replies were kept from earlier calls"
    )
    assert accessed(kept=0)[0] == "hosted by the provider; the prompts, with the values they hold, were sent there"


@pytest.mark.parametrize(("locality", "where"), [("hosted", "hosted by the provider"), ("local-server", "a server on this machine")])
def test_where_every_reply_was_kept_nothing_is_said_to_be_sent(locality: str, where: str) -> None:
    said = accessed(locality, calls=0, tries=0)
    assert said[0] == f"{where}; nothing was sent in this run, in which every reply was kept from an earlier call"
    assert said[1].startswith("“note”: in the prompts of the earlier calls: 100 rows of trial: age")


def test_where_no_call_was_made_nothing_is_said_to_be_sent() -> None:
    said = accessed(calls=0, kept=0, tries=0, failed=0, stopped="the limit of 0 tokens was reached")
    assert said[0] == "hosted by the provider; nothing was sent in this run, in which no call was made"
    assert said[1].startswith("“note”: meant for the prompts, but not sent, since no call was made: 100 rows of trial: age")


def test_of_a_run_that_was_stopped_the_rows_are_told_as_at_most_so_many() -> None:
    said = accessed(calls=18, kept=2, stopped="the limit of 900 tokens was reached")[1]
    assert said == (
        "“note”: in the prompts: at most 100 rows of trial: age (synthetic rows), sha256:5e; "
        "the run was stopped after 18 calls and 2 kept replies"
    )


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"what": "2 rows of frame: name", "rows": "real"}, "2 rows of frame: name (real rows, or rows of unknown origin), "),
        ({"what": "2 real rows of trial", "rows": "real"}, "2 real rows of trial, "),
        ({"what": "2 rows of the recipe", "rows": 2}, "2 rows of the recipe, "),
    ],
)
def test_whether_the_rows_in_the_prompts_are_real_is_told(sent: Json, said: str) -> None:
    assert f"in the prompts: {said}sha256:5e" in accessed(sent=[sent | {"digest": "sha256:5e"}])[1]


def test_recorded_replies_are_no_weights_and_no_alias() -> None:
    told: Json = {"id": "replay:a.jsonl", "requested": "replay:a.jsonl", "provider": "recorded replies (a.jsonl)", "developer": ""}
    told |= {"weights_digest": "sha256:6f", "open_weights": False, "licence": "", "quantisation": ""}
    fields = asked(told, {"returned": ["smollm2"]})
    assert fields["modelProvider"] == "recorded replies (a.jsonl)"
    assert fields["modelWeights"] == "recorded replies: no weights were run"
    assert fields["modelVersion"] == "requested replay:a.jsonl, returned smollm2; the provider's mark of its system: fp_44"
    assert fields["accessMode"][0] == "recorded replies, read from a file on this machine; nothing was sent elsewhere"


def test_where_the_reply_of_each_row_is_kept_is_told() -> None:
    assert asked()["recordLinks"].endswith("which reply each came of is kept in “calls.sqlite3”, under run-ba9876543210")
    assert asked(calls={"origins": 0})["recordLinks"].endswith("which reply each came of wasn't kept")


def test_a_corpus_of_texts_is_told_as_such() -> None:
    entry = entry_for_run(texts())
    assert (entry["kind"], entry["slot"]) == ("texts", "texts:notes")
    assert entry["fields"]["digitalSourceType"] == "“notes”: trainedAlgorithmicMedia"
    assert entry["fields"]["humanReadableStatement"].startswith(
        "“notes” is a corpus of 500 synthetic texts, written by the language model SmolLM2-135M-Instruct from a description."
    )
    assert entry["fields"]["deduplication"] == "“notes”: near duplicates asked again 7"


def test_questions_are_told_apart_from_the_passages_they_quote() -> None:
    entry = entry_for_run(questions())
    fields = entry["fields"]
    assert entry["slot"] == "questions:qa"
    assert fields["isSynthetic"].endswith("the evidence beside them is quoted from the documents")
    assert fields["digitalSourceType"] == "“qa”: compositeWithTrainedAlgorithmicMedia"
    assert "“doc0.md” (0 documents), “doc1.md” (1 document) and 28 more" in fields["humanReadableStatement"]
    assert fields["sourceDatasets"][-1] == "10 more; all in the run"


@pytest.mark.parametrize(
    ("asked", "nature", "extent", "statement"),
    [
        ({}, "questions and answers; the evidence", "the question and the answer, not the evidence", "an answer and a passage quoted"),
        (
            {"mode": "extractive"},
            "each answer is its evidence in one line, quoted",
            "the question, not the answer, the evidence",
            "an answer quoted",
        ),
        ({"answers": False}, "questions without answers; the evidence", "the question, not the evidence", "a passage quoted"),
    ],
    ids=["written", "quoted", "none"],
)
def test_where_answers_come_from_is_told(asked: Json, nature: str, extent: str, statement: str) -> None:
    fields = entry_for_run(questions(parameters={"level": 1, **asked}))["fields"]
    assert nature in fields["isSynthetic"]
    assert f"in each, {extent} and where it stands" in fields["syntheticShare"]
    assert f"each with {statement} from there." in fields["humanReadableStatement"]


def test_what_was_counted_and_is_none_is_left_out_but_for_copies() -> None:
    fields = entry_for_run(questions(counts={"unusable": 4, "unreadable": 0, "duplicates_exact": 0}))["fields"]
    assert fields["postProcessing"][0].endswith("; unusable 4")
    assert fields["deduplication"] == "“qa”: duplicates exact 0"


def test_a_recipe_without_a_number_of_the_models_says_none() -> None:
    fields = entry_for_run(compiled(parameters={"numbers_stated_by": {"user": 11}}))["fields"]
    assert "compile from a description, none of whose 11 numbers comes from it." in fields["humanReadableStatement"]


def test_rows_without_a_source_are_drawn_from_a_recipe() -> None:
    said = entry_for_run(made(engine="sampler", inputs=[], counts={}))["fields"]["humanReadableStatement"]
    assert said == "“synthetic” is synthetic data: 2,136 rows drawn by software from a recipe. Its rows are not observations."


def test_copies_of_the_holdout_are_counted_among_the_duplicates() -> None:
    assert entry_for_run(questions())["fields"]["deduplication"] == "“qa”: duplicates dropped 10, holdout contaminated dropped 5"


def test_a_second_model_is_named_and_a_persons_check_is_none() -> None:
    entry = entry_for_run(questions())
    assert entry["fields"]["auxiliaryModels"] == "checked the answers: ollama/judge"
    assert entry["fields"]["machineAnnotationTools"] == "“qa”: answers checked by: majority:3"
    assert fold([entry])["verification"]["values"] == []
    assert catalogue()["verification"].default == "none"


def test_questions_that_nothing_checked_say_none() -> None:
    fields = entry_for_run(questions(parameters={"level": 1}))["fields"]
    assert fields["machineAnnotationTools"] == "“qa”: answers checked by: none"


def test_rows_drawn_from_a_compiled_recipe_are_the_softwares() -> None:
    fields = entry_for_run(compiled())["fields"]
    assert fields["digitalSourceType"] == "“synthetic”: trainedAlgorithmicMedia"
    assert (
        "drawn by software from a recipe that the language model SmolLM2-135M-Instruct helped to compile"
        in (fields["humanReadableStatement"])
    )
    assert "4 of whose 13 numbers come from it" in fields["humanReadableStatement"]


def test_a_recipe_with_nothing_of_the_models_is_an_algorithms() -> None:
    fields = entry_for_run(compiled(calls=account(calls=5, kept=0, failed=1, discarded={"unreadable": 4})))["fields"]
    assert fields["digitalSourceType"] == "“synthetic”: algorithmicMedia"
    assert "nothing that the language model SmolLM2-135M-Instruct replied was used" in fields["humanReadableStatement"]


def test_rows_by_a_model_are_the_models() -> None:
    fields = entry_for_run(made(engine="llm", model=written()["model"], calls=account()))["fields"]
    assert fields["digitalSourceType"] == "“synthetic”: trainedAlgorithmicMedia"
    assert "written by the language model SmolLM2-135M-Instruct, which was told of “actg175”" in fields["humanReadableStatement"]


@pytest.mark.parametrize("calls", [{}, {"discarded": 3, "limits": "x", "templates": ["x", None], "sent": [4]}])
def test_an_account_of_another_shape_doesnt_stop_the_record(calls: Json) -> None:
    assert Record.from_entries([entry_for_run(written(calls=calls))]).digest


def test_the_licence_of_the_documents_is_proposed_where_it_was_said() -> None:
    said = entry_for_run(questions(parameters={"verify": "span", "licence": "CC BY 4.0"}))["fields"]
    assert said["license"] == "“qa”: the documents it quotes are under CC BY 4.0"
    unsaid = entry_for_run(questions(parameters={"verify": "span", "licence": "not stated"}))["fields"]
    assert not unsaid.get("license")


@pytest.mark.parametrize(
    ("part", "term"), [("none", "algorithmicMedia"), ("less", "trainedAlgorithmicMedia"), ("full", "trainedAlgorithmicMedia")]
)
def test_a_recipe_is_the_models_only_where_something_of_it_was_used(part: str, term: str) -> None:
    fields = entry_for_run(compiled(parameters={"numbers_stated_by": {"user": 9}, "model_part": part}))["fields"]
    assert fields["digitalSourceType"].split(": ")[1] == term
