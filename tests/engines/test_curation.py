"""Curation: the two figures worked out by hand, flipped labels dropped, right ones kept, whatever the order of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from synthnb.engines.rows import curate
from synthnb.engines.rows.curation import figures
from synthnb.errors import FrameError, OptionError


def made(rows: int, seed: int, *, noise: float = 0.1) -> pd.DataFrame:
    """Rows whose label follows from two of their four columns, with some noise."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": rng.integers(20, 90, rows), "bmi": rng.normal(27, 4, rows).round(1), "sex": rng.choice(["F", "M"], rows)})
    frame["site"] = rng.choice(["A", "B", "C"], rows)
    risk = (frame["age"] - 55) / 10 + (frame["bmi"] - 27) / 4 + rng.normal(0, noise, rows)
    return frame.assign(event=np.where(risk > 0, "yes", "no"))


def flipped(frame: pd.DataFrame, share: float = 0.3) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    wrong = np.random.default_rng(9).random(len(frame)) < share
    other = frame["event"].map({"yes": "no", "no": "yes"})
    return frame.assign(event=frame["event"].mask(wrong, other)), wrong


def test_both_figures_are_means_over_the_stages() -> None:
    confidence, uncertainty = figures(np.array([[0.5, 0.1, 1.0], [0.7, 0.3, 1.0], [0.9, 0.2, 1.0]]))
    assert confidence == pytest.approx([0.7, 0.2, 1.0])
    assert uncertainty == pytest.approx([(0.25 + 0.21 + 0.09) / 3, (0.09 + 0.21 + 0.16) / 3, 0.0])


def test_flipped_labels_are_dropped_and_right_ones_kept() -> None:
    synthetic, wrong = flipped(made(400, 2))
    kept = curate(synthetic, made(80, 1), target="event", seed=1).kept
    assert (~kept[wrong]).mean() > 0.6
    assert (~kept[~wrong]).mean() < 0.05


def test_a_pure_label_is_judged_too() -> None:
    real = pd.DataFrame({"x": range(60), "event": ["no"] * 30 + ["yes"] * 30})
    kept = curate(real.assign(event=["yes", "no"] * 30), real, target="event").kept
    assert kept.tolist() == (real["event"] == pd.Series(["yes", "no"] * 30)).tolist()


def test_curation_raises_the_share_of_right_labels() -> None:
    synthetic, wrong = flipped(made(400, 2))
    result = curate(synthetic, made(80, 1), target="event", seed=1)
    assert wrong[result.kept].mean() < wrong.mean() / 2
    assert len(result.frame) == int(result.kept.sum())


def test_the_order_of_rows_changes_nothing() -> None:
    synthetic, _ = flipped(made(300, 2))
    order = np.random.default_rng(3).permutation(300)
    first = curate(synthetic, made(80, 1), target="event", seed=1)
    turned = curate(synthetic.iloc[order].reset_index(drop=True), made(80, 1).sample(frac=1, random_state=5), target="event", seed=1)
    assert turned.confidence == pytest.approx(first.confidence[order], abs=1e-9)
    assert turned.uncertainty == pytest.approx(first.uncertainty[order], abs=1e-9)
    assert (turned.kept == first.kept[order]).all()


def test_the_figures_lie_within_their_ranges() -> None:
    result = curate(flipped(made(200, 2))[0], made(80, 1), target="event", seed=1)
    assert ((result.confidence >= 0) & (result.confidence <= 1)).all()
    assert ((result.uncertainty >= 0) & (result.uncertainty <= 0.25)).all()


def test_thresholds_are_told() -> None:
    result = curate(flipped(made(200, 2))[0], made(80, 1, noise=2.0), target="event", seed=1)
    limit = 0.75 * (result.uncertainty.max() - result.uncertainty.min())
    assert result.thresholds == {
        "confidence": 0.2,
        "uncertainty": pytest.approx(limit),
        "rule": "0.75 of the range of the uncertainties",
        "stages": 100,
        "classes": 2,
        "real_rows": 80,
        "not_judged": 0,
    }
    assert f"dropped {int((~result.kept).sum())} of 200 rows" in result.note


def test_where_the_classifier_is_never_unsure_the_limit_is_fixed() -> None:
    result = curate(flipped(made(200, 2))[0], made(80, 1), target="event", seed=1)
    assert result.uncertainty.max() < result.thresholds["uncertainty"] == 0.2


def test_the_rule_drops_low_confidence_with_low_uncertainty_only() -> None:
    result = curate(flipped(made(300, 2))[0], made(80, 1), target="event", seed=1, percentile=50)
    low = (result.confidence <= 0.2) & (result.uncertainty <= np.percentile(result.uncertainty, 50))
    assert (result.kept == ~low).all()
    assert result.thresholds["rule"] == "the 50th percentile of the uncertainties"


def test_a_row_without_a_label_is_not_judged_and_stays() -> None:
    synthetic = made(50, 2)
    synthetic.loc[3, "event"] = None
    result = curate(synthetic, made(80, 1), target="event")
    assert np.isnan(result.confidence[3])
    assert result.kept[3]
    assert result.thresholds["not_judged"] == 1


def test_a_label_that_no_real_row_has_is_dropped() -> None:
    synthetic = made(50, 2)
    synthetic.loc[3, "event"] = "perhaps"
    result = curate(synthetic, made(80, 1), target="event")
    assert (result.confidence[3], result.kept[3]) == (0.0, False)


def test_a_numeric_label_is_cut_into_thirds() -> None:
    real = made(90, 1).assign(cost=lambda frame: frame["age"] * 100 + frame["bmi"]).drop(columns="event")
    synthetic = made(90, 2).assign(cost=lambda frame: (110 - frame["age"]) * 100 + frame["bmi"]).drop(columns="event")
    result = curate(synthetic, real, target="cost")
    assert result.thresholds["classes"] == 3
    assert not result.kept[(synthetic["age"] < 30) | (synthetic["age"] > 80)].any()


def test_several_classes_missing_cells_and_dates_are_taken() -> None:
    real = made(120, 1).assign(day=pd.date_range("2024-01-01", periods=120), event=["a", "b", "c"] * 40)
    real.loc[::7, "bmi"] = np.nan
    result = curate(real.sample(60, random_state=1), real, target="event")
    assert result.thresholds["classes"] == 3


def test_polars_in_polars_out() -> None:
    result = curate(pl.from_pandas(made(50, 2)), pl.from_pandas(made(80, 1)), target="event")
    assert isinstance(result.frame, pl.DataFrame)


def test_too_few_real_rows_are_refused() -> None:
    with pytest.raises(FrameError, match=r"at least 10 real rows with a label of 2 to 20 classes; 'event' has 8 rows"):
        curate(made(50, 2), made(8, 1), target="event")


def test_a_target_that_is_no_column_is_refused() -> None:
    with pytest.raises(OptionError, match="The target, a column of the real frame must be one of age, bmi"):
        curate(made(50, 2), made(80, 1), target="died")


@pytest.mark.parametrize(("option", "value"), [("confidence", 1.2), ("percentile", 101), ("confidence", "low")])
def test_thresholds_outside_their_range_are_refused(option: str, value: Any) -> None:
    with pytest.raises(OptionError, match=r"must be from 0 to 1"):
        curate(made(50, 2), made(80, 1), target="event", **{option: value})
