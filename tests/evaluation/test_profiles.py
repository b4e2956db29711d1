from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from synthnb.errors import OptionError
from synthnb.evaluation.profiles import built_in, find_profile, with_gates
from synthnb.plugins import available, load

PINNED = {
    "corpus-core/1": "sha256:3d2214ab422065c9c2f3737e7eff1de43c742be958bbb2b38eb108c44e97b79f",
    "relational-core/1": "sha256:0a6c3b06942ee52b4cb316775e3450682ed98d69d4330862cab5df18fc9127be",
    "tabular-core/1": "sha256:dd0a1717f383f4a0cea3541c36c69a8081ea21935589a2c6657c05aaeab94dc7",
    "text-core/1": "sha256:bd1dba1ec3b6b6f497e5a1876200235638f446675ddd083fa58b76ede4397c37",
}


@pytest.mark.parametrize("name", built_in())
def test_a_changed_profile_needs_a_new_name(name: str) -> None:
    assert find_profile(name).digest == PINNED[name]


def test_a_parameter_changes_the_digest() -> None:
    profile = find_profile("tabular-core/1")
    steps = tuple(dataclasses.replace(step, parameters={**step.parameters, "bins": 5}) for step in profile.steps)
    assert dataclasses.replace(profile, steps=steps).digest != profile.digest


def test_auto_is_the_tabular_profile() -> None:
    assert find_profile("auto").name == "tabular-core/1"


def test_an_unknown_profile_is_told_apart() -> None:
    with pytest.raises(OptionError, match=r"Did you mean 'tabular-core/1'\?"):
        find_profile("tabular-core/2")


@pytest.mark.parametrize("name", built_in())
def test_closeness_is_never_evidence_of_privacy(name: str) -> None:
    metrics = [metric for step in find_profile(name).steps for metric in step.gives]
    assert all(metric.dimension == "diagnostic" for metric in metrics if metric.metric in ("closer_to_training_share", "near_copies_share"))
    private = {metric.metric for metric in metrics if metric.dimension == "privacy"}
    assert not [metric for metric in private if "closer" in metric or "distance" in metric or "dcr" in metric]


def test_the_attacks_of_a_table_are_these() -> None:
    metrics = [metric for step in find_profile("tabular-core/1").steps for metric in step.gives]
    assert {metric.metric for metric in metrics if metric.dimension == "privacy"} == {
        "attribute_inference_risk",
        "disclosure_protection",
        "identity_disclosure_risk",
        "linkability_risk",
        "membership_advantage",
        "membership_auc",
        "membership_excess_risk",
        "membership_relative_f1",
        "membership_tpr_at_01pct_fpr",
        "membership_tpr_at_1pct_fpr",
        "singling_out_risk",
        "singling_out_univariate_risk",
    }


OWN = """
name = "our-registry/1"
extends = "tabular-core/1"
drop = ["closeness"]

[parameters.pairs]
bins = 5

[[gates]]
metric = "schema_validity"
at_least = 0.9
source = "our board, 2026-03"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_profile_of_ones_own_lists_what_it_changes(tmp_path: Path) -> None:
    profile = find_profile(written(tmp_path, OWN))
    assert profile.id == f"our-registry/1@{profile.digest[7:15]}"
    assert profile.extends == "tabular-core/1"
    assert {(change["what"], str(change["from"])[:40], str(change["to"])[:8]) for change in profile.changes} == {
        ("step closeness", "computed", "left out"),
        ("pairs.bins", "as the metric has it", "5"),
        ("gate schema_validity", "{'metric': 'schema_validity', 'at_least'", "{'metric"),
    }
    assert "closeness to training rows" not in {step.name for step in profile.steps}
    assert next(step for step in profile.steps if step.name == "pairs of columns").parameters["bins"] == 5


def test_the_same_name_with_another_limit_is_another_id(tmp_path: Path) -> None:
    one = find_profile(written(tmp_path, OWN)).id
    assert find_profile(written(tmp_path, OWN.replace("0.9", "0.8"))).id != one


def test_every_problem_of_a_file_is_listed_at_once(tmp_path: Path) -> None:
    text = 'name = "x"\ncolour = 1\nsteps = [3]\ndata = "table"\n[[gates]]\nmetric = "m"\nat_least = 1\nat_most = 2\nsource = ""\n'
    with pytest.raises(OptionError, match=r"'colour' is none of.*name must read like.*gate 1: source.*exactly one of.*names of steps"):
        find_profile(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OWN.replace("our-registry/1", "tabular-core/1"), "needs a name of its own"),
        (OWN.replace('"tabular-core/1"', '"tabular-core/9"'), "What our-registry/1 extends must be one of"),
        (OWN.replace("bins = 5", "bins = 'many'"), r"pairs\.bins must be a positive whole number like 10; got 'many'"),
        (OWN.replace("bins = 5", "bins = -1"), r"pairs\.bins must be a positive whole number like 10; got -1"),
        (OWN.replace("bins = 5", "bins = 2.5"), r"pairs\.bins must be a positive whole number like 10; got 2\.5"),
        (
            OWN.replace("pairs]\nbins = 5", "quality]\ncorrelation = inf"),
            r"quality\.correlation must be a positive number like 0\.5; got inf",
        ),
        (OWN.replace("pairs]\nbins = 5", "distances]\nscale = 3"), r"distances\.scale must be of the kind of 'sd'; got 3"),
        (OWN.replace("[parameters", "step_seconds = nan\n[parameters"), "step_seconds must be a number of seconds above 0; got nan"),
        (OWN + OWN.partition("bins = 5")[2], "2 gates are of 'schema_validity'; a metric has one"),
        (OWN.replace("bins = 5", "bin = 5"), r"A parameter of pairs must be one of.*Did you mean 'bins'"),
        (OWN.replace("[parameters.pairs]", "[parameters.pears]"), "A name in synthnb.metrics must be one of"),
        (OWN.replace("0.9", "nan"), "at_least must be a number"),
        ("name = [", "isn't TOML"),
    ],
)
def test_what_cannot_be_a_profile_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        find_profile(written(tmp_path, text))


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"none\.toml can't be read"):
        find_profile(tmp_path / "none.toml")


def test_another_limit_in_a_call_is_a_change() -> None:
    profile = with_gates(find_profile("tabular-core/1"), {"schema_validity": 0.5})
    assert profile.id.startswith("tabular-core/1@")
    assert profile.changes[0]["to"] == {"metric": "schema_validity", "at_least": 0.5, "source": "the user, in this call"}
    with pytest.raises(OptionError, match="A gate's metric must be one of"):
        with_gates(profile, {"no_such": 1.0})
    with pytest.raises(OptionError, match="must be a finite number; got nan"):
        with_gates(profile, {"schema_validity": float("nan")})
    with pytest.raises(OptionError, match="must be a finite number"):
        with_gates(profile, {"schema_validity": "high"})  # type: ignore[dict-item]


def test_every_registered_metric_loads() -> None:
    for name in available("synthnb.metrics"):
        assert load("synthnb.metrics", name).run
