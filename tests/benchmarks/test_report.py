"""What the benchmark's targets and tables say, on results made by hand."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.report import Result, TableResults, markdown_of, targets_of, text_of


def result(method: str, role: str, seed: int, tvd2: float, *, auc: float = 0.5, copies: float = 0, seconds: float = 1) -> Result:
    figures = {"tvd1": 0.01, "tvd2": tvd2, "tvd3": 0.1, "correlation": 0.1, "auc": auc, "tstr": 0.9, "nearer": 0.5, "copies": copies}
    cost: dict[str, object] = {"fit": seconds, "draw": 0.0, "cpu": seconds, "peak_mb": 100.0, "load": 1.0, "versions": {method: "1.0"}}
    return Result(method, role, seed, None, figures | {"real": 0.91}, cost)


def table(*more: Result) -> TableResults:
    rows = [result("bootstrap", "baseline", seed, 0.010) for seed in range(3)]
    ours = [result("trees", "ours", seed, tvd2) for seed, tvd2 in enumerate((0.011, 0.012, 0.020))]
    return TableResults("adult", "mixed", "census", "income", 4_000, 15, 2_000, [*rows, *ours, *more])


def holds(found: TableResults, what: str) -> bool | None:
    return next(passed for name, passed, _ in targets_of(found, "trees") if what in name)


def test_a_target_is_held_to_the_median_over_seeds() -> None:
    assert table().median("trees", "floor") == pytest.approx(1.2)
    assert holds(table(), "1.3 × bootstrap") is True


def test_one_copy_in_one_run_fails() -> None:
    assert holds(table(result("trees", "ours", 3, 0.011, copies=1)), "copy") is False


def test_without_a_peer_nothing_is_said_of_peers() -> None:
    assert holds(table(), "TVD2 better than every peer") is None


def test_every_peer_has_to_be_beaten() -> None:
    peers = [result("ctgan", "neural peer", 0, 0.030), result("synthpop-py", "peer", 0, 0.011)]
    assert holds(table(*peers), "TVD2 better than every peer") is False


def test_a_peer_that_copies_is_told_from_those_that_do_not() -> None:
    peers = [result("ctgan", "neural peer", 0, 0.030), result("synthpop-py", "peer", 0, 0.011, copies=276)]
    assert holds(table(*peers), "TVD2 better than every peer that keeps off the rows learnt") is True


@pytest.mark.parametrize(("seconds", "expected"), [(20.0, True), (19.0, False)])
def test_seconds_are_held_to_a_twentieth_of_the_neural_peer_nearest_to_the_rows_learnt(seconds: float, expected: bool) -> None:
    peers = [result("mostlyai", "neural peer", 0, 0.030, seconds=seconds), result("ctgan", "neural peer", 0, 0.100, seconds=900)]
    assert holds(table(*peers), "twentieth") is expected


def test_a_peer_that_was_not_timed_gives_no_verdict() -> None:
    peer = result("sdv-copula", "peer", 0, 0.030, seconds=2)
    untimed = replace(peer, cost={key: value for key, value in peer.cost.items() if key != "cpu"})
    assert holds(table(peer), "SDV's copula") is True
    assert holds(table(untimed), "SDV's copula") is None


def test_a_method_without_rows_is_a_row_with_the_reason() -> None:
    found = table(Result("tvae", "neural peer", 0, "stopped after 900 s", {}, {}))
    assert any(line.split() == ["tvae", "0", "stopped", "after", "900", "s"] for line in text_of(found).splitlines())
    data = {"date": "2026-01-01", "machine": {"cores": 2}, "tables": {"adult": found.to_dict()}}
    assert "| tvae | 0 | stopped after 900 s |" in markdown_of(data)
