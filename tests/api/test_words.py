"""What the words of a line mean."""

from __future__ import annotations

import pytest

from synthnb._api.words import (
    read_choices,
    read_families,
    read_gates,
    read_labels,
    read_limits,
    read_merging,
    read_options,
    read_pairs,
    read_panel,
    read_sizes,
    read_survival,
    with_named,
)
from synthnb.errors import OptionError


def test_labels_have_levels_or_levels_with_weights() -> None:
    assert read_labels("tone=calm|worried; severity=mild:0.7|severe:0.3") == {
        "tone": ["calm", "worried"],
        "severity": {"mild": 0.7, "severe": 0.3},
    }
    assert read_labels(None) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tone", r"A label reads name=level\|level; got 'tone'"),
        ("=calm", "A label reads"),
        ("tone=calm; tone=worried", "'tone' was given twice"),
        ("tone=calm|calm", "each once"),
        ("tone=calm|", "each once"),
        ("tone=calm:1|worried", "Some choices have a weight"),
    ],
)
def test_labels_that_cannot_be_read_are_refused(text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        read_labels(text)


def test_a_choice_may_hold_a_colon() -> None:
    assert read_choices("at 10:xx|at night") == ["at 10:xx", "at night"]


def test_minutes_become_seconds_and_nothing_said_is_no_limit() -> None:
    limits = read_limits(minutes=1.5, cost=0.2)
    assert limits is not None
    assert (limits.seconds, limits.money, limits.tokens) == (90, 0.2, None)
    assert read_limits() is None


def test_a_limit_below_nothing_is_refused() -> None:
    with pytest.raises(OptionError, match="A limit on tokens must be a number from 0 on; got -1"):
        read_limits(tokens=-1)


@pytest.mark.parametrize("word", ["auc=nan", "auc=inf", "auc=-inf", "auc=high", "auc", "=0.2"])
def test_a_gate_has_a_finite_limit(word: str) -> None:
    assert read_gates(["auc = 0.2", "risk=-1"]) == {"auc": 0.2, "risk": -1.0}
    with pytest.raises(OptionError, match=f"A gate reads metric=limit, a finite number; got '{word}'"):
        read_gates([word])


def test_a_metric_has_one_gate() -> None:
    with pytest.raises(OptionError, match="The gate of 'auc' was given twice"):
        read_gates(["auc=0.2", "auc=0.3"])


@pytest.mark.parametrize("word", ["qwen", "qwen=", "=frame"])
def test_a_further_frame_is_said_with_its_family(word: str) -> None:
    assert read_families(["qwen=by_qwen"]) == {"qwen": "by_qwen"}
    with pytest.raises(OptionError, match=f"A further frame reads family=FRAME; got '{word}'"):
        read_families([word])


@pytest.mark.parametrize(("words", "read"), [([], None), (["11"], 11), (["arm=5", "a=b=7"], {"arm": 5, "a=b": 7})])
def test_merging_is_one_number_or_one_for_each_column(words: list[str], read: object) -> None:
    assert read_merging(words) == read


@pytest.mark.parametrize("words", [["few"], ["arm=few"], ["11", "arm=5"]])
def test_merging_that_is_neither_is_refused(words: list[str]) -> None:
    with pytest.raises(OptionError, match="a number, or column=number"):
        read_merging(words)


def test_visits_have_a_subject_a_time_and_perhaps_an_end() -> None:
    panel = read_panel("patient", "week", "died")
    assert panel is not None
    assert (panel.subject, panel.time, panel.end) == ("patient", "week", "died")
    with pytest.raises(OptionError, match="both --subject and --time"):
        read_panel(None, None, "died")


def test_options_said_by_a_word_of_their_own_come_once() -> None:
    assert with_named({"leaf": 5}, epsilon=1.0, curate=False, target=None) == {"leaf": 5, "epsilon": 1.0}
    with pytest.raises(OptionError, match="epsilon was given twice"):
        with_named(read_options(["epsilon=2"]), epsilon=1.0)


def test_pairs_times_and_sizes() -> None:
    assert read_pairs(["a=b=category"]) == {"a=b": "category"}
    assert read_survival("days, died") == {"time": "days", "event": "died"}
    assert read_sizes("1_000, 2e4") == [1000, 20000]
    with pytest.raises(OptionError, match="Sizes are numbers"):
        read_sizes("many")
