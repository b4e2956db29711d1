"""`synthnb.evaluation.comparing`: what is better, what can't be told apart, and what may be compared at all."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import pytest

from synthnb.errors import OptionError, RecordError
from synthnb.evaluation._pareto import Oriented, clearly_outdone, level_with_best, on_front, orient
from synthnb.evaluation.base import Definition, Dimension, Direction, Score
from synthnb.evaluation.comparing import SynthesesComparison, compare_syntheses, said
from synthnb.evaluation.report import Report
from synthnb.jupyter._comparison_view import comparison_bundle

DIGEST = "sha256:" + "a" * 64


def scored(
    metric: str,
    value: float | None,
    half: float | None = None,
    direction: Direction = "higher",
    dimension: Dimension = "utility",
    subject: tuple[str, ...] = (),
) -> Score:
    definition = Definition(metric=metric, label=metric.upper(), dimension=dimension, direction=direction, reference="by hand")
    interval = None if half is None or value is None else (value - half, value + half)
    return definition.score(value, n=100, subject=subject, interval=interval, ceiling=0.9, reason="by hand")


def reported(*scores: Score, **changed: Any) -> Report:
    given: dict[str, Any] = {
        "id": "report-0123456789ab",
        "profile": "tabular-core/1",
        "profile_digest": DIGEST,
        "created": "2026-11-24T12:00:00.000000Z",
        "seed": 1,
        "seconds": 1.0,
        "synthetic": {"name": "made", "rows": 100, "columns": 3, "digest": f"sha256:{len(scores)}{scores[0].value}"},
        "real": {"name": "real", "rows": 100, "columns": 3, "digest": DIGEST},
        "holdout": None,
        "target": None,
        "groups": (),
        "minimum_cell": 11,
        "headline": "",
        "scores": scores,
        "columns": (),
        "pairs": {"names": [], "errors": []},
        "subgroups": (),
        "not_evaluated": (),
        "gates": ({"metric": "tstr", "outcome": "pass"},),
    }
    return Report(**given | changed)


def both(utility: float, attack: float, half: float | None = 0.02) -> Report:
    return reported(scored("tstr", utility, half), scored("membership_auc", attack, half, "half", "privacy"))


def point(utility: float, privacy: float, half: float = 0.01) -> tuple[Oriented, Oriented]:
    one, other = (Oriented(value, value - half, value + half) for value in (utility, privacy))
    return one, other


def test_each_direction_turns_so_that_more_is_better() -> None:
    assert orient(scored("x", 0.3, 0.1)) == pytest.approx((0.3, 0.2, 0.4))
    assert orient(scored("x", 0.3, 0.1, "lower")) == pytest.approx((-0.3, -0.4, -0.2))
    assert orient(scored("x", 0.3, 0.1, "half")) == pytest.approx((-0.2, -0.3, -0.1))
    assert orient(scored("x", 0.3, 0.1, "none")) is None


def test_an_attack_below_guessing_counts_as_guessing() -> None:
    assert orient(scored("x", 0.3, 0.1, "half", "privacy")) == pytest.approx((0, 0, 0))


def test_an_interval_around_the_ideal_reaches_it() -> None:
    assert orient(scored("x", 0.55, 0.1, "half")) == pytest.approx((-0.05, -0.15, 0))


def test_the_best_and_those_that_overlap_it() -> None:
    scores = [Oriented(0.9, 0.8, 1.0), Oriented(0.85, 0.7, 0.95), Oriented(0.5, 0.4, 0.6), None, Oriented(0.89, None, None)]
    assert level_with_best(scores) == ([0], [1])


def test_none_is_best_where_all_are_alike() -> None:
    assert level_with_best([Oriented(1, None, None), Oriented(1, None, None)]) == ([], [])


def test_the_front_by_value() -> None:
    points = {"a": point(0.9, 0.1), "b": point(0.5, 0.5), "c": point(0.4, 0.4), "d": point(0.5, 0.4)}
    assert on_front(points) == ["a", "b"]


def test_two_equal_points_are_both_on_the_front() -> None:
    assert on_front({"a": point(0.5, 0.5), "b": point(0.5, 0.5)}) == ["a", "b"]


def test_outdone_only_where_intervals_part_on_both_axes() -> None:
    rivals = {"best": point(0.9, 0.9), "close": point(0.9, 0.5), "far": point(0.5, 0.5)}
    assert clearly_outdone(rivals) == {"far": ["best"]}
    assert clearly_outdone({name: point(pair[0].value, pair[1].value, 0.3) for name, pair in rivals.items()}) == {}


def test_a_score_without_interval_outdoes_nobody() -> None:
    bare = (Oriented(1.0, None, None), Oriented(1.0, None, None))
    assert clearly_outdone({"bare": bare, "far": point(0.1, 0.1)}) == {}


def test_syntheses_side_by_side() -> None:
    compared = compare_syntheses({"good": both(0.9, 0.5), "copy": both(0.91, 0.95), "bad": both(0.6, 0.7)})
    assert compared.front["by_value"] == ["good", "copy"]
    assert compared.front["outdone"] == {"bad": ["good"]}
    row = next(row for row in compared.rows if row["metric"] == "tstr")
    assert (row["best"], row["level"]) == ([1], [0])
    assert "clearly outdone on both: bad by good" in said(compared.front)


def test_it_survives_json_without_the_reports() -> None:
    compared = compare_syntheses({"a": both(0.9, 0.5), "b": both(0.8, 0.6)})
    again = SynthesesComparison.from_dict(json.loads(json.dumps(compared.to_dict(), allow_nan=False)))
    assert again == compared
    assert len(compared.reports) == 2
    assert again.reports == ()


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"real": {"digest": "sha256:b"}}, "the real rows"),
        ({"holdout": {"digest": "sha256:b"}}, "the hold-out"),
        ({"profile_digest": "sha256:b"}, "the profile"),
        ({"seed": 2}, "the seed"),
        ({"target": "x"}, "the target"),
        ({"groups": ("x",)}, "the groups"),
    ],
)
def test_what_differs_is_named(changed: dict[str, Any], what: str) -> None:
    with pytest.raises(OptionError, match=rf"these differ in {what} \('a': .+, 'b': .+\)"):
        compare_syntheses({"a": both(0.9, 0.5), "b": replace(both(0.8, 0.6), **changed)})


def test_one_synthesis_is_too_few() -> None:
    with pytest.raises(OptionError, match="From 2 to 20 syntheses were expected; got 1"):
        compare_syntheses({"a": both(0.9, 0.5)})


def test_an_axis_may_be_chosen_among_the_scores() -> None:
    reports = {name: reported(*both(0.9, 0.5).scores, scored("other", value)) for name, value in (("a", 0.2), ("b", 0.4))}
    assert compare_syntheses(reports, utility="other").front["utility"]["metric"] == "other"
    with pytest.raises(OptionError, match="The metric of utility must be one of other, tstr; got 'tsrt'"):
        compare_syntheses(reports, utility="tsrt")


def test_without_an_attack_there_is_no_front_and_the_reason() -> None:
    compared = compare_syntheses({name: reported(scored("tstr", value)) for name, value in (("a", 0.2), ("b", 0.4))})
    assert "No two syntheses have a score of privacy" in compared.front["reason"]
    assert compared.svg() == ""


def test_nearness_is_never_taken_for_privacy() -> None:
    closer = scored("closer_to_training_share", 0.5, 0.01, "half", "diagnostic")
    compared = compare_syntheses({name: reported(scored("tstr", value), closer) for name, value in (("a", 0.2), ("b", 0.4))})
    assert compared.front["points"] == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"privacy": "near_copies_share"}, "The metric of privacy must be one of membership_auc; got 'near_copies_share'"),
        ({"privacy": "tstr"}, "The metric of privacy must be one of membership_auc; got 'tstr'"),
        ({"utility": "membership_auc"}, "The metric of utility must be one of column_shapes, tstr; got 'membership_auc'"),
    ],
)
def test_an_axis_takes_only_metrics_of_its_dimension(asked: dict[str, str], said: str) -> None:
    more = scored("near_copies_share", 0.1, 0.01, "lower", "copies"), scored("column_shapes", 0.9, 0.01, "higher", "fidelity")
    reports = {name: reported(*both(value, 0.6).scores, *more) for name, value in (("a", 0.2), ("b", 0.4))}
    assert compare_syntheses(reports, utility="column_shapes").front["reason"] is None
    with pytest.raises(OptionError, match=said):
        compare_syntheses(reports, **asked)


def test_of_several_secrets_the_worst_counts() -> None:
    def guessed(*risks: float) -> Report:
        scores = [scored("attribute_inference_risk", risk, 0.01, "lower", "privacy", (f"s{i}",)) for i, risk in enumerate(risks)]
        return reported(scored("tstr", 0.8), *scores)

    compared = compare_syntheses({"a": guessed(0.1, 0.5), "b": guessed(0.2, 0.3)})
    assert [point["privacy"]["value"] for point in compared.front["points"]] == [0.5, 0.3]


def test_scores_of_single_columns_are_counted_not_listed() -> None:
    many = [scored("by_term", 0.5, subject=(f"t{i}",)) for i in range(30)]
    compared = compare_syntheses({name: reported(scored("tstr", 0.5), *many) for name in "ab"})
    assert [row["metric"] for row in compared.rows] == ["tstr"]
    assert compared.omitted == 30


def test_equal_rows_are_told() -> None:
    assert "a, b hold the same rows." in compare_syntheses({"a": both(0.9, 0.5), "b": both(0.9, 0.5)}).notes


def test_the_picture_is_well_formed_and_named() -> None:
    hostile = '"><script>alert(1)</script>&'
    root = ET.fromstring(compare_syntheses({hostile: both(0.9, 0.5), "b": both(0.2, 0.9)}).svg())
    assert root.get("role") == "img"
    assert "2 syntheses with 95 % intervals" in str(root.get("aria-label"))
    assert not [node for node in root.iter() if "script" in node.tag]


def test_points_without_spread_are_drawn() -> None:
    assert ET.fromstring(compare_syntheses({"a": both(0.5, 0.5, None), "b": both(0.5, 0.5, None)}).svg()) is not None


def test_the_page_stays_small_and_escapes_names() -> None:
    scores = [scored(f"metric_{i}", 0.5, 0.1) for i in range(150)]
    reports = {f"<img src=x onerror=alert(1)> {i} " + "y" * 300: reported(*scores, *both(0.9, 0.5).scores) for i in range(20)}
    compared = compare_syntheses(reports)
    bundle = comparison_bundle(compared.to_dict(), compared.svg(), [])
    assert len(bundle["text/html"].encode()) < 100_000
    assert "<img" not in bundle["text/html"] + bundle["text/markdown"]
    assert "Not shown here" in bundle["text/html"]


def test_another_shape_is_refused() -> None:
    with pytest.raises(RecordError, match=r"schema synthnb\.comparison/1 was expected; got 'x'"):
        SynthesesComparison.from_dict({"schema": "x"})


def test_the_verb_evaluates_each_with_one_seed(draw: Any) -> None:
    from synthnb._api.comparing import compare

    made = compare(draw(60, 1), draw(60, 2), against=draw(60, 0), names=["one", "two"])
    assert made.names == ["one", "two"]
    assert len({report.seed for report in made.reports}) == 1
    assert made.reports[0].synthetic["name"] == "one"


def test_names_must_be_as_many_and_different(draw: Any) -> None:
    from synthnb._api.comparing import compare

    with pytest.raises(OptionError, match="2 different names were expected"):
        compare(draw(20, 1), draw(20, 2), against=draw(20, 0), names=["one", "one"])


@pytest.mark.parametrize("names", [[1, 2], "ab", ["one"]])
def test_names_must_be_texts(draw: Any, names: Any) -> None:
    from synthnb._api.comparing import compare

    with pytest.raises(OptionError, match="2 different names were expected"):
        compare(draw(20, 1), draw(20, 2), against=draw(20, 0), names=names)


def test_a_name_that_is_no_unicode_is_made_visible(draw: Any) -> None:
    from synthnb._api.comparing import compare

    made = compare(draw(30, 1), draw(30, 2), against=draw(30, 0), names=["\ud800", "x" * 1_000_000])
    assert made.names[0] == "[U+D800]"
    assert len(made.names[1]) == 80
    assert json.dumps(made.to_dict(), ensure_ascii=False).encode()
