"""The ledger under several writers, kill -9 and a full disk."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from synthnb.disclosure.ledger import Ledger

ENTRY = """
import os, random, resource, signal, sys, time
from synthnb.disclosure.entries import sealed
from synthnb.disclosure.ledger import Ledger
from synthnb.errors import StorageError

def entry(name, text="x" * 900):
    return sealed(id=name, kind="generate", created="2026-01-01T00:00:00Z", slot="s", fields={}, detail={"text": text})
"""
MANY = """
with Ledger(sys.argv[1]) as ledger:
    for n in range(1000):
        ledger.append(entry(f"{sys.argv[2]}-{n}"))
"""
KILLED = """
random.seed(int(sys.argv[2]))
for run in range(100):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        ledger = Ledger(sys.argv[1])
        for n in range(10_000):
            name = f"run{run}-{n}"
            os.write(writing, f"> {name}\\n".encode())
            ledger.append(entry(name, "x" * random.randrange(9_000)))
            os.write(writing, f"= {name}\\n".encode())
    os.close(writing)
    told, wanted = b"", random.randrange(1, 8)
    while told.count(b"\\n") < wanted:
        told += os.read(reading, 4096)
    time.sleep(random.uniform(0, 0.005))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print((told + os.fdopen(reading, "rb").read()).decode(), end="")
"""
FULL = """
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
written = 0
try:
    with Ledger(sys.argv[1]) as ledger:
        for written in range(1000):
            ledger.append(entry(f"e-{written}"))
except StorageError as error:
    print(written, error, sep="|")
"""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", ENTRY + script, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def done(process: subprocess.Popen[str]) -> str:
    said, wrong = process.communicate(timeout=120)
    assert process.returncode == 0, wrong
    return said


def test_two_processes_of_a_thousand_entries_are_two_thousand_chained_lines(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    for process in [start(MANY, str(path), name) for name in "ab"]:
        done(process)
    with Ledger(path) as ledger:
        assert ledger.verify() == []
        assert {entry["id"] for entry in ledger.entries()} == {f"{name}-{n}" for name in "ab" for n in range(1000)}
        assert ledger.head().lines == 2000


def test_a_kill_at_any_moment_loses_at_most_the_entry_in_flight(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    told = [line.split() for line in done(start(KILLED, str(path), "7")).splitlines() if len(line.split()) == 2]
    begun = {name for sign, name in told if sign == ">"}
    finished = {name for sign, name in told if sign == "="}
    with Ledger(path) as ledger:
        assert ledger.verify() == []
        written = {entry["id"] for entry in ledger.entries()}
    assert finished <= written <= begun
    assert len(begun - finished) <= 100
    assert len(finished) > 50


def test_a_full_disk_is_one_error_and_an_intact_chain(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    written, _, said = done(start(FULL, str(path))).partition("|")
    assert "ledger.sqlite3 couldn" in said
    assert "so are the lines written before" in said
    assert str(tmp_path) not in said
    with Ledger(path) as ledger:
        assert ledger.verify() == []
        assert ledger.head().lines == int(written) > 10


def test_a_disk_that_is_full_from_the_start_leaves_nothing_half_written(tmp_path: Path) -> None:
    script = "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\ntry:\n    Ledger(sys.argv[1]).append(entry('e'))\n"
    said = done(start(f"{script}except StorageError as error:\n    print(error)", str(tmp_path / ".synthnb" / "ledger.sqlite3")))
    assert len(said.strip().splitlines()) == 1
    assert "The ledger ledger.sqlite3 couldn" in said
    assert [item.name for item in (tmp_path / ".synthnb").iterdir() if item.stat().st_size] == []


def test_two_real_kernels_of_a_thousand_entries(tmp_path: Path) -> None:
    from jupyter_client.manager import start_new_kernel

    started = [start_new_kernel(kernel_name="python3", cwd=str(tmp_path)) for _ in "ab"]
    try:
        codes = [ENTRY + MANY.replace("sys.argv[1]", repr("ledger.sqlite3")).replace("sys.argv[2]", repr(name)) for name in "ab"]
        asked = [client.execute(code) for (_, client), code in zip(started, codes, strict=True)]
        replies = [client.get_shell_msg(timeout=120) for _, client in started]
    finally:
        for manager, client in started:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    assert len(asked) == len(replies)
    assert [reply["content"]["status"] for reply in replies] == ["ok", "ok"], json.dumps([reply["content"] for reply in replies])
    with Ledger(tmp_path / "ledger.sqlite3") as ledger:
        assert ledger.verify() == []
        assert ledger.head().lines == 2000
