"""Our calls to language models beside the bare engine, and beside peers on the same server: one command prints the table.

Run ``python tests/benchmarks/llm.py``; with ``--peer NAME=PYTHON``, the interpreter of an environment that has the peer, it takes
part, else a line says that it was left out::

    python3.11 -m venv /tmp/dd && /tmp/dd/bin/pip install data-designer                            --peer data-designer=/tmp/dd/bin/python
    python3.11 -m venv /tmp/di && /tmp/di/bin/pip install "distilabel[openai]" requests "openai<2" --peer distilabel=/tmp/di/bin/python
    python3.11 -m venv /tmp/cu && /tmp/cu/bin/pip install bespokelabs-curator                      --peer curator=/tmp/cu/bin/python

*Embedded.* Texts and rows are written by the embedded model through `write_text_column` and `write_rows`. The requests are
recorded and sent once more straight to llama.cpp, set up as our lanes are (same copies, threads and prompt cache), and with
``--as-it-comes`` as it is by default too (all cores on one text, prompt cache on; very slow where others use the cores).
Repeats alternate, and the best of each counts. On a machine that others use, compare the processor time.

*Server.* A stand-in server with a fixed latency on this machine; one text a row at 64 calls at once, from the same rows with the
same prompt. distilabel asks for a batch of 64 at once and waits for its slowest before the next. Ours keeps every reply in its
store meanwhile. The server's work is in a process of its own and not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from synthnb.models.cores import allowed_cores
from synthnb.models.downloads import DOWNLOADS
from synthnb.models.local import _plan

HERE = Path(__file__).parent
SERVER = HERE.parent / "servers" / "faulty.py"
HEADERS = ("method", "units", "calls", "tokens in", "tokens out", "wall s", "units/s", "tokens/s", "cpu s", "peak MB", "÷ first")
WITHIN = 1.10

PEERS = ("data-designer", "distilabel", "curator")
_QUIET = {
    "NEMO_TELEMETRY_ENABLED": "false",
    "TELEMETRY_ENABLED": "false",
    "CURATOR_DISABLE_RICH_DISPLAY": "1",
    "CURATOR_DISABLE_CACHE": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "OPENAI_API_KEY": "unused",
}
"""Nothing is reported to anybody, and nothing is looked up beyond this machine."""

Cost = dict[str, Any]


def job(python: str, name: str, requests: Path, **options: Any) -> Cost:
    """What a job cost, run in a process of its own."""
    words = [word for option, value in options.items() for word in (f"--{option.replace('_', '-')}", str(value))]
    command = [python, str(HERE / "llm_job.py"), name, "--requests", str(requests), *words]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | _QUIET)
    if ended.returncode:
        raise RuntimeError(f"{name} failed:\n{ended.stderr[-2000:]}")
    cost: Cost = json.loads(ended.stdout.strip().splitlines()[-1])
    return cost


def best(costs: Sequence[Cost]) -> Cost:
    """The repeat that the machine disturbed least."""
    return min(costs, key=lambda cost: cost["seconds"])


def embedded(
    folder: Path, counts: Mapping[str, int], repeats: int, bare: Mapping[str, str]
) -> Iterator[tuple[str, list[tuple[str, Cost]]]]:
    """Each mode beside the bare engine."""
    lanes = _plan(allowed_cores(), DOWNLOADS["smollm2-135m"].pinned.path.stat().st_size)[0]
    for mode, count in counts.items():
        found: dict[str, list[Cost]] = {}
        for _ in range(repeats):
            for name in (mode, *bare):
                options = {"count": count} if name == mode else {"lanes": lanes}
                found.setdefault(name, []).append(job(sys.executable, name, folder / f"{mode}.json", **options))
        units = best(found[mode])["units"]
        table = [(f"synthnb, {mode}", best(found[mode]))]
        table += [(f"llama.cpp, {label}", best(found[name]) | {"units": units}) for name, label in bare.items()]
        yield f"{count} {'texts' if mode == 'text' else 'rows'} by the embedded model", table


@contextmanager
def server(folder: Path, latency: float) -> Iterator[tuple[str, Path]]:
    """A stand-in server in a process of its own, and its log."""
    log = folder / "server.jsonl"
    command = [sys.executable, str(SERVER), "--latency", str(latency), "--log", str(log)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), log
    finally:
        process.kill()
        process.communicate()


def served(log: Path) -> Cost:
    """What the server counted: calls that arrived, and words it read and wrote."""
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    ended = [event for event in events if event["event"] == "ended"]
    return {
        "calls": sum(event["event"] == "arrived" for event in events),
        "tokens_in": sum(len(event["prompt"].split()) for event in ended),
        "tokens_out": sum(len(event["text"].split()) for event in ended),
    }


def on_a_server(folder: Path, count: int, latency: float, at_once: int, repeats: int, peers: Mapping[str, str]) -> list[tuple[str, Cost]]:
    """Ours, one text a call and as many as it chooses, beside the peers."""
    methods = [("synthnb, one text a call", sys.executable, "column", {"per_call": 1}), ("synthnb, several", sys.executable, "column", {})]
    methods += [(name, python, name, {}) for name, python in peers.items()]
    table: list[tuple[str, Cost]] = []
    for label, python, name, options in methods:
        costs = []
        for repeat in range(repeats):
            with server(folder, latency) as (base, log):
                place = folder / f"{name}-{len(table)}-{repeat}.json"
                cost = job(python, name, place, base=base, count=count, at_once=at_once, **options)
                costs.append(cost | served(log))
                log.unlink()
        table.append((label, best(costs)))
    return table


def printed(title: str, table: Sequence[tuple[str, Cost]]) -> str:
    first = table[0][1]
    lines: list[tuple[str, ...]] = [HEADERS]
    for label, cost in table:
        tokens, units = cost["tokens_in"] + cost["tokens_out"], cost["units"]
        figures = [cost["seconds"], units / cost["seconds"], tokens / cost["seconds"], cost["cpu"], cost["peak_mb"]]
        lines.append(
            (
                label,
                *(f"{value:,}" for value in (units, cost["calls"], cost["tokens_in"], cost["tokens_out"])),
                *(f"{value:,.{places}f}" for value, places in zip(figures, (2, 1, 0, 2, 0), strict=True)),
                f"{cost['seconds'] / first['seconds']:.2f}",
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADERS))]
    rows = [
        "  ".join(cell.ljust(width) if not at else cell.rjust(width) for at, (cell, width) in enumerate(zip(line, widths, strict=True)))
        for line in lines
    ]
    return "\n".join([title, *rows, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description="Calls to language models beside the bare engine and a peer.")
    parser.add_argument("--texts", type=int, default=40, help="texts by the embedded model")
    parser.add_argument("--rows", type=int, default=60, help="rows by the embedded model")
    parser.add_argument("--served", type=int, default=1000, help="texts by the server")
    parser.add_argument("--latency", type=float, default=0.08, help="seconds that the server takes for a reply")
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer", action="append", default=[], help=f"NAME=PYTHON: one of {', '.join(PEERS)}, and its interpreter")
    parser.add_argument("--only", choices=("embedded", "server"), default=None)
    parser.add_argument("--as-it-comes", action="store_true", help="llama.cpp with its default settings too")
    parser.add_argument("--json", type=Path, default=None, help="file to keep the figures in")
    given = parser.parse_args()
    tables: list[tuple[str, list[tuple[str, Cost]]]] = []
    with tempfile.TemporaryDirectory() as folder:
        if given.only != "server":
            bare = {"raw": "set up alike"} | ({"raw-default": "as it comes"} if given.as_it_comes else {})
            for title, table in embedded(Path(folder), {"text": given.texts, "rows": given.rows}, given.repeats, bare):
                ratio = table[0][1]["cpu"] / table[1][1]["cpu"]
                tables.append((title, table))
                print(
                    printed(title, table) + f"Processor time is {ratio:.2f} times the bare engine's (at most {WITHIN:.2f} is aimed at).\n"
                )
        if given.only != "embedded":
            peers = dict(words.split("=", 1) for words in given.peer)
            if left := [name for name in PEERS if name not in peers]:
                print(f"Left out, as no --peer NAME=PYTHON was given: {', '.join(left)}.\n")
            title = f"{given.served:,} texts by a server that takes {given.latency * 1000:.0f} ms, {given.at_once} at once"
            tables.append((title, on_a_server(Path(folder), given.served, given.latency, given.at_once, given.repeats, peers)))
            print(printed(*tables[-1]))
    if given.json:
        given.json.write_text(json.dumps([{"title": title, "methods": dict(table)} for title, table in tables], indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
