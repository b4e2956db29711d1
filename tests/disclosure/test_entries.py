"""What runs, reports, statements and exports add to the record."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from synthnb._canonical import digest, without
from synthnb.disclosure.entries import StatementError, entry_for_export, entry_for_report, entry_for_run, entry_for_statements, stamped
from synthnb.disclosure.fields import catalogue
from synthnb.disclosure.folding import is_readable
from synthnb.disclosure.lint import findings
from synthnb.disclosure.record import validate
from synthnb.engines.impute import impute
from synthnb.engines.plan import prepare
from synthnb.errors import OptionError

from .samples import entries, evaluated, made, score, written

EXPORT = {"path": "out/report.html", "sha256": f"sha256:{'f' * 64}", "bytes": 1234, "record_digest": f"sha256:{'1' * 64}"}


def every() -> list[dict[str, Any]]:
    return [*entries(), entry_for_statements({"intent": "teaching"}), entry_for_export(EXPORT)]


@pytest.mark.parametrize("entry", every(), ids=lambda entry: entry["kind"])
def test_entries_match_the_schema_and_end_in_their_digest(entry: dict[str, Any]) -> None:
    validate(entry, "entry")
    assert is_readable(entry)
    assert entry["digest"] == digest(without(entry, "digest"))


@pytest.mark.parametrize("entry", every(), ids=lambda entry: entry["kind"])
def test_only_the_fields_of_the_catalogue_are_filled_and_no_human_ones_by_machine(entry: dict[str, Any]) -> None:
    fills = {catalogue()[name].fill for name in entry["fields"]}
    assert fills == {"human"} if entry["kind"] == "disclose" else "human" not in fills


@pytest.mark.parametrize("entry", every(), ids=lambda entry: entry["kind"])
def test_what_the_machine_writes_claims_nothing(entry: dict[str, Any]) -> None:
    assert findings(json.dumps(entry["fields"], ensure_ascii=False)) == []


def test_the_same_run_gives_the_same_entry() -> None:
    assert entry_for_run(made()) == entry_for_run(made())


def test_a_run_by_trees_says_where_it_came_from() -> None:
    fields = entry_for_run(made())["fields"]
    assert fields["digitalSourceType"] == "“synthetic”: algorithmicMedia"
    assert fields["humanReadableStatement"] == (
        "“synthetic” is synthetic data: 2,136 rows made by software, drawn from a model of “actg175” (2,139 rows). "
        "Its rows are not observations. 1 row of it is equal to one of these that occurs once."
    )
    assert fields["sourceDatasets"] == [f"“actg175”: 2,139 rows, 2 columns, sha256:{'b' * 64}"]


def test_the_rows_add_up_in_words() -> None:
    fields = entry_for_run(made())["fields"]
    assert fields["postProcessing"] == [
        "“synthetic”: 2,139 rows requested, 2,136 delivered; 3 not delivered: exact copies of real rows; levels pooled 2"
    ]
    assert fields["deduplication"] == "“synthetic”: uncommon copies resampled 12, uncommon copies left 1; of rows that occur once"


def test_a_column_by_a_model_says_who_wrote_it() -> None:
    fields = entry_for_run(written())["fields"]
    assert fields["digitalSourceType"] == "“note” in “synthetic”: trainedAlgorithmicMedia"
    assert fields["modelName"] == "SmolLM2-135M-Instruct"
    assert fields["modelWeights"] == f"open weights, licence Apache-2.0, quantised Q4_1, sha256:{'d' * 64}"
    assert fields["fullPrompt"] == "“note”: Write about {age}."
    assert "nothing was sent elsewhere" in fields["accessMode"]


def test_the_stand_in_is_not_called_a_model() -> None:
    fields = entry_for_run(written(model={"id": "echo", "name": "echo", "locality": "in-process", "stand_in": True}))["fields"]
    assert fields["digitalSourceType"] == "“note” in “synthetic”: algorithmicMedia"
    assert "stand-in" in fields["humanReadableStatement"]


def test_the_engine_says_what_it_did() -> None:
    fields = entry_for_run(made())["fields"]
    assert fields["strategy"] == "“synthetic”: engine trees, trees in a row. A real frame was given."
    assert fields["missingDataHandling"] == "“synthetic”: the pattern first"
    assert entry_for_run(written())["fields"]["callStructure"] == "“note”: one per row; shown to the model: age"


def test_what_an_engine_does_not_say_is_not_stated() -> None:
    fields = entry_for_run(made(account={}))["fields"]
    assert not {"missingDataHandling", "recordLinks"} & set(fields)
    assert fields["strategy"] == "“synthetic”: engine trees. A real frame was given."


def test_a_model_of_unknown_making_is_not_called_unadapted() -> None:
    fields = entry_for_run(written(model=written()["model"] | {"adaptation": "", "locality": "local-server"}))["fields"]
    assert "modelAdaptation" not in fields
    assert fields["accessMode"] == "a server on this machine; whether it sends anything on is not known"


def test_a_sensitive_prompt_is_a_digest() -> None:
    asked = written()["parameters"] | {"prompt": None, "instruction": None, "sensitive": True, "instruction_digest": "sha256:5e"}
    assert entry_for_run(written(parameters=asked))["fields"]["fullPrompt"] == "“note”: kept out at the user's request; sha256:5e"


def test_the_run_in_brief_says_tool_engine_seed_time_and_id() -> None:
    said = entry_for_run(made())["fields"]["madeInBrief"]
    assert said == (
        "“synthetic”: synthnb 0.1.0, engine trees, seed 7, 2,136 of 2,139 rows asked for, 2026-11-23 15:40:03 UTC, run-0123456789ab"
    )


def test_the_run_in_brief_says_where_the_model_was() -> None:
    said = entry_for_run(written())["fields"]["madeInBrief"]
    assert "language model SmolLM2-135M-Instruct (in this process, on this machine; nothing was sent elsewhere)" in said


def test_the_results_in_brief_have_a_line_a_dimension() -> None:
    gate = {"metric": "risk", "label": "Risk", "at_most": 0.09, "outcome": "fail", "value": 0.2}
    gates = [gate, gate | {"outcome": "pass"}, gate | {"outcome": "undecided", "value": None, "label": "Leak"}]
    scores = [
        score("sdmetrics_quality", "fidelity", 0.95),
        score("c2st_auc", "fidelity", 0.61, low=0.58, high=0.64, direction="half", ceiling=0.5),
        score("column_shapes", "fidelity", 0.97),
        score("closer", "diagnostic", 0.5),
    ]
    assert entry_for_report(evaluated(gates=gates, scores=scores))["fields"]["resultsInBrief"] == [
        "“synthetic”: tabular-core/1 against “actg175” and 539 held-out rows; 95 % intervals in brackets",
        "“synthetic”, gates: 1 of 3 passed; 1 FAILED: “Risk”; 1 not computed: “Leak”",
        "“synthetic”, fidelity: COLUMN_SHAPES 0.970; C2ST_AUC 0.610 [0.580, 0.640], real against real 0.500, 0.5 is ideal",
    ]


def test_without_a_holdout_the_results_in_brief_say_so() -> None:
    assert ", without held-out rows;" in entry_for_report(evaluated(holdout=None))["fields"]["resultsInBrief"][0]


def test_a_reports_entry_stays_small() -> None:
    many = [score(f"metric_{number}", "fidelity", 0.5, reference="r" * 300, parameters={"p": "x" * 200}) for number in range(60)]
    entry = entry_for_report(evaluated(scores=many))
    assert len(json.dumps(entry)) < 12_000
    assert len(entry["detail"]["scores"]) == 60
    assert entry["fields"]["fidelityResults"][-1] == "“synthetic”: 57 more figures, in the report"


def test_an_attack_too_weak_to_tell_stays_marked_in_the_reports_entry() -> None:
    scores = [score("linkability_risk", "privacy", 0.0, parameters={"weak": True, "n": 3}), score("membership_auc", "privacy", None)]
    detail = entry_for_report(evaluated(scores=scores))["detail"]
    assert detail["scores"][0]["parameters"] == {"weak": True}
    assert detail["scores"][1] == {"metric": "membership_auc"}


def test_a_reports_entry_holds_the_digest_of_the_whole_report() -> None:
    assert entry_for_report(evaluated())["detail"]["digest"] == digest(evaluated())


def test_name_description_and_role_of_ai_are_proposed() -> None:
    fields = entry_for_run(made())["fields"]
    assert fields["name"] == "synthetic"
    assert fields["description"] == fields["humanReadableStatement"]
    assert fields["roleOfAI"] == "“synthetic”: no language model took part; the values were drawn by software"
    assert entry_for_run(written())["fields"]["roleOfAI"].endswith("wrote the column's texts; it evaluated nothing")


def test_replicates_are_counted() -> None:
    asked = {"replicates": 5, "decision": {"function": "is_better"}}
    assert entry_for_run(made(parameters=asked))["fields"]["repeats"] == (
        "“synthetic”: 5 independent replicates, each with its own seed; each decided by “is_better”"
    )


def test_the_cell_that_ran_is_a_digest_and_the_kernel_is_named() -> None:
    entry = stamped(entry_for_run(made()), code="generate(patients_of_ward_9)", kernel="ipykernel 7.1.0 on Linux x86_64")
    assert entry["fields"]["codeDigest"].startswith("generate:synthetic: sha256:")
    assert entry["fields"]["toolNameVersion"][-1] == "kernel: ipykernel 7.1.0 on Linux x86_64"
    assert "ward_9" not in json.dumps(entry)
    assert entry["digest"] == digest(without(entry, "digest"))


def test_slots_name_the_frame_and_the_column() -> None:
    slots = [entry["slot"] for entry in entries()]
    assert slots == ["generate:synthetic", "column:synthetic.note", "evaluate:synthetic"]


def test_a_partial_run_says_so() -> None:
    entry = entry_for_run(made(partial=True))
    assert entry["partial"] is True
    assert entry["fields"]["runId"].endswith("(stopped early)")


def test_secrets_stay_out() -> None:
    key = "sk-" + "a1" * 12
    text = json.dumps(entry_for_run(made(parameters={"api_key": "hush", "url": f"https://x.org/?k={key}"})))
    assert key not in text
    assert "hush" not in text


def test_values_that_json_readers_disagree_on_are_written_safely() -> None:
    entry = entry_for_run(made(parameters={"big": 2**60, "nan": float("nan"), "half": "\ud800"}))
    assert entry["detail"]["parameters"] == {"big": str(2**60), "nan": None, "half": "�"}


def test_long_names_are_cut_in_sentences() -> None:
    fields = entry_for_run(made(output=made()["output"] | {"name": "x" * 5000}))["fields"]
    assert len(fields["humanReadableStatement"]) < 250


def test_scores_become_sentences() -> None:
    assert entry_for_report(evaluated())["fields"]["fidelityResults"] == [
        "“synthetic”: KS over 2: median 0.935, worst 0.900 (“sex”), higher is better",
        "“synthetic”: AUC 0.610 (95 % CI 0.580 to 0.640, n = 100, real against real 0.500, 0.5 is ideal)",
    ]


def test_what_was_not_computed_or_evaluated_says_why() -> None:
    fields = entry_for_report(evaluated())["fields"]
    assert fields["privacyResults"] == ["“synthetic”: MIA: not computed: too few hold-out rows"]
    assert fields["textResults"] == ["“synthetic”: not evaluated: no text metric"]
    assert fields["notEvaluated"] == "“synthetic”: text, human (no text metric)"
    assert fields["utilityResults"] == ["“synthetic”: not evaluated: not part of this profile"]


def test_without_a_holdout_that_is_said() -> None:
    assert entry_for_report(evaluated(holdout=None))["fields"]["holdoutDefinition"].startswith("“synthetic”: none;")


def test_single_columns_stay_out_of_the_report_entry() -> None:
    columns = [score("ks", "fidelity", 0.9, "age"), score("ks", "fidelity", 0.8, "sex")]
    detail = entry_for_report(evaluated(scores=[*columns, score("auc", "fidelity", 0.6)]))["detail"]
    assert [item["metric"] for item in detail["scores"]] == ["auc"]
    assert "columns" not in detail


def test_scores_of_a_target_or_the_worst_subgroup_stay_in_the_report_entry() -> None:
    scores = [score("tstr", "utility", 0.8, "event"), score("subgroup_utility_gap", "bias", -0.1, "sex = female")]
    detail = entry_for_report(evaluated(scores=scores))["detail"]
    assert [item["metric"] for item in detail["scores"]] == ["tstr", "subgroup_utility_gap"]


def test_a_ceiling_is_named_and_stands_beside_its_like() -> None:
    scores = [
        score("tstr", "utility", 0.8, "event", ceiling=0.85),
        score("shapes", "fidelity", 0.9996, ceiling=0.97, matched=0.96, parameters={"ceiling_rows": [1600, 539]}),
    ]
    fields = entry_for_report(evaluated(scores=scores))["fields"]
    assert "trained on real rows 0.850" in fields["utilityResults"][0]
    assert "0.9996 (n = 100, on 539 rows 0.960, real against real 0.970, higher is better)" in fields["fidelityResults"][0]


def test_attacks_that_were_not_run_are_under_privacy() -> None:
    missing = [{"dimension": "singling out", "reason": "one attack only"}, {"dimension": "gates", "reason": "none"}]
    fields = entry_for_report(evaluated(not_evaluated=missing))["fields"]
    assert fields["privacyResults"][-1] == "“synthetic”: singling out: not evaluated: one attack only"
    assert fields["diagnosticResults"] == ["“synthetic”: not evaluated: not part of this profile"]


def test_rows_left_out_of_the_holdout_are_said() -> None:
    held = evaluated()["holdout"] | {"used": 500}
    assert entry_for_report(evaluated(holdout=held))["fields"]["holdoutDefinition"].endswith(
        "500 used, since the others are equal to real rows"
    )


def test_statements_are_kept_in_the_persons_words() -> None:
    entry = entry_for_statements({"intent": "These data are GDPR-compliant", "limitations": ["one", "two"], "biases": ""})
    assert entry["fields"] == {"intent": "These data are GDPR-compliant", "limitations": ["one", "two"], "biases": ""}
    assert entry["detail"]["warnings"][0].startswith("“GDPR-compliant” claims more")


def test_statements_about_other_fields_are_refused_all_at_once() -> None:
    with pytest.raises(OptionError, match=r"no field 'mood'; seed, which is filled from what ran; intent = 7, which isn't a text"):
        entry_for_statements({"mood": "good", "seed": "7", "intent": 7})  # type: ignore[dict-item]


def test_a_sign_off_isnt_typed_in() -> None:
    with pytest.raises(OptionError, match="reviewerSignOff, which isn't stated in words alone") as told:
        entry_for_statements({"reviewerSignOff": "Dr X approved everything", "seed": "7"})
    assert "%synth sign-off" in told.value.fix
    assert isinstance(told.value, StatementError)
    assert told.value.fields == ("reviewerSignOff", "seed")
    assert "reviewerSignOff" not in told.value.fix


@pytest.mark.parametrize("named", ["GPT-4, ORCID 0000-0002-1825-0097", ["Ada Núñez", "ChatGPT"], "smollm2", "trees"])
def test_a_program_isnt_a_responsible_person(named: Any) -> None:
    with pytest.raises(OptionError, match=r"responsiblePerson = .*, which names a program"):
        entry_for_statements({"responsiblePerson": named}, known=entries())


def test_an_export_names_its_digest_and_how_it_is_marked() -> None:
    entry = entry_for_export(EXPORT | {"path": "s.csv", "sidecar": "s.csv.synthnb.json"})
    assert entry["slot"] == "export:s.csv"
    assert entry["fields"]["outputDigests"] == f"s.csv: sha256:{'f' * 64}"
    assert entry["fields"]["marking"] == "s.csv: record in s.csv.synthnb.json, beside the unchanged data, unsigned"


def test_completed_rows_are_never_called_synthetic() -> None:
    frame = pd.DataFrame({"age": [20.0, None, 40.0, 50.0] * 10, "sex": ["f", "m"] * 20})
    fields = entry_for_run(impute(frame, seed=1, output_name="completed").run.to_dict())["fields"]
    assert fields["isSynthetic"] == "“completed”: real rows, in which missing cells were filled by draws"
    assert fields["digitalSourceType"] == "“completed”: compositeSynthetic"
    assert fields["syntheticShare"].startswith("“completed”: 10 of 80 cells;")
    assert "is real data in which 10 of 80 cells" in fields["humanReadableStatement"]
    assert "generationDepth" not in fields


def test_a_private_run_states_neither_size_nor_digest_of_its_source() -> None:
    frame = pd.DataFrame({"sex": ["f", "m"] * 40})
    # Of its own accord dp makes a noisy number of rows, which now and then is the real one.
    run = prepare(frame, rows=17, engine="dp", options={"epsilon": 1.0, "domain": {"sex": ["f", "m"]}}, seed=1).draw(output_name="made").run
    fields = entry_for_run(run.to_dict())["fields"]
    assert run.inputs == [{"name": "real", "columns": ["sex"]}]
    assert fields["sourceDatasets"] == ["“real”: 1 columns; its rows and digest are withheld, since they tell of single rows"]
    assert "80 rows" not in str(fields)


def test_a_report_says_how_its_gates_came_out_and_groups_what_it_lacks() -> None:
    gate = {"metric": "risk", "label": "Risk", "at_most": 0.09, "source": "a convention", "outcome": "fail", "reason": "", "value": 0.2}
    lacking = [score(name, "privacy", None, reason="no secret was named") for name in ("cap", "identity")]
    fields = entry_for_report(evaluated(gates=[gate, gate | {"outcome": "pass"}], scores=lacking))["fields"]
    assert fields["evaluationProfile"].endswith("; gates: 1 pass, 1 fail (“Risk”)")
    assert fields["privacyResults"] == ["“synthetic”: CAP; IDENTITY: not computed: no secret was named"]


def test_a_figure_without_a_better_side_has_both_ends() -> None:
    scores = [score("gap", "bias", value, name, direction="none") for name, value in (("a", -0.2), ("b", 0.1), ("c", 0.0))]
    (said,) = entry_for_report(evaluated(scores=scores))["fields"]["fairnessResults"]
    assert said == "“synthetic”: GAP over 3: median 0.000, from -0.200 (“a”) to 0.100 (“b”)"
