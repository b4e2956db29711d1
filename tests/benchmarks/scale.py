"""What our engines cost against the number of rows: is time per row constant, and does a million rows fit?

Run ``python tests/benchmarks/scale.py``. The simulated register of ``tables.py`` (14 columns) is
learnt at each size and as many rows are drawn, each size in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # before any library that counts threads is loaded
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.peers import ENGINES, Failed, Method, run
from tests.benchmarks.tables import Environments, register

SIZES = (1_000, 10_000, 100_000, 1_000_000)
LARGEST = {"fit": 60.0, "draw": 4.0, "peak_mb": 4_000.0}
"""What a million rows may cost: seconds, and resident megabytes."""


def cost_of(method: Method, rows: int, limit: float) -> dict[str, Any]:
    """Seconds and peak size of one process that learns and draws so many rows."""
    with tempfile.TemporaryDirectory() as folder:
        train = Path(folder) / "train.parquet"
        register(rows, seed=0).to_parquet(train)
        outcome = run(method, train, seed=0, domain={}, environments=Environments(Path(folder)), folder=Path(folder), limit=limit)
        return {"rows": rows, **{key: outcome.cost[key] for key in ("fit", "draw", "cpu", "peak_mb", "load")}}


def text_of(name: str, costs: Sequence[dict[str, Any]]) -> str:
    """The costs as a table; beside each, time per row over that at the size before it."""
    lines = [
        f"\n{name}, 14 columns",
        f"{'rows':>10}{'fit s':>10}{'draw s':>10}{'cpu s':>10}{'peak MB':>10}{'fit/row':>10}{'draw/row':>10}{'load':>7}",
    ]
    ratios = [("", ""), *((_ratio(before, after, "fit"), _ratio(before, after, "draw")) for before, after in pairwise(costs))]
    for cost, (fit, draw) in zip(costs, ratios, strict=True):
        lines.append(
            f"{cost['rows']:10,}{cost['fit']:10.2f}{cost['draw']:10.2f}{cost['cpu']:10.2f}{cost['peak_mb']:10,.0f}{fit:>10}{draw:>10}{cost['load']:7.1f}"
        )
    last = costs[-1]
    if last["rows"] == SIZES[-1]:
        lines += [
            f"{'PASS' if last[key] <= most else 'FAIL'}  {key} {last[key]:,.1f}, at most {most:,.0f}" for key, most in LARGEST.items()
        ]
    return "\n".join(lines)


def _ratio(before: dict[str, Any], after: dict[str, Any], key: str) -> str:
    """Time per row over that at the size before: 1 is linear, 10 is quadratic for ten times the rows."""
    return f"{(after[key] / after['rows']) / (before[key] / before['rows']):.2f}" if before[key] else "–"


def main() -> None:
    """Run, print, and keep the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--engines", default="trees", help="comma-separated, or all")
    parser.add_argument("--most", type=int, default=SIZES[-1], help="largest number of rows")
    parser.add_argument("--limit", type=float, default=600, help="seconds after which a size is given up")
    parser.add_argument("--json", type=Path, help="write the results there")
    options = parser.parse_args()
    found: dict[str, list[dict[str, Any]]] = {}
    for method in ENGINES:
        if options.engines != "all" and method.name not in options.engines.split(","):
            continue
        found[method.name] = []
        try:
            for rows in (size for size in SIZES if size <= options.most):
                found[method.name].append(cost_of(method, rows, options.limit))
        except Failed as failed:
            print(f"{method.name}: {failed}")
        if found[method.name]:
            print(text_of(method.name, found[method.name]), flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
