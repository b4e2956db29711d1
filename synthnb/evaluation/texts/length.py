"""How long the texts are: words, sentences and characters beside those of the real ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._intervals import wilson
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step
from synthnb.evaluation.fidelity import ks_gap
from synthnb.evaluation.texts._columns import NO_REAL, TextColumn, against, left_out, per_column, text_columns
from synthnb.evaluation.texts._tokens import Texts, sentences

__all__ = ["BLANK", "CHARACTERS", "LENGTH_STEP", "MEDIAN", "SENTENCES", "WORDS", "lengths"]

Array = NDArray[Any]

_KS = "1 - sup |F_r - F_s| of {}; words: runs of letters and digits, NFKC, and each character of scripts without spaces"


def _ks(unit: str) -> Definition:
    return Definition(
        metric=f"text_{unit}_ks",
        label=f"Number of {unit}, KS complement",
        dimension="text",
        direction="higher",
        reference=_KS.format(f"the number of {unit} of a text"),
    )


WORDS, SENTENCES, CHARACTERS = _ks("words"), _ks("sentences"), _ks("characters")
MEDIAN = Definition(
    metric="text_median_words",
    label="Median number of words",
    dimension="text",
    direction="none",
    reference="median of the words of a text; interval by order statistics, Thompson (1936), doi 10.1214/aoms/1177732502; ceiling: real",
)
BLANK = Definition(
    metric="text_blank_share",
    label="Texts without a word",
    dimension="text",
    direction="lower",
    reference="share of cells that are missing or have no letter or digit; ceiling: the real texts' own share",
)
_UNITS: tuple[tuple[Definition, Callable[[Texts], Array]], ...] = (
    (WORDS, lambda texts: np.array([len(found) for found in texts.words], dtype=float)),
    (SENTENCES, lambda texts: np.array([sentences(text) for text in texts.strings], dtype=float)),
    (CHARACTERS, lambda texts: np.array([len(text) for text in texts.strings], dtype=float)),
)
_SHOWN = (0.05, 0.25, 0.5, 0.75, 0.95)


def lengths(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """The KS complements of three lengths, the median number of words, and the share of texts without a word."""
    found = per_column(comparison, (*(unit for unit, _ in _UNITS), MEDIAN), lambda column: _scores(column, parameters))
    found.not_evaluated += left_out(comparison)
    columns = text_columns(comparison)
    found.scores += [_blank(column) for column in columns] or [BLANK.absent(str(found.scores[0].reason))]
    return found


def _scores(column: TextColumn, parameters: Mapping[str, Any]) -> list[Score]:
    made = [_distance(column, definition, measure, parameters["least_texts"]) for definition, measure in _UNITS]
    synthetic, real = (np.sort(_UNITS[0][1](texts.spoken)) for texts in (column.synthetic, column.real))
    ceiling = float(np.median(real)) if len(real) else None
    low, high = median_interval(synthetic)
    return [
        *made,
        MEDIAN.score(float(np.median(synthetic)), n=len(synthetic), subject=[column.shown], interval=(low, high), ceiling=ceiling),
    ]


def _distance(column: TextColumn, definition: Definition, measure: Callable[[Texts], Array], least: int) -> Score:
    subject = [column.shown]
    synthetic, real = measure(column.synthetic.spoken), measure(column.real.spoken)
    given: dict[str, Any] = {"synthetic_quantiles": _quantiles(synthetic), "quantiles": list(_SHOWN)}
    if not len(real):
        return definition.score(None, n=len(synthetic), subject=subject, reason=NO_REAL, parameters=given)

    def complement(one: Texts, other: Texts) -> float:
        return ks_gap(measure(one), measure(other)).complement

    best, matched, more = against(complement, column, least)
    given |= {"real_quantiles": _quantiles(real), "interval": f"{NO_INTERVAL} a largest difference"} | more
    value = ks_gap(real, synthetic).complement
    return definition.score(value, n=len(synthetic), subject=subject, ceiling=best, matched=matched, parameters=given)


def _quantiles(values: Array) -> list[float]:
    return [float(value) for value in np.quantile(values, _SHOWN)] if len(values) >= 1 / _SHOWN[0] else []


def median_interval(ordered: Array) -> tuple[float | None, float | None]:
    """Order statistics between which a median lies with at least 95 % confidence; none of fewer than 6 values.

    Notes
    -----
    The r-th and (n − r + 1)-th smallest, r the greatest with P(B < r) ≤ 0.025 for B binomial of n and ½.
    """
    from scipy.stats import binom

    n = len(ordered)
    r = int(binom.ppf(0.025, n, 0.5))
    while r > 0 and binom.cdf(r - 1, n, 0.5) > 0.025:
        r -= 1
    return (float(ordered[r - 1]), float(ordered[n - r])) if r > 0 else (None, None)


def _blank(column: TextColumn) -> Score:
    shares = []
    for texts in (column.synthetic, column.real):
        cells = len(texts) + texts.missing
        shares.append((cells - len(texts.spoken), cells))
    (hits, n), (real_hits, real_n) = shares
    if not n:
        return BLANK.score(None, n=0, subject=[column.shown], reason="There are no synthetic rows.")
    low, high = wilson(hits, n)
    ceiling = real_hits / real_n if real_n else None
    return BLANK.score(
        hits / n, n=n, subject=[column.shown], interval=(float(low), float(high)), ceiling=ceiling, parameters={"count": hits}
    )


LENGTH_STEP = Step(
    name="length of texts",
    run=lengths,
    gives=(WORDS, SENTENCES, CHARACTERS, MEDIAN, BLANK),
    parameters={"least_texts": 30},
)
"""``text-length``."""
