"""Privacy: an attack on membership, with a control set.

The attacker holds a person's row and asks whether the generator saw it. The
only thing used is the row's distance to the nearest synthetic row. Whatever the
attack achieves on rows the generator never saw is its baseline; only what
exceeds the baseline is evidence. Doing no better is inconclusive: a stronger
attack may exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.evaluation._intervals import auc_interval, delong_variance, excess_risk, newcombe, wilson
from synthnb.evaluation._neighbours import nearest, points
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step, rounded

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Table

__all__ = ["ADVANTAGE", "AUC", "RISK", "TPR", "TPR_RARE", "Distances", "affordable", "attack_distances", "claims", "membership"]

Array = NDArray[Any]

_LEAST_TARGETS = 500
"""Rows attacked however many synthetic rows there are."""

AUC = Definition(
    metric="membership_auc",
    label="Membership attack AUC",
    dimension="privacy",
    direction="half",
    reference="P(a training row is nearer to the synthetic rows than a control row); interval by DeLong et al. (1988), doi 10.2307/2531595",
    version=2,
)
RISK = Definition(
    metric="membership_excess_risk",
    label="Membership attack, excess over control",
    dimension="privacy",
    direction="lower",
    reference="(a - c) / (1 - c) with Wilson rates; Giomi et al. (2023), doi 10.56553/popets-2023-0055",
    version=3,
)
TPR = Definition(
    metric="membership_tpr_at_1pct_fpr",
    label="Membership attack, true positives at 1 % false positives",
    dimension="privacy",
    direction="lower",
    reference="Carlini et al. (2022), arXiv 2112.03570; P value: beta-binomial, exact if training and control rows are exchangeable",
    version=3,
)
TPR_RARE = Definition(
    metric="membership_tpr_at_01pct_fpr",
    label="Membership attack, true positives at 0.1 % false positives",
    dimension="privacy",
    direction="lower",
    reference="Carlini et al. (2022), arXiv 2112.03570; P value: beta-binomial, exact if training and control rows are exchangeable",
    version=2,
)
ADVANTAGE = Definition(
    metric="membership_advantage",
    label="Membership attack, advantage",
    dimension="privacy",
    direction="lower",
    reference="true less false positive rate; Yeom et al. (2018), doi 10.1109/CSF.2018.00027; "
    "interval: Newcombe (1998), method 10, doi 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I",
    version=2,
)


class Distances(NamedTuple):
    """Distances to the nearest synthetic row, and the rule's threshold."""

    train: Array
    control: Array
    threshold: float
    synthetic_rows: int
    threshold_rows: int


