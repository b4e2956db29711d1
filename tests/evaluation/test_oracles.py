"""Our figures are those of SDMetrics and statsmodels, wherever the definition is the same; where it isn't, the difference is shown.

The expected values were made by the scripts in ``tests/fixtures/oracles``, in environments of their own.
"""

from __future__ import annotations

import itertools
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation._design import design
from synthnb.evaluation._encode import missing
from synthnb.evaluation.coverage import level_coverage, range_coverage
from synthnb.evaluation.fidelity import ks_gap, shape, tv_gap
from synthnb.evaluation.keys import key_uniqueness
from synthnb.evaluation.marginals import table_error
from synthnb.evaluation.pairs import linear_correlations, rank_correlations
from synthnb.evaluation.propensity import expected_pmse, logistic_pmse
from synthnb.evaluation.quality import quality_of
from synthnb.evaluation.validity import adherence, missing_shares

ORACLES = Path(__file__).parents[1] / "fixtures" / "oracles"
NUMBERS, LEVELS = ("age", "dose", "score", "visit"), ("arm", "site", "event")
CASES = ("plain", "missing", "unseen")
CLOSE = 1e-9
SMOOTHING = 1e-6
"""SDMetrics counts a level that the real rows lack as if they had this many of it."""


@cache
def expected(file: str = "sdmetrics-0.32.json") -> Any:
    return json.loads((ORACLES / file).read_text(encoding="utf-8"))


@pytest.fixture(params=CASES)
def case(request: Any, comparing: Any) -> Any:
    """What SDMetrics says, the comparison of the same frames, and the frames."""
    frames = [pd.read_csv(ORACLES / f"{request.param}-{side}.csv") for side in ("synthetic", "real")]
    for frame in frames:
        frame["visit"] = pd.to_datetime(frame["visit"])
    return expected()["cases"][request.param], comparing(*(frame[[*NUMBERS, *LEVELS]] for frame in frames)), frames


def samples(comparison: Any, name: str, *, present: bool = True) -> list[Any]:
    """The column's values in the real and in the synthetic rows."""
    column = comparison.column(name)
    both = [table.values[name] for table in (comparison.real, comparison.synthetic)]
    return [values[~missing(column, values)] for values in both] if present else both


def test_kolmogorov_smirnov(case: Any) -> None:
    wanted, comparison, _ = case
    for name in NUMBERS:
        assert ks_gap(*samples(comparison, name)).complement == pytest.approx(wanted["KSComplement"][name], abs=CLOSE)


def test_total_variation(case: Any) -> None:
    wanted, comparison, _ = case
    for name in LEVELS:
        real, synthetic = samples(comparison, name)
        strange = len(set(synthetic.tolist()) - set(real.tolist()))
        found = tv_gap(real, synthetic).complement
        assert found == pytest.approx(wanted["TVComplement"][name], abs=CLOSE + strange * SMOOTHING / len(real))


def test_total_variation_with_an_unseen_level_differs_by_their_smoothing(case: Any) -> None:
    wanted, comparison, _ = case
    real, synthetic = (np.bincount(codes, minlength=4).astype(float) for codes in samples(comparison, "site"))
    real[(real == 0) & (synthetic > 0)] = SMOOTHING
    distance = np.abs(real / real.sum() - synthetic / synthetic.sum()).sum() / 2
    assert 1 - distance == pytest.approx(wanted["TVComplement"]["site"], abs=CLOSE)


def test_coverage(case: Any) -> None:
    wanted, comparison, _ = case
    for metric, names, measure in (("RangeCoverage", NUMBERS, range_coverage), ("CategoryCoverage", LEVELS, level_coverage)):
        for name in names:
            assert measure(*samples(comparison, name, present=False)) == pytest.approx(wanted[metric][name], abs=CLOSE)


def test_adherence(case: Any) -> None:
    wanted, comparison, _ = case
    found = adherence(comparison, {}).scores
    for score, metric in zip(found, ("BoundaryAdherence", "CategoryAdherence"), strict=True):
        assert score.value == pytest.approx(np.mean(list(wanted[metric].values())), abs=1e-6)
        worst = dict(score.parameters.get("worst", []))
        assert all(worst.get(name, 1.0) == pytest.approx(value, abs=1e-4) for name, value in wanted[metric].items())


def test_missing_values(case: Any) -> None:
    wanted, comparison, _ = case
    gaps = np.abs(missing_shares(comparison, comparison.real) - missing_shares(comparison, comparison.synthetic))
    found = dict(zip((column.name for column in comparison.columns), 1 - gaps, strict=True))
    assert found == pytest.approx(wanted["MissingValueSimilarity"], abs=CLOSE)


def test_keys(case: Any, comparing: Any) -> None:
    from synthnb.evaluation.facts import Facts

    wanted, _, frames = case
    score = key_uniqueness(comparing(*frames, facts=Facts(keys=("key",))), {}).scores[0]
    assert score.value == pytest.approx(wanted["KeyUniqueness"]["key"], abs=1e-6)


def similarity(comparison: Any, matrix: Any, a: str, b: str, *, complete: bool) -> float:
    """1 − |ρ_r − ρ_s| / 2 of two columns, on the rows where both are present if ``complete``."""
    columns = [comparison.column(name) for name in (a, b)]
    rho = []
    for table in (comparison.real, comparison.synthetic):
        both = ~np.isnan(table.values[a]) & ~np.isnan(table.values[b])
        rho.append(matrix(columns, table.take(both) if complete else table)[0, 1])
    return float(1 - abs(rho[0] - rho[1]) / 2)


