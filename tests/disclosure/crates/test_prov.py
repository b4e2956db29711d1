"""PROV: read back by the public library, with persons answering for software."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synthnb.disclosure.crates.prov import graph, prov_json

from .conftest import STATED, account_of, entries_of, table

ENTRIES = entries_of(table())
ACCOUNT = account_of(*ENTRIES, stated=STATED)
RELATIONS = ["used", "wasGeneratedBy", "wasDerivedFrom", "wasAssociatedWith", "wasAttributedTo", "actedOnBehalfOf"]


def labels(relation: str) -> set[tuple[str, str]]:
    found = graph(ACCOUNT)
    return {(found.nodes[one].label, found.nodes[other].label) for name, one, other in found.relations if name == relation}


@pytest.mark.filterwarnings("ignore")
def test_the_public_library_reads_every_node_and_relation(packages: Path) -> None:
    model = pytest.importorskip("prov.model")
    text = (packages / "trial.prov.json").read_text()
    document = model.ProvDocument.deserialize(content=text, format="json")
    written = json.loads(text)
    assert len(document.get_records()) == sum(len(written.get(part, ())) for part in ("entity", "activity", "agent", *RELATIONS))
    assert {str(kind) for agent in document.get_records(model.ProvAgent) for kind in agent.get_asserted_types()} == {
        "prov:Person",
        "prov:SoftwareAgent",
    }


def test_what_runs_used_and_made() -> None:
    assert ("Generate “synthetic” by trees", "“actg175”") in labels("used")
    assert ("“synthetic”", "Generate “synthetic” by trees") in labels("wasGeneratedBy")
    assert {("“synthetic”", "“actg175”"), ("“head”", "“synthetic”"), ("“notes”", "“head”")} <= labels("wasDerivedFrom")


def test_software_acts_on_behalf_of_the_stated_person() -> None:
    person = "Dr Ana Ruiz, principal investigator"
    assert {("synthnb 0.1.0", person), ("SmolLM2-135M-Instruct", person)} == labels("actedOnBehalfOf")
    assert {other for _, other in labels("wasAttributedTo")} == {person}


def test_without_a_stated_person_software_answers_to_nobody() -> None:
    found = graph(account_of(*ENTRIES))
    assert {relation for relation, _, _ in found.relations} == {"used", "wasGeneratedBy", "wasDerivedFrom", "wasAssociatedWith"}
    assert {node.type for node in found.nodes.values() if node.kind == "agent"} == {"prov:SoftwareAgent"}


def test_the_record_and_the_files_have_their_digests(packages: Path) -> None:
    entities: dict[str, Any] = json.loads((packages / "trial.prov.json").read_text())["entity"]
    assert entities["synthnb:record"]["synthnb:digest"].startswith("sha256:")
    assert {"synthetic.csv", "synthetic.parquet"} <= {entity["prov:label"] for entity in entities.values()}


def test_it_is_the_same_each_time() -> None:
    assert json.dumps(prov_json(ACCOUNT)) == json.dumps(prov_json(ACCOUNT))
