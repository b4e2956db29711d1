from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.errors import FrameError, OptionError, RecordError
from synthnb.evaluation.report import Report, evaluate_frames


@pytest.fixture(scope="module")
def report(draw: Any) -> Report:
    """Everything asked for, on frames of 250 rows."""
    real, made = draw(250, 1), draw(250, 0).assign(note=[f"written for row {i}" for i in range(250)])
    real["site"] = ["Springfield"] * 200 + ["Shelbyville"] * 49 + ["Ogdenville"]
    made["site"] = real["site"].sample(frac=1, random_state=0).to_numpy()
    holdout = draw(150, 2).assign(site="Springfield")
    return evaluate_frames(made, real, holdout=holdout, target="event", groups=("sex", "site"), seed=5)


def stable(report: Report) -> str:
    plain = report.to_dict()
    scores = [score | {"seconds": 0} for score in plain["scores"]]
    return json.dumps(plain | {"id": "", "created": "", "seconds": 0, "scores": scores}, allow_nan=False)


def test_a_report_survives_json(report: Report) -> None:
    assert Report.from_dict(json.loads(json.dumps(report.to_dict(), allow_nan=False))) == report


def test_the_report_has_the_agreed_parts(report: Report) -> None:
    plain = report.to_dict()
    assert plain["schema"] == "synthnb.report/1"
    assert re.fullmatch(r"report-[0-9a-f]{12}", plain["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", plain["created"])
    assert plain["synthetic"]["name"] == "synthetic"
    assert plain["holdout"]["rows"] == 150
    assert plain["real"]["digest"].startswith("sha256:")
    assert {"scores", "columns", "pairs", "subgroups", "not_evaluated", "headline", "gates"} <= set(plain)


def test_every_score_has_a_value_or_a_reason(report: Report) -> None:
    for score in report.scores:
        assert (score.value is None) == (score.reason is not None)


def test_with_everything_given_every_dimension_is_evaluated(report: Report) -> None:
    assert {score.dimension for score in report.scores if score.value is not None} == {
        "validity",
        "fidelity",
        "utility",
        "privacy",
        "copies",
        "diagnostic",
        "bias",
    }


def test_the_same_data_and_seed_give_the_same_bytes(draw: Any) -> None:
    frames: dict[str, Any] = {"synthetic": draw(120, 0), "real": draw(120, 1), "holdout": draw(120, 2)}
    one, again = (evaluate_frames(**frames, target="event", groups=("sex",), seed=9) for _ in range(2))
    assert stable(one) == stable(again)


def test_no_row_of_the_source_is_in_the_report(report: Report) -> None:
    text = json.dumps(report.to_dict(), ensure_ascii=False)
    assert "Ogdenville" not in text
    assert "written for row" not in text


def test_pairs_point_at_their_names_worst_first(report: Report) -> None:
    errors = report.pairs["errors"]
    assert all(i < j < len(report.pairs["names"]) for i, j, _ in errors)
    assert [error for *_, error in errors] == sorted((error for *_, error in errors), reverse=True)


def test_what_was_not_evaluated_is_written_out(report: Report) -> None:
    reasons = {entry["dimension"]: entry["reason"] for entry in report.not_evaluated}
    assert {"text", "human", "judge", "differential privacy"} <= set(reasons)
    assert reasons["columns"] == "Only in the synthetic frame, so not compared: note."


def test_two_frames_alone_leave_dimensions_open(draw: Any) -> None:
    report = evaluate_frames(draw(100, 0), draw(100, 1), seed=1)
    assert {"utility", "privacy", "bias"} <= {entry["dimension"] for entry in report.not_evaluated}
    assert next(score for score in report.scores if score.metric == "closer_to_training_share").value is None
    assert "membership attack not evaluated" in report.headline


def test_a_missing_column_is_a_finding(draw: Any) -> None:
    report = evaluate_frames(draw(100, 0).drop(columns="arm"), draw(100, 1), seed=1)
    schema = next(score for score in report.scores if score.metric == "schema_validity")
    assert schema.value == pytest.approx(5 / 6, abs=1e-6)
    assert schema.parameters["missing"] == ["arm"]


def test_polars_frames_give_the_scores_of_pandas_frames() -> None:
    pl = pytest.importorskip("polars")
    rng = np.random.default_rng(0)
    columns = [{"x": rng.normal(size=80).tolist(), "c": rng.choice(list("abc"), 80).tolist()} for _ in range(2)]
    first = evaluate_frames(*(pd.DataFrame(data) for data in columns), seed=1)
    second = evaluate_frames(pl.DataFrame(columns[0]), pd.DataFrame(columns[1]), seed=1)
    assert stable(first) == stable(second)


def test_one_group_may_be_given_by_its_name_alone(draw: Any) -> None:
    assert evaluate_frames(draw(60, 0), draw(60, 1), groups="sex", seed=1).groups == ("sex",)


def test_progress_counts_the_steps(draw: Any) -> None:
    seen: list[tuple[int, int, str]] = []
    evaluate_frames(draw(60, 0), draw(60, 1), seed=1, progress=lambda *step: seen.append(step))
    assert [done for done, *_ in seen] == list(range(len(seen)))
    assert seen[-1][0] == seen[-1][1]


def test_an_interrupt_between_steps_stops(draw: Any) -> None:
    def stop(_done: int, _total: int, _what: str) -> None:
        raise KeyboardInterrupt("between steps")

    with pytest.raises(KeyboardInterrupt, match="between steps"):
        evaluate_frames(draw(60, 0), draw(60, 1), seed=1, progress=stop)


@pytest.mark.parametrize("options", [{"target": "wieght"}, {"groups": ("sex", "wieght")}])
def test_a_name_that_is_no_column_is_answered_with_the_nearest(draw: Any, options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=r"Did you mean 'weight'\?"):
        evaluate_frames(draw(30, 0), draw(30, 1), **options)


def test_a_wrong_name_among_many_columns_is_answered_with_a_few() -> None:
    frame = pd.DataFrame({f"column {i}": [1, 2] for i in range(200)})
    with pytest.raises(OptionError, match=r"Did you mean 'column 150'\?") as raised:
        evaluate_frames(frame, frame, target="colum 150")
    assert len(str(raised.value)) < 500


def test_frames_without_a_common_column_are_refused() -> None:
    with pytest.raises(FrameError, match="they share none"):
        evaluate_frames(pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}))


