"""Do attacks alarm seldom without a leak and often with one, and do intervals hold the truth?

Run ``python tests/benchmarks/calibration.py`` (some minutes on two cores) or
with ``--quick`` (half a minute). Cases are in ``calibration_cases.py``. A false alarm is
one on synthetic rows drawn from the same population as the training rows, and not
from these; it may happen in 5 % of draws. An interval's coverage is the share of draws
in which it holds the truth: the rates' means over all draws, where nothing else is known.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":  # before any library that counts threads is loaded
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from tests.benchmarks.calibration_cases import CASES, Case, Said

MOST_FALSE_ALARMS = 0.05
COVERED = (0.93, 0.97)
MANY = 200


class Line(NamedTuple):
    """One metric in one case."""

    case: str
    metric: str
    draws: int
    value: float
    """Mean."""
    alarms: float | None
    """Share of draws with an alarm."""
    coverage: float | None
    """Share of draws whose interval holds the truth."""
    width: float | None
    """Mean width of the interval."""
    null: bool

    @property
    def off(self) -> str:
        """What isn't as it should be; in few draws only what so few can tell."""
        error, many = np.sqrt(0.05 * 0.95 / self.draws), self.draws >= MANY
        if self.null and self.alarms is not None and self.alarms > MOST_FALSE_ALARMS + (0 if many else 3 * error):
            return "false alarms"
        slack = error if many else 3 * error
        if self.coverage is None or COVERED[0] - slack <= self.coverage <= COVERED[1] + slack:
            return ""
        return "too narrow" if self.coverage < COVERED[0] else "wide"


def simulated(case: Case, seeds: Iterable[int], workers: ProcessPoolExecutor | None = None) -> list[Line]:
    """Every metric of a case over draws with these seeds."""
    drawn: dict[str, list[Said]] = defaultdict(list)
    run = map if workers is None else workers.map
    for said in run(case.draw, seeds):
        for one in said:
            drawn[one.metric].append(one)
    return [_line(case, metric, said) for metric, said in drawn.items()]


def _line(case: Case, metric: str, said: Sequence[Said]) -> Line:
    alarms = [one.alarm for one in said if one.alarm is not None]
    ends = [(one.low, one.high) for one in said if one.low is not None and one.high is not None]
    truth = _truth(said)
    return Line(
        case.name,
        metric,
        len(said),
        float(np.mean([one.value for one in said])),
        float(np.mean(alarms)) if alarms else None,
        float(np.mean([low <= truth <= high for low, high in ends])) if ends else None,
        float(np.mean([high - low for low, high in ends])) if ends else None,
        case.null,
    )


def _truth(said: Sequence[Said]) -> float:
    if said[0].truth is not None:
        return said[0].truth
    if said[0].rates is not None and said[0].made is not None:
        main, control = np.mean([one.rates for one in said if one.rates is not None], axis=0)
        return said[0].made(float(main), float(control))
    return float(np.mean([one.value for one in said]))


def text_of(lines: Sequence[Line]) -> str:
    """The table, a block a case."""
    rows = [f"{'':34}{'draws':>6}{'mean':>9}{'alarms':>9}{'coverage':>10}{'width':>8}"]
    for i, line in enumerate(lines):
        if i == 0 or lines[i - 1].case != line.case:
            rows.append(line.case)
        alarms = "" if line.alarms is None else f"{line.alarms:.1%}"
        coverage, width = ("", "") if line.coverage is None else (f"{line.coverage:.1%}", f"{line.width:.3f}")
        rows.append(f"  {line.metric:32}{line.draws:6}{line.value:9.3f}{alarms:>9}{coverage:>10}{width:>8}  {line.off}".rstrip())
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if false alarms are too many or an interval is too narrow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="20 draws in place of 200")
    parser.add_argument("--draws", type=int, help="so many")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--case", default="", help="only cases whose name has this in it")
    options = parser.parse_args(arguments)
    draws, lines = options.draws or (20 if options.quick else 200), []
    with ProcessPoolExecutor(options.workers, mp_context=multiprocessing.get_context("spawn")) as workers:
        for case in (case for case in CASES if options.case in case.name):
            found = simulated(case, range(max(int(draws * case.share), 4)), workers)
            print(text_of(found), flush=True)
            lines += found
    wrong = [line for line in lines if line.off in ("false alarms", "too narrow")]
    print("\n" + "\n".join([f"{line.case}: {line.metric}: {line.off}" for line in wrong] or ["Nothing is off."]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
