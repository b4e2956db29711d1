"""Attribute inference: a person's secret guessed from the synthetic row most like them in what is known.

For each target the attacker takes the synthetic row that is nearest in the known
columns and guesses its value of the secret. The same is done for rows the generator
never saw: a secret that can be told from other columns anyway is no leak.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._neighbours import Points, between, points, tiles
from synthnb.evaluation.attacks.knowledge import Knowledge, knowledge
from synthnb.evaluation.attacks.rates import Outcome, Rate, detailed
from synthnb.evaluation.base import Comparison, Definition, Findings, Step
from synthnb.evaluation.privacy import affordable, too_few

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table

__all__ = ["INFERENCE", "INFERENCE_STEP", "infer"]

Array = NDArray[Any]

INFERENCE = Definition(
    metric="attribute_inference_risk",
    label="Attribute inference risk",
    dimension="privacy",
    direction="lower",
    reference="(a - c) / (1 - c), secret guessed from the nearest synthetic row; Giomi et al. (2023), doi 10.56553/popets-2023-0055",
    version=3,
)


class Target(NamedTuple):
    """Rows attacked."""

    table: Table
    """Their values."""
    rows: Points
    """Their known columns."""


class Nearest(NamedTuple):
    """The nearest synthetic rows of each target among those seen so far."""

    distance: Array
    """How near they are, in steps."""
    ties: Array
    """How many are as near as that."""
    right: Array
    """How many of these have the target's secret."""

    @classmethod
    def none(cls, rows: int) -> Nearest:
        """Before any is seen."""
        return cls(np.full(rows, np.inf), np.zeros(rows), np.zeros(rows))

    def see(self, rows: slice, distances: Array, truth: Array, guesses: Array, within: float) -> None:
        """Take in some synthetic rows, by their distances to some targets."""
        least = distances.min(axis=1)
        row, near = np.nonzero(distances == np.minimum(least, self.distance[rows])[:, None])
        right = _right(truth[row], guesses[near], within)
        same = least >= self.distance[rows]
        for kept, new in ((self.ties, np.bincount(row, minlength=len(least))), (self.right, np.bincount(row, right, len(least)))):
            kept[rows] = np.where(same, kept[rows], 0) + new
        self.distance[rows] = np.minimum(least, self.distance[rows])


