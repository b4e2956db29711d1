"""Profiles: named, versioned lists of steps with fixed parameters.

A profile is data. Its digest covers the metrics, their versions and every
parameter; a test pins it, so that a change needs a new name.
"""

from __future__ import annotations

from dataclasses import dataclass

from synthnb._canonical import Json, digest
from synthnb.errors import OptionError
from synthnb.evaluation import bias, copies, detection, fidelity, pairs, privacy, utility, validity
from synthnb.evaluation.base import Step

__all__ = ["PROFILES", "Profile", "find_profile"]


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What is computed under one name."""

    name: str
    """Name and version, such as ``tabular-core/1``."""
    steps: tuple[Step, ...]
    """In the order they run."""
    left_out: tuple[tuple[str, str], ...]
    """Dimensions this profile doesn't evaluate, each with the reason."""
    step_seconds: float
    """Time budget of a step."""

    @property
    def digest(self) -> str:
        """``"sha256:…"`` over the metrics' ids and versions, and every parameter; not over wording."""
        steps: list[Json] = [
            {
                "name": step.name,
                "gives": [{"metric": definition.metric, "version": definition.version} for definition in step.gives],
                "parameters": dict(step.parameters),
            }
            for step in self.steps
        ]
        return digest({"name": self.name, "steps": steps, "left_out": [dimension for dimension, _ in self.left_out]})


_TABULAR = Profile(
    name="tabular-core/1",
    step_seconds=120.0,
    steps=(
        Step(name="schema", run=validity.schema, gives=(validity.SCHEMA,)),
        Step(name="ranges and levels", run=validity.adherence, gives=(validity.RANGE, validity.CATEGORY)),
        Step(name="missing cells", run=validity.missing_difference, gives=(validity.MISSING,)),
        Step(name="column shapes", run=fidelity.column_shapes, gives=(fidelity.SHAPES,), parameters={"size_draws": 3}),
        Step(name="distributions", run=fidelity.distributions, gives=()),
        Step(
            name="pairs of columns",
            run=pairs.pair_trends,
            gives=(pairs.CORRELATION, pairs.CONTINGENCY),
            parameters={"bins": 10, "levels": 20, "most_pairs": 3000, "most_rows": 50000},
        ),
        Step(
            name="two-sample classifier",
            run=detection.two_sample,
            gives=(detection.C2ST,),
            parameters={"folds": 5, "iterations": 60, "most_rows": 5000, "least_rows": 50},
        ),
        Step(
            name="train on synthetic, test on real",
            run=utility.train_and_test,
            gives=(utility.TSTR, utility.GAP),
            parameters={"iterations": 100, "most_rows": 20000, "least_rows": 30, "draws": 200},
        ),
        Step(
            name="membership attack",
            run=privacy.membership,
            gives=(privacy.AUC, privacy.RISK, privacy.TPR),
            parameters={"quantile": 0.1, "most_rows": 5000, "most_synthetic": 20000, "least_rows": 20},
        ),
        Step(name="exact copies", run=copies.exact_copies, gives=(copies.EXACT, copies.UNCOMMON)),
        Step(name="closeness to training rows", run=copies.closer_to_training, gives=(copies.CLOSER,), parameters={"most_rows": 5000}),
        Step(
            name="subgroups",
            run=bias.subgroups,
            gives=(bias.DISPARITY, bias.FIDELITY_GAP, bias.UTILITY_GAP),
            parameters={"most_cells": 24, "iterations": 100, "most_rows": 20000, "least_rows": 30, "size_draws": 3},
        ),
    ),
    left_out=(
        ("rules", "Rules between columns and over time aren't declared here, so violations weren't counted."),
        ("singling out", "The profile has one attack, on membership; whether rows single out a person wasn't tested."),
        ("linkability", "The profile has one attack, on membership; linking with other data wasn't tested."),
        ("attribute inference", "The profile has one attack, on membership; guessing a secret attribute wasn't tested."),
        ("differential privacy", "Whether the generator gives a formal bound can't be seen from the data."),
        ("human", "No person rated the rows."),
        ("judge", "No language model judged the rows."),
        ("gates", "The profile sets no gate: no threshold is published that holds for tables in general."),
    ),
)

PROFILES: dict[str, Profile] = {profile.name: profile for profile in (_TABULAR,)}
"""Every profile, by name."""


def find_profile(name: str) -> Profile:
    """Return the profile of that name; ``"auto"`` is ``tabular-core/1``.

    Raises
    ------
    OptionError
        There is none of that name.
    """
    if name == "auto":
        return _TABULAR
    if name not in PROFILES:
        raise OptionError.from_choice("profile", name, ["auto", *sorted(PROFILES)])
    return PROFILES[name]
