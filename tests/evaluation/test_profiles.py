from __future__ import annotations

import dataclasses

import pytest

from synthnb.errors import OptionError
from synthnb.evaluation.profiles import built_in, find_profile

PINNED = {"tabular-core/1": "sha256:ceceb38c9fed7783b42d1a2e0be155a4a868422838519a3e078ab9b5549912fc"}


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
    by_dimension = {metric.metric: metric.dimension for step in find_profile(name).steps for metric in step.gives}
    assert by_dimension["closer_to_training_share"] == "diagnostic"
    assert {metric for metric, dimension in by_dimension.items() if dimension == "privacy"} == {
        "membership_auc",
        "membership_excess_risk",
        "membership_tpr_at_1pct_fpr",
    }
