"""What is read from a record, whoever wrote it."""

from __future__ import annotations

from typing import Any

import pytest

from synthnb.disclosure.crates.account import Account
from synthnb.disclosure.crates.needs import refuse_incomplete
from synthnb.disclosure.entries import entry_for_run, sealed
from synthnb.disclosure.mixing import Part, entry_for_mix, mix_detail
from synthnb.errors import OptionError
from tests.disclosure.samples import made, written

from .conftest import STATED, account_of, entries_of, table


def as_stated(**said: str) -> dict[str, Any]:
    """A statement as an earlier version or somebody else may have written it."""
    return sealed(id="said-1", kind="disclose", created="2026-11-23T17:00:00Z", slot="disclose", fields=said, detail={})


ENTRIES = entries_of(table())


def test_runs_checks_and_sources() -> None:
    account = account_of(*ENTRIES, stated=STATED)
    assert [run.name for run in account.runs] == [
        "Generate “synthetic” by trees",
        "Write a column of “notes” by llm and SmolLM2-135M-Instruct",
    ]
    assert [done.name for done in account.checks] == ["Evaluate “synthetic” with tabular-core/1"]
    assert [table.name for table in account.sources] == ["actg175", "head"]


def test_a_person_is_who_a_person_named() -> None:
    (person,) = account_of(*ENTRIES, stated=STATED).people
    assert person.name == "Dr Ana Ruiz, principal investigator"
    assert person.orcid == "https://orcid.org/0000-0002-1825-0097"
    assert account_of(*ENTRIES).people == ()


def test_an_orcid_whose_check_digit_is_wrong_stays_words() -> None:
    (person,) = account_of(*ENTRIES, stated={"responsiblePerson": "A. B., 0000-0002-1825-0098"}).people
    assert person.orcid == ""
    assert person.name == "A. B., 0000-0002-1825-0098"


@pytest.mark.parametrize("name", ["GPT-4, ORCID 0000-0002-1825-0097", "ChatGPT", "SmolLM2-135M-Instruct", "trees"])
def test_a_program_is_no_person(name: str) -> None:
    account = account_of(*ENTRIES, as_stated(responsiblePerson=name))
    assert account.people == ()
    with pytest.raises(OptionError, match=r"responsiblePerson is .* which names a program"):
        refuse_incomplete(account, ["responsiblePerson"], form="A crate")


def test_a_model_is_known_by_the_digest_of_its_weights() -> None:
    (model,) = account_of(*ENTRIES).models
    assert (model.name, model.version) == ("SmolLM2-135M-Instruct", f"sha256:{'d' * 64}")


def test_prompts_are_digests_and_never_words() -> None:
    run = account_of(*ENTRIES).runs[1]
    assert run.prompts == (f"sha256:{'8' * 64}",)
    assert "Write about" not in repr(run)


def test_a_mixed_table_names_its_real_part_and_the_run_of_the_other() -> None:
    parts = [Part("trial", 30, "real"), Part("synthetic", 60, {"run": "run-0123456789ab", "name": "synthetic"})]
    detail = mix_detail(parts, name="both", columns=["age"], digest=f"sha256:{'7' * 64}", started="2026-11-23T16:00:00Z")
    run = account_of(*ENTRIES, entry_for_mix(detail)).runs[-1]
    assert run.name == "Join “both”"
    assert [(table.name, table.nature, table.origin) for table in run.used] == [
        ("trial", "real", ""),
        ("synthetic", "synthetic", "run-0123456789ab"),
    ]


@pytest.mark.parametrize(
    ("runs", "term"),
    [
        ([made()], "algorithmicMedia"),
        ([made(), written()], "compositeWithTrainedAlgorithmicMedia"),
        ([written(kind="texts")], "trainedAlgorithmicMedia"),
    ],
)
def test_the_source_type_follows_the_rule(runs: list[dict[str, Any]], term: str) -> None:
    assert account_of(*map(entry_for_run, runs)).source_type() == term


@pytest.mark.parametrize(
    "record", [{}, {"entries": 3}, {"entries": [None, 4, {}]}, {"fields": [], "entries": []}, {"fields": {"name": {"values": 3}}}]
)
def test_records_of_another_shape_say_nothing(record: dict[str, Any]) -> None:
    account = Account(record)
    assert (account.runs, account.checks, account.people, account.said("name")) == ((), (), (), [])


def test_runs_of_another_shape_are_read_as_far_as_they_go() -> None:
    odd = {"inputs": [3, {"name": None}], "output": {"name": ["x"], "rows": True, "columns": 3}, "model": "x", "versions": 3, "seed": [1]}
    entry = entry_for_run(made()) | {"detail": odd}
    (run,) = Account({"entries": [entry]}).runs
    assert run.made is not None
    assert (run.made.rows, run.made.columns, run.model, run.details) == (None, (), None, "")
