from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.servers.faulty import FaultyServer


def ask(base: str, prompt: str = "Write.", **more: Any) -> httpx2.Response:
    body = {"model": "any", "messages": [{"role": "user", "content": prompt}], **more}
    return httpx2.post(f"{base}/chat/completions", json=body, timeout=5)


def said(response: httpx2.Response) -> str:
    return str(response.json()["choices"][0]["message"]["content"])


def streamed(response: httpx2.Response) -> str:
    events = [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: {")]
    return "".join(event["choices"][0]["delta"].get("content", "") for event in events if event["choices"])


def test_the_same_request_gets_the_same_text_streamed_or_whole() -> None:
    with FaultyServer() as server:
        texts = [said(ask(server.base, seed=1)), said(ask(server.base, seed=1)), streamed(ask(server.base, seed=1, stream=True))]
        other = said(ask(server.base, seed=2))
    assert len(set(texts)) == 1
    assert other != texts[0]


def test_faults_come_by_order_of_arrival_and_then_end() -> None:
    with FaultyServer(["429:3", "503", "ok"]) as server:
        found = [ask(server.base) for _ in range(4)]
    assert [response.status_code for response in found] == [429, 503, 200, 200]
    assert found[0].headers["retry-after"] == "3"


def test_faults_come_by_prompt() -> None:
    with FaultyServer(by_prompt={"bad": ["500"]}) as server:
        assert [ask(server.base, prompt).status_code for prompt in ("good", "bad", "bad")] == [200, 500, 200]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", ["cut", "drop"])
def test_a_reply_that_is_cut_breaks_the_connection(fault: str, stream: bool) -> None:
    with FaultyServer([fault]) as server, pytest.raises(httpx2.RemoteProtocolError, match=r"closed|without|disconnected"):
        ask(server.base, stream=stream)
    assert not server.log[0].complete


def test_a_schema_is_followed_and_numbered_records_are_answered_in_lines() -> None:
    schema = {"type": "object", "properties": {"sex": {"enum": ["f", "m"]}, "age": {"type": "integer", "minimum": 40, "maximum": 85}}}
    with FaultyServer() as server:
        row = json.loads(said(ask(server.base, response_format={"type": "json_schema", "json_schema": {"name": "r", "schema": schema}})))
        lines = said(ask(server.base, "Write one text for each.\n1. a\n2. b\n3. c")).splitlines()
    assert row["sex"] in {"f", "m"}
    assert 40 <= row["age"] <= 85
    assert [line[:2] for line in lines] == ["1.", "2.", "3."]


def test_refused_parameters_and_wrong_keys_are_named() -> None:
    with FaultyServer(refuses=["seed"], key="right") as server:
        assert ask(server.base).status_code == 401
        allowed = {"Authorization": "Bearer right"}
        found = httpx2.post(f"{server.base}/chat/completions", json={"messages": [], "seed": 1}, headers=allowed)
    assert found.status_code == 400
    assert "seed" in found.text


def test_it_runs_as_a_process_and_logs_what_it_sent_to_the_end(tmp_path: Path) -> None:
    script, log = Path(__file__).with_name("faulty.py"), tmp_path / "calls.jsonl"
    command = [sys.executable, str(script), "--schedule", '["ok", "cut"]', "--log", str(log)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    try:
        assert process.stdout is not None
        base = process.stdout.readline().strip()
        assert ask(base).status_code == 200
        with pytest.raises(httpx2.RemoteProtocolError, match="closed"):
            ask(base)
    finally:
        process.kill()
        process.communicate()
    ended = [event for event in map(json.loads, log.read_text().splitlines()) if event["event"] == "ended"]
    assert [event["complete"] for event in ended] == [True, False]
