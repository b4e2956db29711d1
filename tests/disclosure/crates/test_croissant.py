"""Croissant: valid by the public validator, with the minimal properties, and no word that nobody said."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synthnb.disclosure.crates.croissant import croissant
from synthnb.disclosure.crates.datafiles import DataFile, Found
from synthnb.disclosure.crates.validating import croissant_problems
from synthnb.disclosure.entries import sealed
from synthnb.disclosure.verify import all_ok
from synthnb.errors import OptionError
from synthnb.jupyter.packages import export_package

from .conftest import STATED, account_of, entries_of, table

MINIMAL = {
    "rai:dataLimitations",
    "rai:dataBiases",
    "rai:personalSensitiveInformation",
    "rai:dataUseCases",
    "rai:dataSocialImpact",
    "rai:hasSyntheticData",
    "prov:wasDerivedFrom",
    "prov:wasGeneratedBy",
}
CANONICAL = MINIMAL | {
    f"rai:{name}"
    for name in [
        "dataCollection",
        "dataCollectionType",
        "dataCollectionMissingData",
        "dataCollectionRawData",
        "dataCollectionTimeframe",
        "dataPreprocessingProtocol",
        "dataImputationProtocol",
        "dataManipulationProtocol",
        "dataReleaseMaintenancePlan",
        "dataAnnotationProtocol",
        "dataAnnotationPlatform",
        "dataAnnotationAnalysis",
        "annotationsPerItem",
        "annotatorDemographics",
        "machineAnnotationTools",
    ]
}


@pytest.fixture(scope="module")
def described(packages: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((packages / "trial.croissant.json").read_text())
    return found


def test_the_public_validator_has_nothing_against_it(described: dict[str, Any]) -> None:
    pytest.importorskip("mlcroissant")
    assert croissant_problems(described) == []


def test_the_public_validator_is_really_asked(described: dict[str, Any]) -> None:
    pytest.importorskip("mlcroissant")
    assert "synthetic.csv" in " ".join(croissant_problems(described | {"distribution": []}))


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_its_reader_gives_the_rows_of_the_table(packages: Path) -> None:
    croissant = pytest.importorskip("mlcroissant")
    rows = list(croissant.Dataset(jsonld=packages / "trial.croissant.json").records("synthetic"))
    with (packages / "synthetic.csv").open() as file:
        wanted = [int(row["age"]) for row in csv.DictReader(file)]
    assert [row["synthetic/age"] for row in rows] == wanted


def test_it_has_the_eight_minimal_properties_and_only_canonical_names(described: dict[str, Any]) -> None:
    assert set(described) >= MINIMAL
    assert {name for name in described if name.startswith("rai:")} <= CANONICAL
    assert described["rai:hasSyntheticData"] is True


def test_columns_have_types(described: dict[str, Any]) -> None:
    (records,) = described["recordSet"]
    assert {field["name"]: field["dataType"] for field in records["field"]} == {
        "age": "sc:Integer",
        "sex": "sc:Text",
        "weight": "sc:Float",
        "day": "sc:Date",
        "event": "sc:Boolean",
    }


def test_a_model_is_software_and_never_a_creator(described: dict[str, Any]) -> None:
    assert [person["@id"] for person in described["creator"]] == ["https://orcid.org/0000-0002-1825-0097"]
    agents = [agent for done in described["prov:wasGeneratedBy"] for agent in done["prov:wasAssociatedWith"]]
    (model,) = [agent for agent in agents if "SmolLM2" in agent["prov:label"]]
    assert model["@type"] == "prov:SoftwareAgent"
    assert model["prov:actedOnBehalfOf"] == [{"@id": "https://orcid.org/0000-0002-1825-0097"}]


def test_two_forms_of_a_table_are_the_same(described: dict[str, Any]) -> None:
    one, other = described["distribution"]
    assert one["sameAs"] == [other["@id"]]
    assert {one["encodingFormat"], other["encodingFormat"]} == {"text/csv", "application/vnd.apache.parquet"}


def test_without_statements_nothing_is_written_and_all_of_it_is_listed(fresh: Callable[..., Path]) -> None:
    path = fresh(stated={"limitations": "Few."})
    with pytest.raises(OptionError, match="can't be written") as caught:
        export_package(path, "trial.croissant.json")
    needed = set(STATED) - {"limitations", "usageConditions", "releaseClass"}
    assert {name for name in STATED if f"({name})" in str(caught.value)} == needed
    assert not Path("trial.croissant.json").exists()


def test_what_isnt_an_address_or_a_date_is_told_with_the_rest(fresh: Callable[..., Path]) -> None:
    path = fresh(stated=STATED | {"url": "javascript:alert(1)", "datePublished": "soon", "biases": ""})
    with pytest.raises(OptionError, match=r"Known biases \(biases\); url is 'javascript.*datePublished is 'soon'"):
        export_package(path, "trial.croissant.json")


def test_a_table_that_was_changed_since_isnt_described(fresh: Callable[..., Path]) -> None:
    path = fresh()
    Path("synthetic.csv").write_text("age\n1\n")
    with pytest.raises(OptionError, match=r"'synthetic\.csv' was changed after it was exported"):
        export_package(path, "trial.croissant.json")


def test_without_a_table_it_says_how_to_write_one(fresh: Callable[..., Path]) -> None:
    path = fresh()
    for name in ("synthetic.csv", "synthetic.parquet"):
        Path(name).unlink()
    with pytest.raises(OptionError, match=r"no exported table is at hand: write one with %synth export FILE\.csv --frame NAME"):
        export_package(path, "trial.croissant.json")


def test_it_is_refused_where_it_couldnt_say_where_the_data_are(fresh: Callable[..., Path]) -> None:
    path = fresh()
    Path("other").mkdir()
    with pytest.raises(OptionError, match="A place in the notebook's folder or above it was expected; got 'other'"):
        export_package(path, "other/trial.croissant.json")


def test_from_above_it_says_the_way(fresh: Callable[..., Path], tmp_path: Path) -> None:
    from synthnb.disclosure.crates.descriptions import verify_description

    fresh()
    inner = tmp_path / "study one"
    inner.mkdir()
    for file in [*tmp_path.glob("synthetic*"), tmp_path / "trial.ipynb"]:
        file.rename(inner / file.name)
    export_package(inner / "trial.ipynb", tmp_path / "trial.croissant.json")
    record, *files = verify_description(tmp_path / "trial.croissant.json")
    assert (record.status, all_ok(files), len(files)) == ("not looked at", True, 2)  # no notebook lies beside it


def test_what_was_proposed_and_nobody_stated_is_left_out(tmp_path: Path) -> None:
    said = {"residualRisk": "Low, as measured."}
    proposed = sealed(id="run-9", kind="evaluate", created="2026-11-23T17:00:00Z", slot="x", fields=said, detail={})
    account = account_of(*entries_of(table()), proposed, stated=STATED)
    assert account.said("residualRisk") == ["Low, as measured."]
    (tmp_path / "a.csv").write_text("a\n1\n")
    found = Found((DataFile("a.csv", tmp_path / "a.csv", "0" * 64, 4, "text/csv", "a", "", 1, "export-1", "", None),), (), ())
    assert croissant(account, found)["rai:dataLimitations"] == [STATED["limitations"]]
