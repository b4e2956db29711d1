"""Disclosure protection: how rarely the synthetic rows that agree with a person in what is known agree in the secret too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._encode import Column, Table, row_keys
from synthnb.evaluation.attacks.knowledge import NO_KNOWN, knowledge
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step, rounded

__all__ = ["CAP", "CAP_STEP", "attributed", "binned", "protect"]

Array = NDArray[Any]

CAP = Definition(
    metric="disclosure_protection",
    label="Disclosure protection (CAP)",
    dimension="privacy",
    direction="higher",
    reference="min(protection / (1 - 1/values of the secrets), 1), protection = 1 - correct attribution probability; "
    "Taub et al. (2018), doi 10.1007/978-3-319-99771-1_9; SDMetrics, DisclosureProtection",
)


class Attributed(NamedTuple):
    """What an attacker attributes to rows."""

    correct: Array
    """Per row that has synthetic rows with its known values: the share of these with its secrets."""
    matched: float
    """Share of rows that have any."""


def protect(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Protection of the stated secrets against an attacker who knows the stated known columns, beside the hold-out's.

    Numbers are cut into bins of equal width over the real values. The hold-out's own
    value shows what can be attributed to people the generator never saw: what is lower
    for the real rows than for these is disclosure, what is low for both is knowledge.
    """
    asked = knowledge(comparison)
    if not asked.secrets:
        none = [CAP.absent("It needs the columns an attacker would like to know: state them as secrets=.")]
        return Findings(scores=asked.unattacked(CAP) or none)
    together = CAP.absent(NO_KNOWN) if not asked.known else _together(comparison, asked.secrets, asked.known, parameters)
    return Findings(scores=[together, *asked.unattacked(CAP)])


def _together(comparison: Comparison, secrets: list[Column], known: list[Column], parameters: Mapping[str, Any]) -> Score:
    """The protection of all secrets as one."""
    bins, least = parameters["bins"], comparison.minimum_cell
    tables = [comparison.real, comparison.synthetic, *([] if comparison.holdout is None else [comparison.holdout])]
    hidden, open_ = (row_keys([binned(columns, table, comparison.real, bins) for table in tables]) for columns in (secrets, known))
    found, *held = (attributed(open_[i], hidden[i], open_[1], hidden[1]) for i in (0, 2) if i < len(tables))
    given = {"secrets": [column.shown for column in secrets][:8], "known": len(known), "bins": bins, "matched": rounded(found.matched)}
    if len(found.correct) < least:
        few = f"{len(found.correct)} real rows share their {len(known)} known columns with a synthetic row: state fewer known columns."
        return CAP.absent(few, n=len(found.correct), parameters=given)
    chance = 1 - 1 / _combinations(secrets, bins, comparison.real)
    given |= {"chance": rounded(chance), "interval": f"{NO_INTERVAL} a share that depends more on which synthetic rows were drawn"}
    ceiling = _protection(held[0].correct, chance) if held and len(held[0].correct) >= least else None
    value = _protection(found.correct, chance)
    return CAP.score(value, n=len(found.correct), ceiling=ceiling, parameters=given)


def binned(columns: list[Column], table: Table, real: Table, bins: int) -> Table:
    """The columns with numbers replaced by the bin they fall in; −1 below, ``bins`` above, NaN for missing."""
    values = {column.name: table.values[column.name].astype(float) for column in columns}
    for column in columns:
        if column.family == "number":
            seen = real.values[column.name]
            finite = seen[np.isfinite(seen)]
            edges = np.linspace(finite.min(), finite.max(), bins + 1) if len(finite) else np.zeros(1)
            places = np.searchsorted(edges, values[column.name], side="right") - 1.0
            places[values[column.name] == edges[-1]] = max(len(edges) - 2, 0)
            values[column.name] = np.where(np.isnan(values[column.name]), np.nan, places)
    return Table(table.rows, values, {})


def _combinations(secrets: list[Column], bins: int, real: Table) -> float:
    """How many combinations of values the secrets can take."""
    sizes = [_values(binned([column], real, real, bins).values[column.name]) for column in secrets]
    return float(np.prod([max(size, 2) for size in sizes], dtype=float))


def _values(codes: Array) -> int:
    return len(np.unique(codes))


def attributed(known: Array, secret: Array, synthetic_known: Array, synthetic_secret: Array) -> Attributed:
    """Correct attribution probability of each row whose known values occur among the synthetic rows.

    Parameters
    ----------
    known, secret : array of int, shape (rows,)
        One key per combination of known values, and of secrets.
    synthetic_known, synthetic_secret : array of int, shape (synthetic rows,)
        The same keys for the synthetic rows.
    """
    most = int(max(secret.max(initial=0), synthetic_secret.max(initial=0))) + 1
    groups, sizes = np.unique(synthetic_known, return_counts=True)
    pairs, counts = np.unique(synthetic_known * most + synthetic_secret, return_counts=True)
    mine = np.isin(known, groups)
    total = sizes[np.searchsorted(groups, known[mine])]
    wanted = known[mine] * most + secret[mine]
    at = np.minimum(np.searchsorted(pairs, wanted), max(len(pairs) - 1, 0))
    right = np.where(pairs[at] == wanted, counts[at], 0) if len(pairs) else np.zeros(len(wanted))
    return Attributed(right / total, float(mine.mean()) if len(mine) else 0.0)


def _protection(correct: Array, chance: float) -> float:
    return min((1 - float(correct.mean())) / chance, 1.0)


CAP_STEP = Step(name="disclosure protection", run=protect, gives=(CAP,), parameters={"bins": 10})
"""``cap``."""