def test_a_holdout_that_lacks_a_column_is_refused(draw: Any) -> None:
    with pytest.raises(FrameError, match="it lacks 'sex'"):
        evaluate_frames(draw(30, 0), draw(30, 1), holdout=draw(30, 2).drop(columns="sex"))


@pytest.mark.parametrize(("synthetic", "real", "holdout"), [(1, 60, 60), (60, 1, 60), (60, 60, 1), (1, 1, 1)])
def test_one_row_gives_a_report(draw: Any, synthetic: int, real: int, holdout: int) -> None:
    report = evaluate_frames(draw(synthetic, 0), draw(real, 1), holdout=draw(holdout, 2), target="event", groups=("sex",), seed=1)
    assert not [score for score in report.scores if score.reason and "failed" in score.reason]


def test_hostile_columns_give_a_report(draw: Any) -> None:
    def spoilt(seed: int) -> pd.DataFrame:
        frame: pd.DataFrame = draw(80, seed)
        rng = np.random.default_rng(seed)
        more = {
            "n" * 5000: rng.normal(size=80),
            "<script>alert(1)</script>": rng.choice(["<b>x</b>", "# y", "z" * 5000], 80),
            "infinite": np.where(rng.random(80) < 0.1, np.inf, rng.normal(size=80)),
            "huge": rng.normal(size=80) * 1e305,
            "empty": None,
            "constant": 7,
            "levels": rng.choice([f"level {i}" for i in range(30)], 80),
        }
        return pd.concat([frame, pd.DataFrame(more)], axis=1)

    report = evaluate_frames(spoilt(0), spoilt(1), holdout=spoilt(2), target="huge", groups=("infinite", "empty"), seed=1)
    assert not [entry for entry in report.not_evaluated if "failed" in entry["reason"]]
    assert max(len(label) for entry in report.columns for label in (entry["name"], *entry["bins"]["labels"])) <= 80


def test_what_is_no_report_is_refused(report: Report) -> None:
    with pytest.raises(RecordError, match=r"schema synthnb\.report/1 was expected"):
        Report.from_dict({"schema": "other/1"})
    with pytest.raises(RecordError, match="lacks a part"):
        Report.from_dict({key: value for key, value in report.to_dict().items() if key != "real"})


def test_leaked_rows_of_the_holdout_are_left_out_and_said(draw: Any) -> None:
    real = draw(200, 1)
    report = evaluate_frames(draw(200, 0), real, holdout=pd.concat([draw(60, 2), real.head(40)]), seed=1)
    assert report.holdout is not None
    assert (report.holdout["rows"], report.holdout["used"]) == (100, 60)
    notes = {entry["dimension"]: entry["reason"] for entry in report.not_evaluated}
    assert notes["hold-out"].startswith("40 of 100 hold-out rows are equal to a real row")


def test_it_shows_itself_in_two_lines(report: Report) -> None:
    assert repr(report).splitlines()[1] == report.headline
    assert report.headline.startswith("Column shapes 0.9")


def test_the_headline_sets_like_beside_like(report: Report) -> None:
    assert re.match(r"Column shapes 0\.9\d \(on 150 rows 0\.9\d, real against real 0\.9\d\), two-sample", report.headline)
