"""Membership disclosure: how well an attacker tells who is in the data, among people of whom few are.

The attack is the one of `synthnb.evaluation.privacy`: whoever has a synthetic row
near enough is claimed. Its F1 depends on how many of those attacked are in the data,
so that share is the sampling fraction: the real rows over the population.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from synthnb.evaluation._intervals import Z95, Estimate, wilson
from synthnb.evaluation.base import Comparison, Definition, Findings, Step, rounded
from synthnb.evaluation.privacy import attack_distances, claims, too_few

__all__ = ["MEMBERSHIP_F1", "MEMBERSHIP_F1_STEP", "membership_f1", "relative_f1"]

MEMBERSHIP_F1 = Definition(
    metric="membership_relative_f1",
    label="Membership disclosure, F1 beyond the naive one",
    dimension="privacy",
    direction="lower",
    reference="(F1 - naive F1) / (1 - naive F1) at the sampling fraction; El Emam et al. (2022), doi 10.1093/jamiaopen/ooac083",
    version=2,
)


_MUTUAL = 1.6
"""How much more a quantile of nearest distances varies than one of independent values: six in ten neighbours are mutual."""


def membership_f1(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """F1 of the membership attack at the sampling fraction, relative to claiming everybody."""
    fraction, rule, reason = _fraction(comparison, parameters["fraction"])
    reason = comparison.no_holdout or too_few(comparison, parameters["least_rows"]) or reason
    if reason is not None:
        return Findings(scores=[MEMBERSHIP_F1.absent(reason)])
    found = attack_distances(comparison, parameters)
    (hits, false), n, m = claims(found), len(found.train), len(found.control)
    quantile = float(parameters["quantile"])
    moved = Z95 * np.sqrt(_MUTUAL * quantile * (1 - quantile) / found.threshold_rows)
    estimate = relative_f1(hits, n, false, m, fraction, moved=float(moved))
    naive, weak = _naive(fraction), estimate.value <= 0
    given = {
        "reading": "excess" if estimate.low > 0 else "inconclusive",
        "weak": weak,
        "fraction": rounded(fraction),
        "fraction_rule": rule,
        "f1": rounded(estimate.value * (1 - naive) + naive),
        "naive_f1": rounded(naive),
        "main": {"rate": rounded(hits / n), "n": n},
        "control": {"rate": rounded(false / m), "n": m},
    }
    return Findings(scores=[MEMBERSHIP_F1.score(estimate.value, n=n + m, interval=estimate.interval, parameters=given)])


def _fraction(comparison: Comparison, assumed: float) -> tuple[float, str, str | None]:
    """The sampling fraction, where it comes from, or why there is none."""
    people, rows = comparison.facts.population, comparison.real.rows
    if people is None and 0 < assumed < 1:
        return assumed, "assumed by the profile", None
    if people is None:
        return 0.0, "", "It needs the sampling fraction: state how many people the real rows are a sample of, as population=."
    if people <= rows:
        return 0.0, "", f"The population must be larger than the {rows:,} real rows; got {people:,}."
    return rows / people, "real rows over the stated population", None


def _naive(fraction: float) -> float:
    return 2 * fraction / (1 + fraction)


def relative_f1(hits: int, trained: int, false: int, control: int, fraction: float, *, moved: float = 0.0) -> Estimate:
    """F1 of an attack with these hits, beyond the F1 of claiming everybody.

    Parameters
    ----------
    hits, trained : int
        Claims among rows the generator saw, and how many those are.
    false, control : int
        Claims among rows it never saw, and how many those are.
    fraction : float
        Share of members among the people attacked, in (0, 1).
    moved : float
        How far another draw of the synthetic rows may move both rates, by moving the threshold.

    Returns
    -------
    Estimate
        At most 1; at most 0 where claiming everybody does as well.

    Notes
    -----
    With rates a = hits/trained and c = false/control, and t = fraction:
    F1 = 2ta / (ta + (1 − t)c + t), naive F1 = 2t/(1 + t) and (F1 − naive)/(1 − naive).
    F1 rises with a and falls with c, so the interval takes each rate's Wilson end
    in turn and adds the changes in squares, as Newcombe's method 10 does for
    differences of shares (1998); a third change is that of the threshold.

    Examples
    --------
    >>> round(relative_f1(100, 100, 0, 100, 0.1).value, 3)
    1.0
    """
    naive, (a, c) = _naive(fraction), (hits / trained, false / control)

    def relative(main: float, other: float) -> float:
        f1 = 2 * fraction * main / (fraction * main + (1 - fraction) * other + fraction)
        return (f1 - naive) / (1 - naive)

    value, (low_a, high_a), (low_c, high_c) = relative(a, c), wilson(hits, trained), wilson(false, control)
    a_moved, c_moved = np.minimum([a + moved, c + moved], 1.0)
    both = relative(float(a_moved), float(c_moved)) - value
    below = np.linalg.norm([value - relative(float(low_a), c), value - relative(a, float(high_c)), both])
    above = np.linalg.norm([relative(float(high_a), c) - value, relative(a, float(low_c)) - value, both])
    return Estimate(value, float(value - below), min(value + float(above), 1.0))


MEMBERSHIP_F1_STEP = Step(
    name="membership disclosure",
    run=membership_f1,
    gives=(MEMBERSHIP_F1,),
    parameters={"fraction": 0.0, "quantile": 0.1, "most_rows": 5000, "most_pairs": 500_000_000, "least_rows": 20},
)
"""``membership-f1``."""
