"""Agreement of raters, against published and hand-worked values, at its extremes and under renaming."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from synthnb.errors import OptionError
from synthnb.evaluation.agreement import LEAST_ITEMS, cohen_kappa, fleiss_kappa, krippendorff_alpha
from synthnb.evaluation.base import NO_INTERVAL

NAN = math.nan
# Krippendorff (2011), example C: four observers, twelve units, with missing data.
OBSERVERS: list[list[float]] = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]
# Fleiss (1971), the worked table as it is usually given: ten subjects, fourteen raters, five categories.
FOURTEEN = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]
# Fleiss (1971), table 1: thirty patients, six psychiatrists, five diagnoses.
PSYCHIATRISTS = [
    "00060", "03003", "01401", "00006", "03030", "20400", "00402", "20310", "20040", "00006",
    "10050", "11040", "03300", "10050", "02031", "00501", "30012", "51000", "02040", "10203",
    "00006", "01050", "02013", "20040", "10041", "05010", "40002", "02040", "10500", "00006",
]  # fmt: skip
YES_NO = (["yes"] * 25 + ["no"] * 25, ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15)


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_krippendorffs_example_with_missing_ratings(level: Any, published: float) -> None:
    found = krippendorff_alpha(OBSERVERS, level=level)
    assert found.value == pytest.approx(published, abs=5e-4)
    assert (found.items, found.raters) == (11, 4)


def test_alpha_of_krippendorffs_two_observers_of_nominal_data() -> None:
    meg, owen = "aabbdcccedda", "babbbccceddd"
    assert krippendorff_alpha([dict(enumerate(meg)), dict(enumerate(owen))]).value == pytest.approx(0.692, abs=5e-4)


def test_alpha_by_hand() -> None:
    found = krippendorff_alpha([[1, 2, 3, 3], [1, 2, 3, 2], [NAN, 2, 3, 3]])
    assert found.observed == pytest.approx(2 / 11)
    assert found.expected == pytest.approx(76 / 110)


def test_kappa_of_fleiss_psychiatrists() -> None:
    found = fleiss_kappa([[int(sign) for sign in row] for row in PSYCHIATRISTS])
    assert found.value == pytest.approx(0.430, abs=5e-4)
    assert (found.items, found.raters) == (30, 6)


def test_kappa_of_fourteen_raters() -> None:
    assert fleiss_kappa(FOURTEEN).value == pytest.approx(0.210, abs=5e-4)


def test_cohens_kappa_by_hand() -> None:
    found = cohen_kappa(*YES_NO)
    assert found.value == pytest.approx(0.4)
    assert found.observed == pytest.approx(0.3)
    assert found.expected == pytest.approx(0.5)


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_cohens_kappa_is_scikit_learns(weights: Any) -> None:
    rng = np.random.default_rng(3)
    first = rng.integers(1, 6, 80)
    second = np.clip(first + rng.integers(-1, 2, 80), 1, 5)
    expected = cohen_kappa_score(first, second, weights=weights)
    assert cohen_kappa(first, second, weights=weights).value == pytest.approx(expected, abs=1e-12)


def test_perfect_agreement_is_one_and_its_interval_is_not() -> None:
    found = krippendorff_alpha([[1, 2] * 20, [1, 2] * 20], level="interval")
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(1 - (1 - 0.025 ** (1 / 40)) / (80 / 158))


def test_opposite_raters_are_worse_than_chance() -> None:
    assert cohen_kappa(["a", "b"] * 20, ["b", "a"] * 20).value == pytest.approx(-1.0)


def test_a_rater_who_says_always_the_same_gives_a_reason() -> None:
    found = cohen_kappa(["a"] * 40, ["a", "b"] * 20)
    assert found.value is None
    assert found.reason == "A rater gave every item the same label, so agreement beyond chance isn't defined."


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_ratings_that_are_all_alike_give_a_reason(level: Any) -> None:
    assert krippendorff_alpha([[3] * 40, [3] * 40], level=level).reason is not None


@pytest.mark.parametrize("ratings", [[], [[]], [[1.0, 2.0]], [[1, NAN], [NAN, 2]], [{}, {}]])
def test_too_few_ratings_give_a_reason(ratings: Any) -> None:
    found = krippendorff_alpha(ratings)
    assert found.value is None
    assert "at least 2 are needed" in str(found.reason)


def test_few_items_have_a_value_and_no_interval() -> None:
    found = krippendorff_alpha(OBSERVERS)
    assert found.interval is None
    assert found.how == f"{NO_INTERVAL} agreement on fewer than {LEAST_ITEMS} items"


def scores(raters: int = 3, items: int = 50) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(5)
    truth = rng.integers(1, 6, items)
    noise = rng.integers(-1, 2, (raters, items))
    return np.asarray(np.clip(truth + noise, 1, 5), dtype=float)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_alpha_ignores_the_order_of_items_and_raters(level: Any) -> None:
    ratings = scores()
    other = ratings[[2, 0, 1]][:, np.random.default_rng(1).permutation(50)]
    assert krippendorff_alpha(other, level=level)[:3] == pytest.approx(krippendorff_alpha(ratings, level=level)[:3])


def test_alpha_ignores_names_ranks_ignore_spacing_and_numbers_ignore_units() -> None:
    ratings = scores()
    names = [{i: f"level {value}" for i, value in enumerate(row)} for row in ratings]
    assert krippendorff_alpha(names)[:3] == pytest.approx(krippendorff_alpha(ratings)[:3])
    assert krippendorff_alpha(ratings**3, level="ordinal")[:3] == pytest.approx(krippendorff_alpha(ratings, level="ordinal")[:3])
    scaled = krippendorff_alpha(1000 + 7 * ratings, level="interval")
    assert scaled[:3] == pytest.approx(krippendorff_alpha(ratings, level="interval")[:3])


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_leaving_out_an_item_is_computing_without_it(level: Any) -> None:
    from synthnb.evaluation import agreement

    ratings = scores(items=8)
    ratings[1, 3] = NAN
    units, _ = agreement._units(ratings)
    if level == "interval":
        parts = agreement._interval_parts(units)
    else:
        order = agreement._order([v for unit in units for v in unit], None)
        counts = np.array([[sum(v == key for v in unit) for key in order] for unit in units], dtype=float)
        parts = agreement._nominal_parts(counts) if level == "nominal" else agreement._ordinal_parts(counts)
    without = krippendorff_alpha(np.delete(ratings, 3, axis=1), level=level).value
    assert 1 - parts.left_observed[3] / parts.left_expected[3] == pytest.approx(without)


def pairs(rng: np.random.Generator, items: int, kappa: float, shares: list[float]) -> np.ndarray[Any, Any]:
    """Two raters who each copy the truth with probability √κ and guess otherwise, so that kappa is κ."""
    truth = rng.choice(len(shares), (1, items), p=shares)
    guess = rng.choice(len(shares), (2, items), p=shares)
    return np.where(rng.random((2, items)) < math.sqrt(kappa), truth, guess)


@pytest.mark.parametrize(("level", "kappa"), [("nominal", 0.3), ("nominal", 0.8), ("ordinal", 0.3), ("ordinal", 0.8), ("interval", 0.6)])
def test_intervals_cover(level: Any, kappa: float) -> None:
    rng, covered, draws = np.random.default_rng(11), 0, 400
    for _ in range(draws):
        low, high = krippendorff_alpha(pairs(rng, 60, kappa, [0.1, 0.2, 0.3, 0.4]), level=level).interval or (NAN, NAN)
        covered += low <= kappa <= high
    assert 0.92 <= covered / draws <= 0.985  # 93 to 97 %, and what 400 draws vary


def test_cohens_intervals_cover() -> None:
    rng, draws = np.random.default_rng(12), 400
    found = [cohen_kappa(*pairs(rng, 60, 0.6, [0.4, 0.6])).interval or (NAN, NAN) for _ in range(draws)]
    assert 0.92 <= sum(low <= 0.6 <= high for low, high in found) / draws <= 0.985


SKEWED = [0.02, 0.03, 0.05, 0.2, 0.7]


@pytest.mark.parametrize(("items", "kappa", "shares"), [(30, 0.36, SKEWED), (60, 0.36, SKEWED), (60, 0.49, [0.1, 0.15, 0.2, 0.25, 0.3])])
def test_weighted_intervals_cover_also_where_shares_are_skewed(items: int, kappa: float, shares: list[float]) -> None:
    rng, draws = np.random.default_rng(13), 300
    made = (pairs(rng, items, kappa, shares).tolist() for _ in range(draws))
    found = [cohen_kappa(*pair, weights="quadratic", levels=list(range(5))).interval for pair in made]
    inside = [low <= kappa <= high for low, high in (one for one in found if one is not None)]
    assert len(inside) > 0.95 * draws
    assert np.mean(inside) >= 0.925


@pytest.mark.parametrize(("items", "kappa", "raters"), [(30, 0.64, 3), (60, 0.64, 2), (60, 0.81, 2)])
def test_intervals_on_names_cover_where_nine_in_ten_are_alike(items: int, kappa: float, raters: int) -> None:
    rng, hits = np.random.default_rng(14), []
    for _ in range(300):
        truth = rng.random(items) < 0.1
        given = np.where(rng.random((raters, items)) < math.sqrt(kappa), truth, rng.random((raters, items)) < 0.1)
        interval = krippendorff_alpha(given.astype(float)).interval
        hits += [] if interval is None else [interval[0] <= kappa <= interval[1]]
    assert 0.925 <= np.mean(hits) <= 0.99


def test_a_frame_is_refused_and_not_read_by_its_names() -> None:
    import pandas as pd

    frame = pd.DataFrame({"rater a": [1, 2], "rater b": [1, 2]})
    with pytest.raises(OptionError, match=r"got 'DataFrame'.*frame\.to_numpy\(\)\.T"):
        krippendorff_alpha(frame)  # type: ignore[arg-type]


def test_ratings_by_rater_are_read_as_such() -> None:
    ratings = {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 1}}
    assert krippendorff_alpha(ratings) == krippendorff_alpha(list(ratings.values()))
    with pytest.raises(OptionError, match="Per rater a mapping from item to value"):
        krippendorff_alpha(["aab", "abb"])


@pytest.mark.parametrize("bad", ["x", math.inf, True])
def test_a_rating_that_is_no_number_is_refused(bad: Any) -> None:
    with pytest.raises(OptionError, match="A finite number was expected as rating; got"):
        krippendorff_alpha([{"a": 1, "b": bad}, {"a": 1, "b": 2}], level="interval")


def test_a_table_of_unequal_rows_is_refused() -> None:
    with pytest.raises(OptionError, match="Equally many raters per item, at least 2, were expected; got 2, 3"):
        fleiss_kappa([[1, 1], [2, 1]])


def test_a_table_of_anything_but_counts_is_refused() -> None:
    with pytest.raises(OptionError, match="A table of counts"):
        fleiss_kappa([[0.5, 1.5]])


def test_labels_of_different_length_are_refused() -> None:
    with pytest.raises(OptionError, match="got 2 and 1"):
        cohen_kappa(["a", "b"], ["a"])


def test_a_label_outside_the_levels_is_refused() -> None:
    with pytest.raises(OptionError, match="A label must be one of 1, 2, 3; got 4"):
        cohen_kappa([1, 4], [2, 3], weights="linear", levels=[1, 2, 3])
