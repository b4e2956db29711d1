"""RO-Crate: valid by the public validator without a network, each output with what made it, no model as a person."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synthnb.disclosure.crates.contexts import BUNDLED, bundled_context
from synthnb.disclosure.crates.rocrate import CONTEXT
from synthnb.disclosure.crates.rules import broken_rules
from synthnb.errors import OptionError
from synthnb.jupyter.packages import export_package

from .conftest import STATED

Json = dict[str, Any]


@pytest.fixture(scope="module")
def files(packages: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(packages / "trial.zip") as packed:
        return {name: packed.read(name) for name in packed.namelist()}


@pytest.fixture(scope="module")
def entities(files: dict[str, bytes]) -> dict[str, Json]:
    return {item["@id"]: item for item in json.loads(files["ro-crate-metadata.json"])["@graph"]}


def of_type(entities: dict[str, Json], kind: str) -> list[Json]:
    return [item for item in entities.values() if kind in (item["@type"] if isinstance(item["@type"], list) else [item["@type"]])]


def refs(value: Any) -> list[str]:
    return [item["@id"] for item in (value if isinstance(value, list) else [value])]


def _cache(path: Path) -> Path:
    """The validator's cache of addresses, holding our copy of the context."""
    requests, cached, pool = pytest.importorskip("requests"), pytest.importorskip("requests_cache"), pytest.importorskip("urllib3")
    body = json.dumps(bundled_context(CONTEXT)).encode()
    reply = requests.Response()
    reply.status_code, reply.url, reply._content = 200, CONTEXT, body
    reply.headers["Content-Type"] = "application/ld+json"
    reply.request = requests.Request("GET", CONTEXT, headers={"Accept": "application/ld+json, application/json"}).prepare()
    reply.raw = pool.HTTPResponse(io.BytesIO(body), headers=dict(reply.headers), status=200, request_url=CONTEXT, preload_content=False)
    session = cached.CachedSession(str(path), backend="sqlite")
    session.cache.save_response(reply)
    session.close()
    return path


@pytest.mark.filterwarnings("ignore")
def test_the_public_validator_finds_no_rule_broken(packages: Path, tmp_path: Path) -> None:
    validator = pytest.importorskip("rocrate_validator.services")
    models = pytest.importorskip("rocrate_validator.models")
    cache = _cache(tmp_path / "addresses")
    found = {}
    for profile in ("ro-crate-1.3", "process-run-crate-0.5"):
        asked = validator.ValidationSettings(
            rocrate_uri=packages / "trial.zip",
            profile_identifier=profile,
            requirement_severity=models.Severity.REQUIRED,
            offline=True,
            cache_path=cache,
        )
        found[profile] = [issue.check.identifier for issue in validator.validate(asked).get_issues()]
    # Its profile for process runs is built on RO-Crate 1.1 and asks for that version of the descriptor; nothing else.
    assert found == {"ro-crate-1.3": [], "process-run-crate-0.5": ["ro-crate-1.1_5.3"]}


def test_our_own_rules_hold(files: dict[str, bytes]) -> None:
    assert broken_rules(json.loads(files["ro-crate-metadata.json"])) == []


@pytest.mark.filterwarnings("ignore")
def test_the_public_reader_gives_it_back(packages: Path, tmp_path: Path) -> None:
    reader = pytest.importorskip("rocrate.rocrate")
    with zipfile.ZipFile(packages / "trial.zip") as packed:
        packed.extractall(tmp_path / "crate")
    crate = reader.ROCrate(tmp_path / "crate")
    assert crate.name == "Trial replica"
    assert crate.get("synthetic.csv")["sha256"] == hashlib.sha256((packages / "synthetic.csv").read_bytes()).hexdigest()


def test_every_output_has_an_action_with_an_instrument(files: dict[str, bytes], entities: dict[str, Json]) -> None:
    actions = of_type(entities, "CreateAction")
    results = {name for action in actions for name in refs(action["result"])}
    assert {name for name in files if name not in {"ro-crate-metadata.json", "manifest-sha256.txt"}} <= results
    for action in actions:
        assert all(entities[name]["@type"] == "SoftwareApplication" for name in refs(action["instrument"]))


