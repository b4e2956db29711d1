"""What a policy file may say, and how one is laid over another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from synthnb.config import config_context
from synthnb.disclosure.policy import find_policy
from synthnb.disclosure.policy.policy import Policy
from synthnb.errors import OptionError, StorageError

if TYPE_CHECKING:
    from synthnb.disclosure.policy.finding import InForce

SCHEMA = Path(__file__).parents[2] / "synthnb" / "disclosure" / "schema" / "policy-1.json"
WRONG = """name = "clinic"
[engine]
allowed = ["trees"]
[models]
allowd = ["local"]
localities = ["in-proces"]
[[sources]]
name = "a"
class = "open"
[[sources]]
name = "b"
class = "openn"
[evaluation.gates.singling_out_risk]
at_most = "low"
[fields]
required = ["intnt"]
"""


def force(folder: Path, text: str, *, house: str | None = None) -> InForce:
    (folder / "synthnb.toml").write_text(text, encoding="utf-8")
    if house is None:
        found = find_policy(folder=folder)
    else:
        (folder / "house.toml").write_text(house, encoding="utf-8")
        with config_context(policy=str(folder / "house.toml")):
            found = find_policy(folder=folder)
    assert found is not None
    return found


def test_without_a_file_there_is_no_policy(tmp_path: Path) -> None:
    assert find_policy(folder=tmp_path) is None


def test_the_nearest_file_upwards_holds(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    force(tmp_path, 'name = "outer"')
    found = find_policy(folder=inner)
    assert found is not None
    assert found.name == "outer"


@pytest.mark.parametrize(
    "problem",
    [
        r"line 2, engine: no such key; did you mean 'engines'\?",
        r"line 5, models\.allowd: no such key; did you mean 'allowed'\?",
        r"line 6, models\.localities\[0\]: Input should be .*, got 'in-proces'",
        r"line 12, sources\[1\]\.class: Input should be .*, got 'openn'",
        r"line 14, evaluation\.gates\.singling_out_risk\.at_most: .* got 'low'",
        r"line 16, fields\.required: no field 'intnt'; did you mean 'intent'\?",
    ],
)
def test_every_problem_is_told_at_once_with_its_line(tmp_path: Path, problem: str) -> None:
    with pytest.raises(OptionError, match=problem):
        force(tmp_path, WRONG)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = \n", r"isn't TOML: .*line 1"),
        ("", "name: it is missing"),
        ('name = "x"\n[evaluation]\nminimum_cell = true', "valid integer"),
        ('name = "x"\n[evaluation]\ngates = {risk = {at_least = 0.1, at_most = 0.2}}', "either at_least or at_most"),
        ('name = "x"\n[overrides]\nlocked = ["engine"]', "locked"),
        ('name = "x"\nextends = "none.toml"', "there is no file 'none.toml' there"),
        ('name = "x"\nextends = "synthnb.toml"', "in a circle"),
        ('schema = "synthnb.policy/2"\nname = "x"', "synthnb.policy/1"),
    ],
)
def test_what_is_no_policy_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        force(tmp_path, text)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "synthnb.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(OptionError, match="isn't UTF-8 text"):
        find_policy(folder=tmp_path)


def test_a_missing_institutional_policy_stops_everything(tmp_path: Path) -> None:
    with config_context(policy=str(tmp_path / "gone.toml")), pytest.raises(OptionError, match=r"SYNTHNB_POLICY.* no file 'gone\.toml'"):
        find_policy(folder=tmp_path)


def test_a_folder_in_a_files_place_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "secret.toml").write_text('name = "x"', encoding="utf-8")
    (tmp_path / "secret.toml").chmod(0)
    try:
        (tmp_path / "secret.toml").read_bytes()
    except PermissionError:
        with pytest.raises(StorageError, match=r"secret\.toml can't be read"):
            find_policy(str(tmp_path / "secret.toml"))


HOUSE = """name = "house"
[engines]
allowed = ["trees", "dp"]
[models]
allowed = ["local", "ollama/*"]
[classes]
default = "confidential"
to_hosted = {internal = "summary"}
[evaluation]
minimum_cell = 11
gates = {singling_out_risk = {at_most = 0.09}}
[fields]
required = ["intent"]
[generation]
most_depth = 2
[release.public]
risk_record = true
[overrides]
locked = ["models.localities"]
"""


def test_the_stricter_of_two_holds(tmp_path: Path) -> None:
    text = """name = "trial"
