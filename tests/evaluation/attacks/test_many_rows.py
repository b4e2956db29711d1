"""A sample of the synthetic rows would hide copies: all are searched, however many there are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation._neighbours import nearest_few, points
from synthnb.evaluation.attacks.inference import INFERENCE_STEP
from synthnb.evaluation.attacks.linkability import LINKABILITY_STEP
from synthnb.evaluation.attacks.singling import SINGLING_STEP
from synthnb.evaluation.base import Clock
from synthnb.evaluation.facts import Facts
from synthnb.evaluation.privacy import MEMBERSHIP_STEP, affordable

LIMIT = 0.09


@pytest.fixture(scope="module")
def copied(comparing: Any) -> Any:
    """A table of 30,000 rows copied with hardly any noise, and a hold-out of a tenth."""

    def drawn(rows: int, seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        return pd.DataFrame({name: rng.normal(size=rows) for name in "abcd"} | {"s": rng.choice(list("pqrstuv"), rows)})

    real, holdout = drawn(30_000, 0), drawn(3000, 1)
    return comparing(real.assign(**{name: real[name] + 1e-7 for name in "abcd"}), real, holdout, facts=Facts(secrets=("s",)))


@pytest.mark.parametrize(
    ("step", "metric"),
    [
        (MEMBERSHIP_STEP, "membership_excess_risk"),
        (LINKABILITY_STEP, "linkability_risk"),
        (INFERENCE_STEP, "attribute_inference_risk"),
        (SINGLING_STEP, "singling_out_risk"),
    ],
)
def test_a_copy_of_many_rows_is_found(step: Any, metric: str, copied: Any, tried: Any) -> None:
    few = {"most_pairs": 10**7} if "most_pairs" in step.parameters else {}
    score = next(score for score in tried(step, copied, **few) if score.metric == metric)
    assert score.value > 0.9
    assert score.low > LIMIT
    assert score.high == 1
    assert score.parameters["synthetic_rows"] == 30_000


@pytest.mark.parametrize(("searched", "expected"), [(0, 5000), (1000, 5000), (200_000, 2500), (10**7, 500)])
def test_more_rows_to_search_mean_fewer_targets(searched: int, expected: int) -> None:
    assert affordable(5000, 500_000_000, searched) == expected


def test_a_small_most_is_kept() -> None:
    assert affordable(100, 1, 10**6) == 100


def test_the_nearest_few_are_found_across_blocks(comparing: Any) -> None:
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame({"x": rng.normal(size=rows), "y": rng.normal(size=rows)}) for rows in (9000, 40)]
    comparison = comparing(*frames)
    columns, reference = list(comparison.columns), [comparison.synthetic]
    targets, queries = (points(columns, reference, table) for table in (comparison.synthetic, comparison.real))
    found = nearest_few(queries, targets, rng.permutation(9000) / 9000, 3, Clock())
    apart = np.abs(queries.numbers[:, None].astype(float) - targets.numbers[None]).sum(axis=2)
    assert np.array_equal(np.sort(np.take_along_axis(apart, found, axis=1)), np.sort(apart)[:, :3])
