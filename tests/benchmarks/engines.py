"""Our engines beside their peers, on real tables: one command, the same halves and the same judge for all.

Run ``python tests/benchmarks/engines.py``. Each table is cut into two equal halves at random,
anew for each seed: one is learnt, the other is held out and never shown to a method. Each
method makes as many rows as it learnt from, in a process of its own, on one thread. What the
figures mean is in ``figures.py``, which peers there are and how they are called in ``peers.py``
and ``driver.py``, the tables in ``tables.py``; ``report.py`` turns the results into text.

The first run makes a virtual environment per peer and takes hours; what a peer made is kept
under ``--environments`` and only judged again. ``--quick`` leaves the peers out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # before any library that counts threads is loaded
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import pandas as pd
import platformdirs

from tests.benchmarks import figures
from tests.benchmarks.peers import BASELINES, ENGINES, PEERS, PRIVATE, Failed, Method, Outcome, make_environment, run
from tests.benchmarks.report import Result, TableResults, text_of
from tests.benchmarks.tables import TABLES, Environments, Source, load

DATA_REQUIREMENTS = ("pandas<3",)
JUDGE = Path(figures.__file__).read_bytes()
"""The judge's code as it runs here; figures are judged anew when it changes."""
ALL = (*BASELINES, *ENGINES, *PEERS, *PRIVATE)


def halves(frame: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut a table at random into rows to learn and rows held out; an odd row is left over."""
    order = np.random.default_rng(seed).permutation(len(frame))
    half = len(frame) // 2
    train, held = (plain(frame.iloc[index]).reset_index(drop=True) for index in (order[:half], order[half : 2 * half]))
    return train, held


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with the dtypes that every peer understands: no nullable numbers, no categories."""
    made = frame.copy()
    for name, dtype in frame.dtypes.items():
        if isinstance(dtype, pd.CategoricalDtype):
            made[name] = frame[name].astype(str).where(frame[name].notna())
        elif pd.api.types.is_extension_array_dtype(dtype) and pd.api.types.is_numeric_dtype(dtype):
            made[name] = frame[name].astype("f8")
    return made


class Bench:
    """Runs methods on tables, and keeps what peers made."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._environments = Environments(options.environments)

    def table(self, source: Source, methods: Sequence[Method]) -> TableResults:
        """Run every method on every seed's halves of a table."""
        frame = load(source, self._environments)
        domain = source.domain(self._environments) if source.domain else {}
        asked = [method for method in methods if domain or not method.private]
        results: list[Result] = []
        for seed in range(self._options.seeds):
            train, held = halves(frame, seed)
            folder = self._environments.folder / "results" / source.name / str(seed)
            folder.mkdir(parents=True, exist_ok=True)
            whole = folder / f"train-{os.getpid()}.parquet"
            train.to_parquet(whole)
            whole.replace(folder / "train.parquet")  # a driver of another run may be reading it
            judge = figures.Judge(train, held, source.target, source.without, seed)
            real = judge.tested(train)
            results.append(Result("held-out rows", "baseline", seed, None, judge.distances(held), {}))
            for method in asked:
                say(f"{source.name}, seed {seed}: {method.name}")
                results.append(self._result(method, folder, seed, domain, judge, real))
        return TableResults(source.name, source.kind, source.about, source.target, len(frame), frame.shape[1], len(frame) // 2, results)

    def _result(self, method: Method, folder: Path, seed: int, domain: Any, judge: figures.Judge, real: float | None) -> Result:
        try:
            outcome = run(
                method,
                folder / "train.parquet",
                seed=seed,
                domain=domain,
                environments=self._environments,
                folder=folder,
                limit=self._options.limit,
                kept_only=not method.ours and method.environment is not None and seed >= self._options.peer_seeds,
                retry=self._options.retry,
                again=self._options.again,
            )
        except Failed as failed:
            say(f"    no rows: {failed}")
            return Result(method.name, method.role, seed, str(failed), {}, {})
        judged = judged_once(judge, outcome)
        return Result(method.name, method.role, seed, None, judged | {"real": real}, outcome.cost)


def judged_once(judge: figures.Judge, outcome: Outcome) -> dict[str, float | None]:
    """The figures, from the file beside the rows if neither rows nor judge have changed since."""
    path = outcome.folder / "figures.json"
    made = (outcome.folder / "made.parquet").read_bytes()
    key = hashlib.sha256(JUDGE + made).hexdigest()
    if path.exists() and (kept := json.loads(path.read_text(encoding="utf-8")))["key"] == key:
        return dict(kept["figures"])
    found = judge(outcome.made)
    path.write_text(json.dumps({"key": key, "figures": found}), encoding="utf-8")
    return found


def say(line: str) -> None:
    """Progress, apart from the results."""
    print(line, file=sys.stderr, flush=True)


def parsed() -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tables", default=",".join(TABLES), help="comma-separated; all by default")
    parser.add_argument("--methods", default=",".join(method.name for method in ALL), help="comma-separated; all by default")
    parser.add_argument("--peers", help="comma-separated peers to run beside the baselines and our engines")
    parser.add_argument("--quick", action="store_true", help="one seed and no peers")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--peer-seeds", type=int, default=3, help="seeds on which a peer is started; kept rows are used for any")
    parser.add_argument("--environments", type=Path, default=Path(platformdirs.user_cache_dir("synthnb")) / "benchmarks")
    parser.add_argument("--limit", type=float, default=1800, help="seconds after which a method is stopped")
    parser.add_argument("--retry", action="store_true", help="run again what failed before")
    parser.add_argument("--again", action="store_true", help="run peers again although their rows are kept, for new timings")
    parser.add_argument("--json", type=Path, help="write the results there; tables already in it that aren't run are left")
    options = parser.parse_args()
    for asked, known in ((options.tables, TABLES), (options.methods, [method.name for method in ALL])):
        unknown = [name for name in asked.split(",") if name not in known]
        if unknown:
            parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    return options


def chosen(options: argparse.Namespace) -> list[Method]:
    """The methods asked for."""
    names = set(options.methods.split(","))
    if options.quick:
        names -= {method.name for method in ALL if method.environment is not None}
    if options.peers is not None:
        names -= {method.name for method in ALL if method.environment is not None and method.name not in options.peers.split(",")}
    return [method for method in ALL if method.name in names]


def write(path: Path, tables: Sequence[TableResults]) -> None:
    """Add the tables to a file of results, in place of those of the same name."""
    there = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"tables": {}}
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "processor": platform.machine()}
    data = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine,
        "tables": there["tables"] | {table.name: table.to_dict() for table in tables},
    }
    path.write_text(json.dumps(data, indent=1), encoding="utf-8")


def main() -> None:
    """Run, print, and keep the results."""
    options = parsed()
    if options.quick:
        options.seeds = 1
    bench = Bench(options)
    make_environment(Environments(options.environments), "data", DATA_REQUIREMENTS)
    methods = chosen(options)
    done = []
    for name in options.tables.split(","):
        done.append(bench.table(TABLES[name], methods))
        print(text_of(done[-1]), flush=True)
        if options.json is not None:
            write(options.json, done)


if __name__ == "__main__":
    main()