[engines]
allowed = ["dp"]
[models]
allowed = ["ollama/llama3"]
[evaluation]
minimum_cell = 20
gates = {singling_out_risk = {at_most = 0.05}, linkability_risk = {at_most = 0.1}}
[fields]
required = ["biases"]
"""
    found = force(tmp_path, text, house=HOUSE)
    policy = found.policy
    assert found.name == "trial under house"
    assert (policy.engines.allowed, policy.models.allowed) == (["dp"], ["ollama/llama3"])
    assert (policy.evaluation.minimum_cell, policy.fields.required) == (20, ["intent", "biases"])
    assert {metric: gate.at_most for metric, gate in policy.evaluation.gates.items()} == {
        "singling_out_risk": 0.05,
        "linkability_risk": 0.1,
    }
    assert policy.release.public.risk_record is True
    assert found.locks("models.localities")


@pytest.mark.parametrize(
    ("loosened", "named"),
    [
        ('[engines]\nallowed = ["trees", "arf"]', r"engines\.allowed = .*synthnb\.toml, line 3.*stands in house"),
        ('[models]\nallowed = ["*"]', r"models\.allowed"),
        ('[classes]\ndefault = "open"', r"classes\.default"),
        ('[classes]\nto_hosted = {internal = "rows"}', r"classes\.to_hosted\.internal"),
        ("[evaluation]\nminimum_cell = 5", r"evaluation\.minimum_cell = 5"),
        ("[evaluation]\ngates = {singling_out_risk = {at_most = 0.2}}", r"singling_out_risk\.at_most = 0\.2"),
        ("[generation]\nmost_depth = 3", r"most_depth = 3"),
        ("[release.public]\nrisk_record = false", r"release\.public\.risk_record = False"),
    ],
)
def test_a_project_cannot_loosen_the_institutions(tmp_path: Path, loosened: str, named: str) -> None:
    with pytest.raises(OptionError, match=rf"never looser; got .*{named}"):
        force(tmp_path, f'name = "trial"\n{loosened}', house=HOUSE)


def test_what_a_policy_extends_holds_too(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('name = "base"\n[fields]\nrequired = ["intent"]', encoding="utf-8")
    found = force(tmp_path, 'name = "trial"\nextends = "base.toml"')
    assert found.policy.fields.required == ["intent"]
    assert found.place("fields.required") == "base.toml, line 3"


def test_the_digest_is_of_what_holds_and_not_of_who_wrote_it(tmp_path: Path) -> None:
    one = force(tmp_path, 'name = "trial"\n[engines]\nallowed = ["trees"]').digest
    assert force(tmp_path, '# said otherwise\nname = "trial"\nengines.allowed = ["trees"]').digest == one
    assert force(tmp_path, 'name = "trial"\n[engines]\nallowed = ["dp"]').digest != one


def test_no_folder_outside_the_working_one_is_told(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    found = force(tmp_path / "deep", 'name = "x"\n[engines]\nallowed = []')
    assert found.place("engines.allowed") == "synthnb.toml, line 3"


def test_the_schema_for_editors_is_what_is_read() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == Policy.model_json_schema(by_alias=True)


def test_a_project_cannot_take_sources_out_of_the_default_class(tmp_path: Path) -> None:
    house = 'name = "house"\nsources = [{name = "census*", class = "open"}]\nclasses.default = "special"'
    with pytest.raises(OptionError, match=r"sources, '\*' = 'open' \(synthnb\.toml, line 2\); classes\.default = 'special' stands"):
        force(tmp_path, 'name = "trial"\nsources = [{name = "*", class = "open"}]', house=house)
    found = force(tmp_path, 'name = "trial"\nsources = [{name = "census-2021", class = "open"}]', house=house)
    assert [source.class_ for source in found.policy.sources] == ["open", "open"]


def test_a_file_further_in_lifts_nothing(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "synthnb.toml").write_text('name = "clinic"\n[engines]\nallowed = ["trees"]', encoding="utf-8")
    found = force(tmp_path / "sub", 'name = "x"')
    assert (found.name, found.policy.engines.allowed) == ("x under clinic", ["trees"])
    with pytest.raises(OptionError, match="never looser"):
        force(tmp_path / "sub", 'name = "x"\n[engines]\nallowed = ["dp"]')


def test_of_policies_side_by_side_the_stricter_rule_holds(tmp_path: Path) -> None:
    for name, rules in {"a": 'engines.allowed = ["trees", "dp"]', "b": 'engines.allowed = ["dp", "arf"]'}.items():
        (tmp_path / name).mkdir()
        force(tmp_path / name, f'name = "{name}"\n{rules}')
    found = find_policy(folder=tmp_path / "a", also=[tmp_path / "b"])
    assert found is not None
    assert found.policy.engines.allowed == ["dp"]