def infer(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Risk of each stated secret; where none is stated, of all columns in turn, as one score.

    Notes
    -----
    A guess of a number is right within ``tolerance`` times the span from the 5th to
    the 95th percentile of the real values. Among equally near synthetic rows a success
    is the share of those that guess right. The naive guess is the secret of a synthetic
    row drawn at random; its success is the share of synthetic rows that are right.
    """
    reason = comparison.no_holdout or too_few(comparison, parameters["least_rows"])
    asked = knowledge(comparison)
    secrets, known = _asked(comparison, asked, parameters["most_secrets"]), asked.known
    if reason is None and not secrets and not (asked.left_out and not asked.secrets):
        reason = "It needs a secret column and a known one that are numbers, times or categories."
    if reason is not None or not secrets:
        return Findings(scores=[*([INFERENCE.absent(reason)] if reason else []), *asked.unattacked(INFERENCE)])
    successes = _attack(comparison, secrets, known, parameters)
    used = len(known) - (secrets[0] in known)
    given = {
        "known": used,
        "synthetic_rows": comparison.synthetic.rows,
        "tolerance": parameters["tolerance"],
        "baseline_rule": "the value of a random synthetic row",
    }
    outcomes = [_outcome([kinds[i] for kinds in successes], given, secret.shown) for i, secret in enumerate(secrets)]
    if comparison.facts.secrets:
        scores = [outcome.score(INFERENCE) for outcome in outcomes] + asked.unattacked(INFERENCE)
    else:
        pooled = [np.mean(kinds, axis=0) for kinds in successes]
        all_in_turn = {"secrets": len(secrets), "secrets_rule": "no secret was stated: every column in turn, pooled"}
        scores = [_outcome(pooled, given | all_in_turn).score(INFERENCE)]
    return Findings(scores=scores, details=detailed(comparison, outcomes))


def _outcome(successes: Sequence[Array], given: Mapping[str, Any], *subject: str) -> Outcome:
    main, baseline, control = (Rate.of(values) for values in successes)
    return Outcome(name="attribute inference", subject=subject, main=main, baseline=baseline, control=control, parameters=given)


def _asked(comparison: Comparison, asked: Knowledge, most: int) -> list[Column]:
    """Stated secrets; where none is stated, every column, or those that aren't known if some are, evenly spread if too many."""
    facts = comparison.facts
    secrets = asked.secrets if facts.secrets else [column for column in comparison.of("number", "level") if column.name not in facts.known]
    chosen = np.unique(np.linspace(0, len(secrets) - 1, min(most, len(secrets))).round().astype(int))
    return [secrets[i] for i in chosen if any(column.name != secrets[i].name for column in asked.known)]


def _attack(comparison: Comparison, secrets: list[Column], known: list[Column], parameters: Mapping[str, Any]) -> list[list[Array]]:
    """Successes on training rows, by guessing on the same rows, and on control rows; each per secret, one value a target."""
    assert comparison.holdout is not None
    seed, reference = comparison.seed, [comparison.real, comparison.holdout]
    synthetic = comparison.synthetic
    most = affordable(parameters["most_rows"], parameters["most_pairs"], synthetic.rows * len(secrets))
    tolerances = [_tolerance(secret, comparison.real, parameters["tolerance"]) for secret in secrets]
    source = Target(synthetic, points(known, reference, synthetic))

    def attacked(table: Table, unit: str) -> tuple[Table, list[Array]]:
        targets = table.sample(most, seed, "inference", unit)
        rows = Target(targets, points(known, reference, targets))
        return targets, _successes(comparison, rows, source, secrets, known, tolerances)

    train, main = attacked(comparison.real, "train")
    _, control = attacked(comparison.holdout, "control")
    baseline = [
        _guessed(synthetic.values[secret.name], train.values[secret.name], within)
        for secret, within in zip(secrets, tolerances, strict=True)
    ]
    return [main, baseline, control]


def _successes(
    comparison: Comparison, targets: Target, source: Target, secrets: list[Column], known: list[Column], tolerances: list[float]
) -> list[Array]:
    """Per secret and target, the share of the nearest synthetic rows whose secret is right.

    Distances over all known columns are taken once; a secret that is itself among
    the known columns is taken away from them, which is exact.
    """
    reference, steps = [comparison.real, comparison.holdout or comparison.real], source.rows.steps
    own = {
        secret.name: [points([secret], reference, side.table, steps=steps) for side in (targets, source)]
        for secret in secrets
        if secret in known
    }
    found = [Nearest.none(targets.table.rows) for _ in secrets]
    for rows, of, distances in tiles(targets.rows, source.rows, comparison.clock):
        for secret, within, best in zip(secrets, tolerances, found, strict=True):
            rest = distances
            if secret.name in own:
                mine, theirs = own[secret.name]
                rest = distances - between(mine.take(rows), theirs.take(of))
            best.see(rows, rest, targets.table.values[secret.name][rows], source.table.values[secret.name][of], within)
    return [best.right / best.ties for best in found]


def _tolerance(secret: Column, real: Table, share: float) -> float:
    """How far a guess may be off; 0 for levels, which must be equal."""
    values = real.values[secret.name]
    finite = values[np.isfinite(values)] if secret.family == "number" else values[:0]
    return share * float(np.subtract(*np.quantile(finite, [0.95, 0.05]))) if len(finite) else 0.0


def _right(truth: Array, guess: Array, within: float) -> Array:
    """Which guesses are right; missing is right for missing."""
    both_missing = np.isnan(truth) & np.isnan(guess)
    with np.errstate(invalid="ignore"):
        near = np.abs(truth - guess) <= within
    right: Array = (truth == guess) | near | both_missing
    return right


def _guessed(synthetic: Array, truth: Array, within: float) -> Array:
    """Share of synthetic rows whose secret is right for each target."""
    values = np.sort(synthetic[~np.isnan(synthetic)]).astype(float)
    right = np.searchsorted(values, truth + within, "right") - np.searchsorted(values, truth - within, "left")
    shares: Array = np.where(np.isnan(truth), len(synthetic) - len(values), right) / max(len(synthetic), 1)
    return shares


INFERENCE_STEP = Step(
    name="attribute inference attack",
    run=infer,
    gives=(INFERENCE,),
    parameters={"tolerance": 0.05, "most_secrets": 30, "most_rows": 1000, "most_pairs": 500_000_000, "least_rows": 20},
)
"""``attribute-inference``."""
