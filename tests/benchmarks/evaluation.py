"""The evaluation beside its peers, and what it costs as rows grow: one command, the same frames for all.

Run ``python tests/benchmarks/evaluation.py --peer PATH/bin/python``, where that interpreter has the
peers::

    python3 -m venv PATH && PATH/bin/pip install 'sdmetrics==0.32.*' 'anonymeter==1.1.*' 'pandas<3'

Three things are printed: the whole tabular profile on 100,000 rows of 30 columns with a hold-out, by
step, with its seconds and the memory it took beyond the frames; each metric that SDMetrics or
anonymeter has too, both sides' seconds, their ratio and both values; and, with ``--curve``, the
profile's cost from a thousand rows to a million. Each measurement runs in a process of its own. The
frames come from a seed, so that both interpreters draw the same ones. Attacks are as many on both sides.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
ROWS = 100_000
CURVE = (1_000, 10_000, 100_000, 1_000_000)
ATTACKS = 500
TARGET, GROUP, SECRET = "yes 0", "level 0", "yes 1"
KNOWN = ("level 1", "count 0", "count 1")
"""What an attacker knows."""
NUMBERS, COUNTS, LEVELS, BOOLEANS, DATES = 12, 4, 10, 2, 2
Timed = dict[str, tuple[float, float]]
"""Seconds and a value, by name of the metric."""


def table(rows: int, seed: int) -> pd.DataFrame:
    """Thirty columns of five kinds that go together, a third of them with missing cells."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=rows)
    made: dict[str, Any] = {f"number {i}": common * (i % 4) / 1.5 + rng.normal(size=rows) for i in range(NUMBERS)}
    made |= {f"count {i}": rng.poisson(np.exp(common * i / 6) * 4) for i in range(COUNTS)}
    for i in range(LEVELS):
        place = np.clip(np.round(common * (i % 3) + rng.normal(1.5, 1.2, rows)), 0, 2 + 2 * i).astype(int)
        made[f"level {i}"] = np.array([f"level {k}" for k in range(3 + 2 * i)])[place]
    made |= {f"yes {i}": rng.random(rows) < 1 / (1 + np.exp(-common)) for i in range(BOOLEANS)}
    made |= {f"date {i}": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D") for i in range(DATES)}
    frame = pd.DataFrame(made)
    for name in [*frame.columns[:NUMBERS:2], *frame.columns[NUMBERS + COUNTS : NUMBERS + COUNTS + LEVELS : 3]]:
        frame[name] = frame[name].where(rng.random(rows) > 0.05)
    return frame


def frames(rows: int) -> list[pd.DataFrame]:
    """Real rows, rows that stand for synthetic ones, and a hold-out half as large."""
    return [table(rows, 1), table(rows, 2), table(rows // 2, 3)]


def timed(work: Callable[[], float]) -> tuple[float, float]:
    """Seconds that a piece of work took, and its value; a line on stderr tells that it is done."""
    began = time.perf_counter()
    value = work()
    seconds = time.perf_counter() - began
    print(f"  … {seconds:.2f} s", file=sys.stderr, flush=True)
    return seconds, value


def peak_megabytes() -> float:
    """The most memory this process has held, in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def forget_peak() -> None:
    """Let the peak begin at what is held now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def profile_cost(rows: int) -> dict[str, Any]:
    """Seconds by step and in all, and memory beyond the frames, of the whole tabular profile."""
    from synthnb.evaluation.facts import Facts
    from synthnb.evaluation.report import evaluate_frames

    real, synthetic, holdout = frames(rows)
    forget_peak()
    before, marks = peak_megabytes(), list[tuple[str, float]]()
    report = evaluate_frames(
        synthetic,
        real,
        holdout=holdout,
        target=TARGET,
        groups=(GROUP,),
        facts=Facts(secrets=(SECRET,), known=KNOWN, population=10 * rows),
        profile="tabular-core/1",
        seed=1,
        progress=lambda _done, _total, what: marks.append((what, time.perf_counter())),
    )
    steps = {what: end - start for (what, start), (_, end) in itertools.pairwise(marks)}
    late = [f"{score.metric}: {score.reason}" for score in report.scores if score.value is None]
    return {"seconds": report.seconds, "megabytes": peak_megabytes() - before, "steps": steps, "not computed": late}


def our_metrics(rows: int) -> Timed:
    """The shared metrics, ours; reading the frames into arrays is a line of its own."""
    from synthnb.evaluation import coverage, quality, validity
    from synthnb.evaluation.facts import Facts
    from synthnb.evaluation.report import compare

    real, synthetic, holdout = frames(rows)
    held: list[Any] = []
    facts = Facts(secrets=(SECRET,), known=KNOWN)

    def read() -> float:
        held.append(compare([synthetic, real, holdout], target=None, groups=(), seed=1, budget=1e9, facts=facts))
        return float(len(held[0].columns))

    found: Timed = {"frames read": timed(read)}
    comparison = held[0]

    def report() -> float:
        least = {"correlation": 0.5, "related": 0.3}
        return quality.quality_of(list(comparison.columns), comparison.real, comparison.synthetic, **least).score

    def covered() -> float:
        pairs = [
            (column, *(table.values[column.name] for table in (comparison.real, comparison.synthetic))) for column in comparison.columns
        ]
        measures = {"number": coverage.range_coverage, "level": coverage.level_coverage}
        return float(np.mean([measures[column.family](one, other) for column, one, other in pairs]))

    def missing() -> float:
        shares = [validity.missing_shares(comparison, table) for table in (comparison.real, comparison.synthetic)]
        return float(1 - np.abs(shares[0] - shares[1]).mean())

    def adhering() -> float:
        counted = [validity.within(column, comparison.real, comparison.synthetic) for column in comparison.columns]
        return float(np.mean([hits / n for hits, n in counted]))

    found |= {"quality report": timed(report), "coverage": timed(covered), "missing values": timed(missing), "adherence": timed(adhering)}
    return found | _our_attacks(comparison)


def _our_attacks(comparison: Any) -> Timed:
    """Our attacks, as many as anonymeter's, where they are registered."""
    from synthnb.errors import SynthnbError
    from synthnb.plugins import load

    found: Timed = {}
    for name in ("singling-out", "linkability", "attribute-inference"):
        try:
            step = load("synthnb.metrics", name)
        except (SynthnbError, ImportError):
            continue
        fixed = {key: ATTACKS for key in step.parameters if "attacks" in key}
        step = type(step)(name=step.name, run=step.run, gives=step.gives, parameters={**step.parameters, **fixed})
        found[name] = timed(partial(_first_value, step, comparison))
    return found


def _first_value(step: Any, comparison: Any) -> float:
    """The value of a step's first score; NaN where there is none."""
    from synthnb.evaluation.base import run_step

    value = run_step(step, comparison).scores[0].value
    return float("nan") if value is None else float(value)


def peer_metrics(rows: int) -> Timed:
    """The shared metrics by SDMetrics and anonymeter, in the peers' interpreter."""
    import warnings

    warnings.simplefilter("ignore")
    real, synthetic, holdout = frames(rows)
    return _sdmetrics(real, synthetic) | _anonymeter(real, synthetic, holdout)


def _sdmetrics(real: pd.DataFrame, synthetic: pd.DataFrame) -> Timed:
    single = importlib.import_module("sdmetrics.single_column")
    reports = importlib.import_module("sdmetrics.reports.single_table")
    kinds = {"numbe": "numerical", "count": "numerical", "level": "categorical", "yes": "boolean", "date": "datetime"}
    columns: dict[str, dict[str, str]] = {name: {"sdtype": kinds[name.split()[0][:5]]} for name in map(str, real)}
    numeric = [name for name, entry in columns.items() if entry["sdtype"] in ("numerical", "datetime")]
    others = [name for name in columns if name not in numeric]
    for name in columns:
        columns[name] |= {"datetime_format": "%Y-%m-%d"} if columns[name]["sdtype"] == "datetime" else {}

    def report() -> float:
        made = reports.QualityReport()
        made.generate(real, synthetic, {"columns": columns}, verbose=False)
        return float(made.get_score())

    def mean(metrics: list[tuple[Any, list[str]]]) -> float:
        return float(np.mean([metric.compute(real[name], synthetic[name]) for metric, names in metrics for name in names]))

    return {
        "quality report": timed(report),
        "coverage": timed(lambda: mean([(single.RangeCoverage, numeric), (single.CategoryCoverage, others)])),
        "missing values": timed(lambda: mean([(single.MissingValueSimilarity, list(columns))])),
        "adherence": timed(lambda: mean([(single.BoundaryAdherence, numeric), (single.CategoryAdherence, others)])),
    }


def _anonymeter(real: pd.DataFrame, synthetic: pd.DataFrame, holdout: pd.DataFrame) -> Timed:
    import logging

    attacks = importlib.import_module("anonymeter.evaluators")
    logging.disable(logging.CRITICAL)
    three = [_without_dates(frame) for frame in (real, synthetic, holdout)]
    halves = (list(three[0].columns[::2]), list(three[0].columns[1::2]))

    def risk(evaluator: Any, **options: Any) -> float:
        return float(evaluator.evaluate(**options).risk().value)

    given: dict[str, Any] = {"ori": three[0], "syn": three[1], "control": three[2], "n_attacks": ATTACKS}
    return {
        "singling-out": timed(lambda: risk(attacks.SinglingOutEvaluator(**given, n_cols=3, seed=1), mode="multivariate")),
        "linkability": timed(lambda: risk(attacks.LinkabilityEvaluator(**given, aux_cols=halves), n_jobs=2)),
        "attribute-inference": timed(lambda: risk(attacks.InferenceEvaluator(**given, aux_cols=list(KNOWN), secret=SECRET), n_jobs=2)),
    }


def _without_dates(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with dates as days, the only numbers anonymeter takes, and booleans as words."""
    names = [str(name) for name in frame]
    dates = {name: (frame[name] - pd.Timestamp("2020-01-01")).dt.days for name in names if name.startswith("date")}
    return frame.assign(**dates, **{name: frame[name].map(str) for name in names if name.startswith("yes")})


TASKS: dict[str, Callable[[int], Any]] = {"profile": profile_cost, "ours": our_metrics, "peers": peer_metrics}


def apart(task: str, rows: int, python: str = sys.executable) -> Any:
    """What a task gives, from a process of its own on two threads at most."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run(
        [python, __file__, "--task", task, "--rows", str(rows)], env=environment, stdout=subprocess.PIPE, check=True, text=True
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def print_profile(rows: int) -> None:
    """Print the profile's cost by step."""
    cost = apart("profile", rows)
    print(f"\ntabular-core/1 on {rows:,} × 30 with a hold-out of {rows // 2:,}:", end=" ")
    print(f"{cost['seconds']:.1f} s, {cost['megabytes']:,.0f} MB beyond the frames")
    for what, seconds in sorted(cost["steps"].items(), key=lambda entry: -entry[1]):
        print(f"  {seconds:8.2f} s  {what}")
    print(f"  not computed: {', '.join(reason.split(':')[0] for reason in cost['not computed'])}")


def print_peers(rows: int, python: str) -> None:
    """Print both sides of each shared metric, and of all together."""
    ours, theirs = apart("ours", rows), apart("peers", rows, python)
    print(f"\nshared metrics on {rows:,} × 30, {ATTACKS} attacks each: seconds (value)")
    print(f"  {'':22s} {'synthnb':>20s} {'peer':>20s} {'ratio':>8s}")
    shared = [name for name in theirs if name in ours]
    for name in shared:
        (a, x), (b, y) = ours[name], theirs[name]
        print(f"  {name:22s} {a:10.3f} ({x:7.4f}) {b:10.3f} ({y:7.4f}) {b / a:8.1f}")
    read = ours["frames read"][0]
    a, b = read + sum(ours[name][0] for name in shared), sum(theirs[name][0] for name in shared)
    print(f"  {'all, frames read too':22s} {a:10.3f} {'':9s} {b:10.3f} {'':9s} {b / a:8.1f}")
    for name in theirs.keys() - ours.keys():
        print(f"  {name}: only the peer has it here ({theirs[name][0]:.1f} s)")


def print_curve() -> None:
    """Print the profile's cost as rows grow."""
    print("\n      rows   seconds  MB beyond the frames  not computed")
    for rows in CURVE:
        cost = apart("profile", rows)
        print(f"{rows:10,} {cost['seconds']:9.1f} {cost['megabytes']:21,.0f}  {len(cost['not computed'])}")


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--peer", metavar="PYTHON", help="an interpreter with sdmetrics and anonymeter")
    parser.add_argument("--curve", action="store_true", help="also the profile's cost from 1,000 to 1,000,000 rows")
    parser.add_argument("--task", choices=sorted(TASKS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        print(json.dumps(TASKS[options.task](options.rows)))
        return
    print_profile(options.rows)
    if options.peer:
        print_peers(options.rows, options.peer)
    if options.curve:
        print_curve()


if __name__ == "__main__":
    main()
