"""A real kernel: interrupts, progress, completion, and what stays in the saved notebook."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

SET_UP = """
%load_ext synthnb
import numpy as np, pandas as pd
rng = np.random.default_rng(1)
trial = pd.DataFrame({"age": rng.integers(18, 90, 300), "weight kg": rng.normal(75, 10, 300), "sex": rng.choice(["f", "m"], 300)})
"""
RECORD = "application/vnd.synthnb.record+json"
SLOW_MODEL = """
import time
from synthnb.models.echo import open_echo
from synthnb.engines.llm import write_text_column

class Slow:
    def __init__(self):
        self.inner = open_echo("echo")
        self.info = self.inner.info
    def write(self, requests):
        for number, reply in self.inner.write(requests):
            time.sleep(0.05)
            yield number, reply
    def close(self):
        self.inner.close()
"""


class Kernel:
    """A running kernel and what came out of its last cell."""

    def __init__(self, folder: Path) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(cwd=str(folder))
        self.client: Any = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, source: str, *, interrupt_after: float | None = None) -> list[dict[str, Any]]:
        """Run a cell to its end and give its messages."""
        sent = self.client.execute(source)
        messages: list[dict[str, Any]] = []
        started = time.monotonic()
        while True:
            if interrupt_after is not None and time.monotonic() - started > interrupt_after:
                self.manager.interrupt_kernel()
                interrupt_after = None
            if not self.client.iopub_channel.msg_ready():
                assert time.monotonic() - started < 60, "the cell did not end"
                time.sleep(0.01)
                continue
            message = self.client.get_iopub_msg(timeout=1)
            if message["parent_header"].get("msg_id") != sent:
                continue
            messages.append(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return messages

    def value(self, expression: str) -> str:
        """What an expression prints."""
        return "".join(m["content"]["text"] for m in self.run(f"print({expression})") if m["msg_type"] == "stream").strip()


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    running = Kernel(tmp_path)
    try:
        running.run(SET_UP)
        yield running
    finally:
        running.stop()


def errors(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message["content"] for message in messages if message["msg_type"] == "error"]


def test_an_error_is_one_line_without_a_trace(kernel: Kernel) -> None:
    (error,) = errors(kernel.run("%synth generate nothing --as made"))
    assert error["ename"] == "OptionError"
    assert len(error["traceback"]) == 1
    assert "Frames here: trial." in error["traceback"][0]


def test_an_interrupted_generation_says_so_and_assigns_nothing(kernel: Kernel) -> None:
    kernel.run("big = pd.concat([trial] * 2000, ignore_index=True)")
    (error,) = errors(kernel.run("%synth generate big --rows 5000000 --as made", interrupt_after=1.5))
    assert error["ename"] == "Interrupted"
    assert len(error["traceback"]) == 1
    assert "%synth generate was stopped before it was done" in error["evalue"]
    assert kernel.value("'made' in dir()") == "False"
    assert errors(kernel.run("%synth generate trial --rows 20 --as made")) == []


def test_an_interrupted_column_keeps_the_texts_there_are(kernel: Kernel) -> None:
    kernel.run(SLOW_MODEL + "import synthnb\nfrom synthnb.errors import Interrupted\nmodel = Slow()")
    call = "made = synthnb.write_column(trial, 'note', 'One sentence.', model=model)"
    cell = f"try:\n    {call}\nexcept Interrupted as stopped:\n    kept = stopped"
    assert errors(kernel.run(cell, interrupt_after=2.0)) == []
    assert 0 < int(kernel.value("kept.partial.frame['note'].notna().sum()")) < 300
    assert (
        kernel.value("kept.partial.run.requested == kept.partial.run.delivered + sum(e['count'] for e in kept.partial.run.explained)")
        == "True"
    )


def test_interrupted_texts_are_kept_and_those_missing_explained(kernel: Kernel) -> None:
    kernel.run(SLOW_MODEL + "import synthnb\nfrom synthnb.errors import Interrupted\nmodel = Slow()")
    call = "synthnb.write_texts('Messages to a clinic.', n=300, labels={'tone': ['calm', 'worried']}, model=model)"
    cell = f"try:\n    {call}\nexcept Interrupted as stopped:\n    run = stopped.partial.run"
    assert errors(kernel.run(cell, interrupt_after=2.0)) == []
    assert kernel.value("run.partial, 0 < run.delivered < 300, run.delivered + sum(e['count'] for e in run.explained)") == "True True 300"
    assert kernel.value("synthnb.runs()[-1]['partial']") == "True"


def test_a_description_is_read_drawn_and_listed_in_a_kernel(kernel: Kernel) -> None:
    body = "A trial of 300 adults aged 40 to 85, 60 % female."
    messages = kernel.run(f"%%synth generate --as made --model echo --yes --seed 1\n{body}")
    assert errors(messages) == []
    records = [m["content"]["data"][RECORD] for m in messages if "data" in m["content"] and RECORD in m["content"]["data"]]
    assert [entry["kind"] for record in records for entry in record["entries"]] == ["generate"]
    assert kernel.value("len(made), type(made_recipe).__name__") == "300 Recipe"


def test_progress_is_one_output_updated_in_place(kernel: Kernel) -> None:
    kernel.run("import os; os.environ['SYNTHNB_PROGRESS_AFTER'] = '0'")
    messages = kernel.run("%synth generate trial --rows 2000 --as made")
    shown = [m for m in messages if m["msg_type"] == "display_data" and m["content"]["transient"].get("display_id")]
    updates = [m for m in messages if m["msg_type"] == "update_display_data"]
    assert len(shown) == 1
    assert "progressbar" in shown[0]["content"]["data"]["text/html"]
    assert "done after" in updates[-1]["content"]["data"]["text/plain"]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("%synth gen", "generate"),
        ("%synth generate tr", "trial"),
        ("%synth generate trial --ro", "--rows"),
        ("%synth generate trial --groups s", "sex"),
    ],
)
def test_a_front_end_completes_the_line(kernel: Kernel, line: str, offered: str) -> None:
    reply = kernel.client.complete(line, len(line), reply=True, timeout=30)["content"]
    assert offered in reply["matches"]
    start = reply["cursor_start"]
    assert line[:start] + offered == f"{line.rsplit(' ', 1)[0]} {offered}"


def test_the_help_key_shows_the_overview(kernel: Kernel) -> None:
    reply = kernel.client.inspect("%synth", 6, reply=True, timeout=30)["content"]
    assert "%synth generate" in reply["data"]["text/plain"]