@pytest.mark.parametrize(("kind", "matrix"), [("Pearson", linear_correlations), ("Spearman", rank_correlations)])
def test_correlations(case: Any, kind: str, matrix: Any) -> None:
    wanted, comparison, _ = case
    for a, b in itertools.combinations(NUMBERS, 2):
        found = similarity(comparison, matrix, a, b, complete=kind == "Spearman")
        assert found == pytest.approx(wanted["CorrelationSimilarity"][kind][f"{a}|{b}"], abs=CLOSE)


def test_ranks_within_a_column_differ_little_from_theirs_within_a_pair(case: Any) -> None:
    # they rank anew for each pair the rows where both are present; we rank each column once
    _, comparison, _ = case
    for a, b in itertools.combinations(NUMBERS, 2):
        one, other = (similarity(comparison, rank_correlations, a, b, complete=complete) for complete in (True, False))
        assert one == pytest.approx(other, abs=0.01 if np.isnan(comparison.real.values[a]).any() else CLOSE)


def test_joint_tables_of_levels(case: Any) -> None:
    wanted, comparison, _ = case
    for a, b in itertools.combinations(LEVELS, 2):
        one, other = zip(*(samples(comparison, name, present=False) for name in (a, b)), strict=True)
        found = 1 - table_error([codes + 1 for codes in one], [codes + 1 for codes in other], [5, 5])
        assert found == pytest.approx(wanted["ContingencySimilarity"][f"{a}|{b}"], abs=CLOSE)


def equal_width(values: Any, real: Any) -> Any:
    """Their bins of one metric: ten of equal width over the real range, the outer ones open, missing apart."""
    edges = np.histogram_bin_edges(real[~np.isnan(real)], 10)
    return np.where(np.isnan(values), 0, np.clip(np.digitize(values, edges), 1, 10))


def test_joint_tables_with_their_bins(case: Any) -> None:
    wanted, comparison, _ = case
    for a, b in itertools.product(("age", "dose", "score"), LEVELS):
        numbers, levels = samples(comparison, a, present=False), samples(comparison, b, present=False)
        one, other = ([equal_width(x, numbers[0]), y + 1] for x, y in zip(numbers, levels, strict=True))
        assert 1 - table_error(one, other, [11, 5]) == pytest.approx(wanted["ContingencySimilarity binned"][f"{a}|{b}"], abs=CLOSE)


def test_the_quality_report(case: Any) -> None:
    wanted, comparison, _ = case
    found = quality_of(comparison.columns, comparison.real, comparison.synthetic, correlation=0.5, related=0.3)
    strange = comparison.column("site").in_real < len(comparison.column("site").levels)
    assert found.pairs == wanted["QualityReport"]["pairs"]
    assert found.trends == pytest.approx(wanted["QualityReport"]["trends"], abs=CLOSE)
    assert found.score == pytest.approx(wanted["QualityReport"]["score"], abs=CLOSE + strange * SMOOTHING / comparison.real.rows)


def test_missing_cells_count_in_our_shapes_and_not_in_our_adherence(comparing: Any) -> None:
    theirs, nan = expected()["differences"], float("nan")
    real = pd.DataFrame({"x": [0.5, 10, 0.5, 10], "c": ["a", "b"] * 2})
    synthetic = pd.DataFrame({"x": [-1, 2, 7, nan], "c": ["a", "a", "z", None]})
    ranges, levels = (score.value for score in adherence(comparing(synthetic, real), {}).scores)
    assert (theirs["BoundaryAdherence"], theirs["CategoryAdherence"]) == (0.5, 0.5)
    assert (ranges, levels) == pytest.approx((2 / 3, 2 / 3), abs=1e-6)
    assert ks_gap(np.array([1.0, 2, 3, 4]), np.array([1.0, 2, nan, nan])).complement == theirs["KSComplement"] == 0.5
    assert tv_gap(np.array([0, 1, 0, 1]), np.array([0, 1, 1, -1])).complement == 0.75
    assert theirs["TVComplement"] == pytest.approx(5 / 6)


@pytest.mark.parametrize("name", ["plain", "missing"])
def test_the_propensity_model_is_statsmodels(comparing: Any, name: str) -> None:
    wanted = expected("propensity.json")["cases"][name]
    frames = [pd.read_csv(ORACLES / f"{name}-{side}.csv", parse_dates=["visit"])[[*NUMBERS, *LEVELS]] for side in ("synthetic", "real")]
    comparison = comparing(*frames)
    plan = design(list(comparison.columns), comparison.real, comparison.synthetic, 0, levels=20, most=200)
    fit = logistic_pmse(plan, comparison.real, comparison.synthetic)
    assert fit.parameters == wanted["parameters"]
    assert fit.pmse == pytest.approx(wanted["pmse"], abs=CLOSE)
    assert fit.pmse / expected_pmse(fit.parameters, 110, 160) == pytest.approx(wanted["s_pmse"], abs=1e-6)


def test_a_column_is_compared_by_its_family(case: Any) -> None:
    _, comparison, _ = case
    assert [column.family for column in comparison.columns] == ["number"] * 4 + ["level"] * 3
    assert shape(comparison.columns[0], *samples(comparison, "age")) == ks_gap(*samples(comparison, "age"))