def membership(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Area under the attack's ROC curve, risk and advantage at the profile's threshold, and hits at 1 % and 0.1 % false alarms.

    The threshold is a low quantile of the synthetic rows' distances to their
    nearest other synthetic row: an attacker can know it, and it uses neither
    training nor control rows. All synthetic rows are searched; what is bounded is
    how many rows are attacked, because a sample of synthetic rows would hide copies.
    """
    reason = comparison.no_holdout or too_few(comparison, parameters["least_rows"])
    if reason is not None:
        return Findings(scores=[definition.absent(reason) for definition in MEMBERSHIP_STEP.gives])
    found = attack_distances(comparison, parameters)
    rates = [_tpr(found, definition, rate, rows) for definition, rate, rows in ((TPR, 0.01, 100), (TPR_RARE, 0.001, 1000))]
    return Findings(scores=[_auc(found), _risk(found, parameters), *rates, _advantage(found)])


def too_few(comparison: Comparison, least: int) -> str | None:
    """Why an attack can't be made: no column to compare, or too few rows of a kind."""
    if not comparison.of("number", "level"):
        return "The frames share no column that is a number, a time or a category."
    tables = {"training": comparison.real, "control": comparison.holdout, "synthetic": comparison.synthetic}
    few = [f"{name} has {table.rows}" for name, table in tables.items() if table is not None and table.rows < least]
    return f"It needs at least {least} rows of each kind; {' and '.join(few)}." if few else None


def attack_distances(comparison: Comparison, parameters: Mapping[str, Any]) -> Distances:
    """Distances of training and control rows to the synthetic rows, of at most as many as the profile says."""
    given = {name: parameters[name] for name in ("quantile", "most_rows", "most_pairs")}
    found: Distances = comparison.remembered(f"membership {given}", lambda: _distances(comparison, **given))
    return found


def affordable(most_rows: int, most_pairs: int, searched: int) -> int:
    """How many rows are attacked if each is compared with ``searched`` others: at most ``most_rows``, at least 500 of these."""
    return min(most_rows, max(_LEAST_TARGETS, most_pairs // max(searched, 1)))


def _distances(comparison: Comparison, quantile: float, most_rows: int, most_pairs: int) -> Distances:
    assert comparison.holdout is not None
    most = affordable(most_rows, most_pairs, comparison.synthetic.rows)
    columns, seed, clock = comparison.of("number", "level"), comparison.seed, comparison.clock
    reference = [comparison.real, comparison.holdout]

    def placed(table: Table, unit: str) -> Any:
        return points(columns, reference, table.sample(most, seed, "membership", unit))

    synthetic = points(columns, reference, comparison.synthetic)
    # in random order, so that the first of them are a sample
    synthetic = synthetic.take(generator(seed, "membership", "order").permutation(len(synthetic.numbers)))
    train = nearest(placed(comparison.real, "train"), synthetic, clock)
    control = nearest(placed(comparison.holdout, "control"), synthetic, clock)
    threshold = float(np.quantile(nearest(synthetic.first(most), synthetic, clock, same=True), quantile))
    return Distances(train, control, threshold, len(synthetic.numbers), min(most, len(synthetic.numbers)))


def claims(found: Distances) -> tuple[int, int]:
    """Training and control rows that the attack claims at its threshold."""
    hits, false = (int((rows <= found.threshold).sum()) for rows in (found.train, found.control))
    return hits, false


def _sizes(found: Distances) -> dict[str, Any]:
    return {"training_rows": len(found.train), "control_rows": len(found.control), "synthetic_rows": found.synthetic_rows}


def _auc(found: Distances) -> Score:
    value, variance = delong_variance(-found.train, -found.control)
    estimate = auc_interval(value, variance, min(len(found.train), len(found.control)))
    reading = "excess" if estimate.low > 0.5 else "inconclusive"
    return AUC.score(
        value, n=len(found.train) + len(found.control), interval=estimate.interval, parameters={"reading": reading} | _sizes(found)
    )


def _risk(found: Distances, parameters: Mapping[str, Any]) -> Score:
    hits, false = claims(found)
    estimate = excess_risk(hits, len(found.train), false, len(found.control))
    return RISK.score(
        estimate.value,
        n=len(found.train) + len(found.control),
        interval=estimate.interval,
        parameters={
            "reading": "excess" if estimate.low > 0 else "inconclusive",
            "threshold": rounded(found.threshold),
            "threshold_rule": f"quantile {parameters['quantile']:g} of synthetic-to-synthetic nearest distances",
            "main": _rate(hits, len(found.train)),
            "control": _rate(false, len(found.control)),
            "synthetic_rows": found.synthetic_rows,
        },
    )


def _rate(hits: int, n: int) -> dict[str, Any]:
    low, high = wilson(hits, n)
    return {"hits": hits, "n": n, "rate": rounded(hits / n), "low": rounded(float(low)), "high": rounded(float(high))}


def _advantage(found: Distances) -> Score:
    (hits, false), n, m = claims(found), len(found.train), len(found.control)
    low, high = (float(end) for end in newcombe(hits / n, n, false / m, m))
    given = {"reading": "excess" if low > 0 else "inconclusive", "threshold": rounded(found.threshold)}
    return ADVANTAGE.score(hits / n - false / m, n=n + m, interval=(low, high), parameters=given | _sizes(found))


def _tpr(found: Distances, definition: Definition, rate: float, least: int) -> Score:
    n, trained = len(found.control), len(found.train)
    if n < least:
        wanted = f"{100 * rate:g} % of the control rows must be at least one row"
        return definition.absent(f"{wanted}; there are {n}: pass a hold-out of {least:,} rows or more.", n=n)
    hits, false = hits_at(found.train, found.control, rate)
    expected, p_value = without_signal(hits, trained, n, rate)
    given = {
        "reading": "excess" if p_value <= 0.025 else "inconclusive",
        "without_signal": rounded(expected),
        "p_value": rounded(p_value),
        "false_positive_rate": rounded(false / n),
        "interval": f"{NO_INTERVAL} a rate at so rare a threshold; p_value is one-sided",
    }
    return definition.score(hits / trained, n=trained + n, parameters=given | _sizes(found))


def without_signal(hits: int, trained: int, control: int, rate: float) -> tuple[float, float]:
    """Share of training rows claimed if they are like control rows, and the probability of at least as many hits then.

    Notes
    -----
    With k = ⌊rate · c⌋, rows nearer than the (k+1)-th nearest of c control rows are
    claimed. If training and control rows are exchangeable, the hits among t training
    rows are beta-binomial (t, k + 1, c − k): (k + 1)/(c + 1) of them on average.
    Ties make claims fewer, so that the probability is then at most this.
    """
    from scipy.stats import betabinom

    k = int(np.floor(rate * control))
    return (k + 1) / (control + 1), float(betabinom.sf(hits - 1, trained, k + 1, control - k))


def hits_at(train: Array, control: Array, rate: float) -> tuple[int, int]:
    """Training and control rows claimed at the largest threshold whose share of control rows is at most ``rate``."""
    levels, counts = np.unique(control, return_counts=True)
    allowed = np.cumsum(counts) <= rate * len(control)
    bound = levels[int(allowed.sum())] if not allowed.all() else np.inf
    return int((train < bound).sum()), int((control < bound).sum())


MEMBERSHIP_STEP = Step(
    name="membership attack",
    run=membership,
    gives=(AUC, RISK, TPR, TPR_RARE, ADVANTAGE),
    parameters={"quantile": 0.1, "most_rows": 5000, "most_pairs": 500_000_000, "least_rows": 20},
)
"""``membership``."""
