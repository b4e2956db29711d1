"""Meaningful identity disclosure: a synthetic row that leads to one real person and teaches something new about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._encode import Column, Table, row_keys
from synthnb.evaluation.attacks.cap import attributed, binned
from synthnb.evaluation.attacks.knowledge import NO_KNOWN, knowledge
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step, rounded

__all__ = ["IDENTITY", "IDENTITY_STEP", "identify", "meaningful"]

Array = NDArray[Any]

IDENTITY = Definition(
    metric="identity_disclosure_risk",
    label="Meaningful identity disclosure risk",
    dimension="privacy",
    direction="lower",
    reference="mean over real rows of 1/F · matched · learned something new, after El Emam, Mosquera and Bass (2020), doi 10.2196/23139",
)
_LEARNED = "the secret's value or bin is right, and fewer real rows have it than the share given as common"


def identify(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Risk for each stated secret, beside what as many hold-out rows would suffer.

    Notes
    -----
    The source counts a person as harmed if enough of all sensitive variables are
    similar; here each secret has a score of its own. Its adjustment for errors in
    matching isn't made, so that the risk is at its highest.
    """
    asked, people, rows = knowledge(comparison), comparison.facts.population, comparison.real.rows
    reason = None if asked.known else NO_KNOWN
    if not asked.secrets:
        reason = None if asked.left_out else "It needs the columns an attacker would like to know: state them as secrets=."
    elif people is not None and people < rows:
        reason = f"The population must be at least the {rows:,} real rows; got {people:,}."
    if reason is not None:
        return Findings(scores=[IDENTITY.absent(reason), *asked.unattacked(IDENTITY)])
    scores = [_score(comparison, secret, asked.known, parameters) for secret in asked.secrets]
    return Findings(scores=scores + asked.unattacked(IDENTITY))


def _score(comparison: Comparison, secret: Column, known: list[Column], parameters: Mapping[str, Any]) -> Score:
    rows, people = comparison.real.rows, comparison.facts.population
    value, matched = _risk(comparison, comparison.real, secret, known, parameters)
    ceiling = like = None
    if comparison.holdout is not None and comparison.holdout.rows >= comparison.minimum_cell:
        few = min(comparison.holdout.rows, rows)
        ceiling, like = (
            _risk(comparison, table.sample(few, comparison.seed, "identity", unit), secret, known, parameters)[0]
            for table, unit in ((comparison.holdout, "control"), (comparison.real, "train"))
        )
    given = {
        "known": len(known),
        "known_bins": parameters["known_bins"],
        "matched_rows": rounded(matched),
        "population": people or rows,
        "population_rule": "stated"
        if people
        else "none was stated: the real rows are taken for all people there are, so the risk is at its highest",
        "learned": _LEARNED,
        "common": parameters["common"],
        "interval": f"{NO_INTERVAL} a risk that rows with the same known values share",
    }
    return IDENTITY.score(value, n=rows, subject=[secret.shown], ceiling=ceiling, matched=like, parameters=given)


def _risk(comparison: Comparison, table: Table, secret: Column, known: list[Column], parameters: Mapping[str, Any]) -> tuple[float, float]:
    """The risk of a table's rows, and the share of them whose known values occur among the synthetic rows."""
    tables = [table, comparison.synthetic]
    mine, made = row_keys([binned(known, part, comparison.real, parameters["known_bins"]) for part in tables])
    own, theirs = row_keys([binned([secret], part, comparison.real, parameters["bins"]) for part in tables])
    people = comparison.facts.population or comparison.real.rows
    scale = max(people / comparison.real.rows, 1.0)
    return meaningful(mine, own, made, theirs, scale=scale, common=parameters["common"])


def meaningful(
    known: Array, secret: Array, synthetic_known: Array, synthetic_secret: Array, *, scale: float, common: float
) -> tuple[float, float]:
    """The risk of identification with something learned, and the share of rows matched.

    Parameters
    ----------
    known, secret : array of int, shape (rows,)
        One key per combination of known values, and per value of the secret.
    synthetic_known, synthetic_secret : array of int, shape (synthetic rows,)
        The same keys for the synthetic rows.
    scale : float
        People in the population per real row, at least 1.
    common : float
        Share of real rows with a value from which on the value teaches nothing.

    Notes
    -----
    (1/n) Σ 1/(f·scale) · l over rows whose known values occur among the synthetic
    rows, with f real rows that have the same known values, and l the share of the
    matching synthetic rows that have the row's secret, 0 where the secret is common.
    """
    if not len(known):
        return 0.0, 0.0
    _, at, sizes = np.unique(known, return_inverse=True, return_counts=True)
    _, value, counts = np.unique(secret, return_inverse=True, return_counts=True)
    found = attributed(known, secret, synthetic_known, synthetic_secret)
    is_matched = np.isin(known, synthetic_known)
    new = counts[value] < common * len(secret)
    harmed = found.correct * new[is_matched] / (sizes[at][is_matched] * scale)
    return float(harmed.sum() / len(known)), found.matched


IDENTITY_STEP = Step(name="identity disclosure", run=identify, gives=(IDENTITY,), parameters={"bins": 10, "known_bins": 100, "common": 0.5})
"""``identity``."""
