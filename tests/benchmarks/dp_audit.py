"""The engine `dp` held to its promise by attack: which ε do its outputs betray at least?

Run ``python tests/benchmarks/dp_audit.py [--runs 5000]``. The engine is fitted many times to a small table and as often to
the same table with one row more, known to the auditor as all others are. From each fitted generator the auditor takes how many rows
it believes to be like that one. Half of the runs choose a threshold, the other half give the rates at which it is passed;
Clopper–Pearson limits on both rates give a lower limit on ε that holds with 95 % confidence (Jagielski, Ullman & Oprea 2020,
"Auditing Differentially Private Machine Learning", arXiv 2006.07709).

The same is done to a mechanism whose noise was made twenty times too small. Its limit must exceed the ε it claims, or the audit
could not find a fault if there were one.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from synthnb.engines.dp import FittedDp, count_and_fit
from synthnb.engines.dp.domain import declared_domains
from synthnb.engines.dp.noise import Noise
from synthnb.engines.dp.plan import Method, Wishes, plan_steps
from synthnb.recipes.infer import infer_recipe

Array = np.ndarray[Any, Any]
DOMAIN = {"a": ["p", "q"], "b": ["x", "y"]}
ODD = {"a": "q", "b": "y"}
ROWS = 500


class TooLittleNoise(Noise):
    """Noise with a twentieth of the standard deviation that was asked for, and choices with twenty times the ε."""

    def gaussian(self, variance: Fraction, size: int) -> Array:
        return super().gaussian(variance / 400, size)

    def choose(self, scores: Array, epsilon: Fraction) -> int:
        return super().choose(scores, epsilon * 20)


def neighbours() -> tuple[pd.DataFrame, pd.DataFrame]:
    """A table, and the same with one row more.

    Every cell holds so many rows that no noisy count is cut off at 0, which would hide the row from the auditor.
    """
    without = pd.DataFrame({"a": ["p", "p", "q", "q"] * ROWS, "b": ["x", "y"] * 2 * ROWS})
    return without, pd.concat([without, pd.DataFrame([ODD])], ignore_index=True)


def beliefs(frame: pd.DataFrame, noise: Noise, *, epsilon: float, delta: float, method: Method, runs: int) -> Array:
    """How many rows like the odd one each of many fitted generators believes in."""
    recipe = infer_recipe(neighbours()[1], table="audited", rows=1, seed=0)
    domains = declared_domains(frame, recipe, DOMAIN)
    wishes = Wishes(epsilon, delta, method)
    plan = plan_steps(domains, wishes)
    return np.array([_belief(count_and_fit(frame, recipe, domains, plan, wishes, noise=noise)) for _ in range(runs)])


def _belief(fitted: FittedDp) -> float:
    """Rows estimated, in all, in the odd row's leaves and in its cells of the tables."""
    odd = [domain.encode(pd.Series([ODD[domain.column.name]])) for domain in fitted.domains]
    leaves = [float(m.mass[m.leaf_of(index)[0]]) for m, index in zip(fitted.marginals, odd, strict=True)]
    bins = [int(m.bin_of(index)[0]) for m, index in zip(fitted.marginals, odd, strict=True)]
    cells = [float(table[tuple(bins[j] for j in c.columns)]) for c, table in zip(fitted.graph.tree, fitted.graph.tables, strict=True)]
    return fitted.rows * (1.0 + sum(leaves) + sum(cells))


def lower_limit(without: Array, with_row: Array, *, delta: float, confidence: float = 0.95) -> float:
    """The ε that two samples of beliefs betray at least, with so much confidence."""
    half = len(without) // 2
    threshold = max(np.unique(with_row[:half]), key=lambda t: _epsilon(without[:half] >= t, with_row[:half] >= t, delta, confidence))
    return _epsilon(without[half:] >= threshold, with_row[half:] >= threshold, delta, confidence)


def _epsilon(false: Array, true: Array, delta: float, confidence: float) -> float:
    """``log((true rate - δ) / false rate)`` at the unfavourable ends of the rates' intervals."""
    from scipy.stats import beta

    level = (1.0 - confidence) / 2.0
    passed, wrongly = int(true.sum()), int(false.sum())
    least = float(beta.ppf(level, passed, len(true) - passed + 1)) if passed else 0.0
    most = float(beta.ppf(1.0 - level, wrongly + 1, len(false) - wrongly)) if wrongly < len(false) else 1.0
    return max(0.0, math.log(max(least - delta, 1e-300) / most))


def audit(
    make: Callable[[Callable[[int], bytes]], Noise], read: Callable[[int], bytes], *, epsilon: float, method: Method, runs: int
) -> float:
    """The lower limit on ε of a mechanism with some noise."""
    delta, noise = 1e-6, make(read)
    without, with_row = (beliefs(f, noise, epsilon=epsilon, delta=delta, method=method, runs=runs) for f in neighbours())
    return lower_limit(without, with_row, delta=delta)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5000, help="fits to each of the two tables (default: 5000)")
    parser.add_argument("--epsilon", type=float, nargs="*", default=[0.5, 1.0, 3.0])
    asked = parser.parse_args()
    print(f"{'method':8}{'ε claimed':>10}{'ε betrayed at least':>22}   {'with 1/20 of the noise':>26}")
    wrong = 0
    methods: tuple[Method, ...] = ("tree", "aim")
    for method in methods:
        for epsilon in asked.epsilon:
            kept = audit(Noise, os.urandom, epsilon=epsilon, method=method, runs=asked.runs)
            broken = audit(TooLittleNoise, os.urandom, epsilon=epsilon, method=method, runs=max(300, asked.runs // 5))
            wrong += kept > epsilon or broken <= epsilon
            verdict = (
                "FAILED: more than claimed" if kept > epsilon else "the audit can't see the fault" if broken <= epsilon else "found out"
            )
            print(f"{method:8}{epsilon:10.2f}{kept:22.3f}   {broken:26.3f}  {verdict}", flush=True)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
