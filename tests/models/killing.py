"""Kill a run with -9 at random moments, resume it, and report what came of it; a process of its own, so that forking is safe.

    python tests/models/killing.py ask|column --base http://127.0.0.1:PORT/v1 --log calls.jsonl --folder DIR --kills 100 --seed 1

A trial is a run that is killed five times, each in the middle of its work, and then let finish. Printed as JSON: for each
trial whether its bytes equal the uninterrupted run's, how often a reply that had been stored was asked for again, and how
many calls were made beyond one a unit.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import pandas as pd

from synthnb.engines.llm import write_text_column
from synthnb.models.base import Request
from synthnb.models.calls import Calls
from synthnb.models.remote import open_remote
from synthnb.models.store import Store

UNITS = 24
KILLS_A_TRIAL = 5
LONGEST = 0.08


def ask(calls: Calls) -> str:
    """Every unit's text."""
    replies = dict(calls.ask([Request(prompt=f"Unit {unit}: write.", seed=unit) for unit in range(UNITS)]))
    return json.dumps([replies[unit].text for unit in range(UNITS)])


def column(calls: Calls) -> str:
    """A text column."""
    frame = pd.DataFrame({"unit": range(UNITS)})
    made = write_text_column(frame, name="note", instruction="Unit {unit}: write.", calls=calls, seed=7, per_call=1)
    return str(made.frame.to_csv())


WORK: dict[str, Callable[[Calls], str]] = {"ask": ask, "column": column}


def run(work: str, base: str, folder: Path, ready: int) -> None:
    """Do the work and write what came of it; says so when the model is open."""
    model = open_remote(f"faulty-1@{base}")
    os.write(ready, b".")
    with Store(folder / "calls.sqlite3") as store:
        made = WORK[work](Calls(model, store=store))
    (folder / "made.tmp").write_text(made, encoding="utf-8")
    (folder / "made.tmp").rename(folder / "made")
    model.close()


def started(work: str, base: str, folder: Path) -> int:
    """The process id of a run that was begun, and has its model open."""
    hears, says = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            run(work, base, folder, says)
        except Exception:  # noqa: BLE001  # a child that fails says why, and ends here whatever it was
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(says)
    os.read(hears, 1)
    os.close(hears)
    return child


def stored(folder: Path) -> set[str]:
    """The prompts whose replies are stored."""
    import sqlite3

    if not (folder / "calls.sqlite3").exists():
        return set()
    connection = sqlite3.connect(folder / "calls.sqlite3", timeout=10)
    try:
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'reply'").fetchone()
        rows = connection.execute("SELECT request FROM reply").fetchall() if known else []
        return {json.loads(request)["prompt"] for (request,) in rows}
    finally:
        connection.close()


def asked(log: Path) -> Counter[str]:
    """How often each prompt arrived at the server so far."""
    events = map(json.loads, log.read_text(encoding="utf-8").splitlines())
    return Counter(event["prompt"].strip().rpartition("\n")[2] for event in events if event["event"] == "arrived")


def wait_for(child: int, most: float) -> bool:
    """Whether the run ended by itself within a time."""
    end = time.monotonic() + most
    while time.monotonic() < end:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def trial(work: str, base: str, log: Path, folder: Path, draw: random.Random) -> dict[str, int | bool]:
    folder.mkdir()
    log.write_text("", encoding="utf-8")
    kills = again = 0
    while kills < KILLS_A_TRIAL:
        before, known = asked(log), stored(folder)
        ended = wait_for(started(work, base, folder), draw.uniform(0, LONGEST))
        time.sleep(0.02)
        again += sum(asked(log)[prompt] - before[prompt] for prompt in known)
        if ended:
            break
        kills += 1
    before, known = asked(log), stored(folder)
    if not (folder / "made").exists():
        wait_for(started(work, base, folder), 60)
    again += sum(asked(log)[prompt] - before[prompt] for prompt in known)
    spare = sum(asked(log).values()) - UNITS
    return {
        "kills": kills,
        "same": (folder / "made").read_bytes() == (folder.parent / "whole" / "made").read_bytes(),
        "again": again,
        "spare": spare,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=sorted(WORK))
    parser.add_argument("--base", required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    draw = random.Random(given.seed)
    # What a run imports and looks for once is there before the first fork, so that the children are quick.
    os.environ["SYNTHNB_API_KEY"] = "unused"
    importlib.import_module("httpx2")
    (given.folder / "whole").mkdir()
    wait_for(started(given.work, given.base, given.folder / "whole"), 60)
    trials: list[dict[str, int | bool]] = []
    while sum(found["kills"] for found in trials) < given.kills and len(trials) < given.kills:
        trials.append(trial(given.work, given.base, given.log, given.folder / f"trial-{len(trials)}", draw))
    sys.stdout.write(json.dumps(trials))


if __name__ == "__main__":
    main()
