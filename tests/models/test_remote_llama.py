"""Against a real llama.cpp server, which the package for the embedded model brings along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from synthnb.models.base import Reply, Request
from synthnb.models.keys import Key, Lookup
from synthnb.models.remote import Remote
from synthnb.models.remote.addresses import read_address
from tests.models.conftest import weights as weights

SECRET = "key-of-the-test-server"
ROW = {
    "type": "object",
    "properties": {"sex": {"enum": ["f", "m"]}, "age": {"type": "integer"}},
    "required": ["sex", "age"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def served(weights: Path) -> Iterator[Remote]:
    """The embedded model behind HTTP, with two slots of 512 tokens."""
    import xllamacpp

    params: Any = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.n_ctx, params.n_parallel, params.cpuparams.n_threads = 1024, 2, 1
    params.warmup, params.verbosity, params.api_keys = False, -1, [SECRET]
    server: Any = xllamacpp.Server(params)
    server.handle_completions({"prompt": "a", "n_predict": 1})
    address = replace(read_address("llama-server/any"), base=f"{server.listening_address}/v1")
    model = Remote(address, Lookup(key=Key(SECRET, "the test")))
    model.describe()
    yield model
    model.close()


def one(model: Remote, request: Request) -> Reply:
    [(_, reply)] = model.write([request])
    return reply


def test_it_says_what_it_serves(served: Remote) -> None:
    assert (served.info.name, served.info.context, served.info.family) == ("SmolLM2-135M-Instruct.Q4_1.gguf", 512, "smollm")
    assert (served.info.at_once, served.info.locality) == (4, "local-server")


def test_it_writes_and_counts_its_tokens(served: Remote) -> None:
    reply = one(served, Request(prompt="Write one sentence about a patient.", max_tokens=12, seed=1))
    assert (reply.finish, reply.tokens_out) == ("length", 12)
    assert reply.tokens_in > 10
    assert reply.model == "SmolLM2-135M-Instruct.Q4_1.gguf"


def test_it_follows_a_schema(served: Remote) -> None:
    reply = one(served, Request(prompt="A patient as JSON.", schema=ROW, max_tokens=60, seed=1))
    row = json.loads(reply.text)
    assert row["sex"] in {"f", "m"}
    assert isinstance(row["age"], int)


def test_it_follows_a_grammar(served: Remote) -> None:
    reply = one(served, Request(prompt="A row.", grammar='root ::= ("f"|"m") "\\t" [4-8] [0-9]', max_tokens=20, seed=1))
    sex, age = reply.text.split("\t")
    assert sex in {"f", "m"}
    assert 40 <= int(age) <= 89


def test_a_prompt_longer_than_its_context_is_refused_with_the_reason(served: Remote) -> None:
    reply = one(served, Request(prompt="word " * 2000))
    assert (reply.finish, reply.tries) == ("error", 1)
    assert "exceeds the available context size (512 tokens)" in reply.error