def test_runs_name_what_they_used_and_made(entities: dict[str, Json]) -> None:
    run = entities["#action-run-0123456789ab"]
    assert {entities[name]["name"] for name in refs(run["object"])} == {"actg175", "Recipe"}
    assert entities[run["result"]["@id"]]["name"] == "synthetic"
    assert (run["startTime"], run["endTime"]) == ("2026-11-23T15:40:00+00:00", "2026-11-23T15:40:03+00:00")
    assert {entities[name]["name"] for name in refs(run["instrument"])} == {"synthnb", "synthnb engine trees"}


def test_only_the_stated_person_is_a_person(entities: dict[str, Json]) -> None:
    (person,) = of_type(entities, "Person")
    assert person["@id"] == "https://orcid.org/0000-0002-1825-0097"
    assert {name for item in entities.values() for key in ("agent", "author", "creator") if key in item for name in refs(item[key])} == {
        person["@id"]
    }


def test_the_root_says_what_it_has_to(entities: dict[str, Json]) -> None:
    root = entities["./"]
    assert {root["name"], root["datePublished"], root["license"]["@id"]} == {
        STATED["name"],
        "2026-11-24",
        "https://spdx.org/licenses/CC-BY-4.0.html",
    }
    assert root["digitalSourceType"] == {"@id": "http://schema.org/CompositeWithTrainedAlgorithmicMediaDigitalSource"}


def test_every_file_but_two_has_its_digest(files: dict[str, bytes], entities: dict[str, Json]) -> None:
    described = {name for name in files if name in entities and "sha256" in entities[name]}
    assert set(files) - described == {"ro-crate-metadata.json", "manifest-sha256.txt"}
    assert all(entities[name]["sha256"] == hashlib.sha256(files[name]).hexdigest() for name in described)


def test_the_same_notebook_gives_the_same_bytes(fresh: Callable[..., Path]) -> None:
    path = fresh()
    export_package(path, "trial.zip")
    first = Path("trial.zip").read_bytes()
    export_package(path, "trial.zip")
    assert Path("trial.zip").read_bytes() == first


def test_without_statements_nothing_is_written_and_all_of_it_is_listed(fresh: Callable[..., Path]) -> None:
    path = fresh(stated={"name": "A trial"})
    Path("synthetic.csv").write_text("x\n")
    with pytest.raises(OptionError, match=r"\(description\), Licence \(license\), .*\(datePublished\); 'synthetic.csv' was changed"):
        export_package(path, "trial.zip")
    assert not Path("trial.zip").exists()


def test_a_file_that_isnt_there_is_named_and_left_out(fresh: Callable[..., Path]) -> None:
    path = fresh()
    Path("synthetic.parquet").unlink()
    export_package(path, "trial.zip")
    with zipfile.ZipFile("trial.zip") as packed:
        assert "synthetic.parquet" not in packed.namelist()
        assert "- synthetic.parquet" in packed.read("README.md").decode()


def test_the_recipe_of_a_run_goes_in(fresh: Callable[..., Path]) -> None:
    from synthnb.recipes.io import write_recipe
    from synthnb.recipes.recipe import Column, Recipe

    path = fresh()
    recipe = Recipe(columns=(Column(name="age", kind="integer", dtype="int64", minimum=18, maximum=90),), rows=5, table="t", seed=1)
    content = json.loads(path.read_text())
    for output in content["cells"][1]["outputs"]:
        run = output["data"]["application/vnd.synthnb.record+json"]["entries"][0]
        run["detail"]["recipe_digest"] = recipe.digest
        run["digest"] = _digest(run)
    path.write_text(json.dumps(content))
    write_recipe(recipe, Path("ages.recipe.json"))
    write_recipe(
        Recipe(columns=(Column(name="other", kind="integer", dtype="int64", minimum=1, maximum=2),), rows=5, table="t", seed=1),
        Path("other.recipe.json"),
    )
    export_package(path, "trial.zip")
    with zipfile.ZipFile("trial.zip") as packed:
        names, graph = packed.namelist(), json.loads(packed.read("ro-crate-metadata.json"))["@graph"]
    assert "ages.recipe.json" in names
    assert "other.recipe.json" not in names
    assert {"@id": "ages.recipe.json"} in next(item for item in graph if item["@id"] == "#action-run-0123456789ab")["object"]


def _digest(entry: Json) -> str:
    from synthnb._canonical import digest

    return digest({key: value for key, value in entry.items() if key != "digest"})


def test_the_context_is_the_published_one() -> None:
    assert list(BUNDLED) == [CONTEXT]
    assert bundled_context(CONTEXT)["@context"]["digitalSourceType"] == "http://schema.org/digitalSourceType"
