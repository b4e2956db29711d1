from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from synthnb.errors import ModelMissingError
from synthnb.models.base import ModelInfo, Request
from synthnb.models.families import family_of
from synthnb.models.keys import Lookup
from synthnb.models.remote import Remote
from synthnb.models.remote.addresses import read_address
from tests.servers.faulty import FaultyServer
from tests.servers.opening import QUICK

DIGEST = "ab" * 32
SHOWN = {
    "license": "Llama 3.2 Community License\nmore",
    "details": {"family": "llama", "quantization_level": "Q4_K_M"},
    "parameters": 'stop "<|eot|>"\nnum_ctx 2048',
    "modelfile": f"# comment\nFROM /home/somebody/.ollama/models/blobs/sha256-{DIGEST}\n",
    "model_info": {"general.architecture": "llama", "llama.context_length": 131072, "general.license": "llama3.2"},
}


def described(name: str, pages: dict[str, dict[str, Any]], served: str = "tiny:latest") -> ModelInfo:
    with FaultyServer(pages=pages, served=served) as server:
        address = replace(read_address(name), base=server.base, patience=QUICK)
        model = Remote(address, Lookup(key=None))
        try:
            model.describe()
            return model.info
        finally:
            model.close()


def test_a_served_model_is_named_as_the_user_wrote_it_and_as_it_is_served() -> None:
    found = described("faulty-1@http://localhost:1/v1", {}, served="faulty-1")
    assert (found.id, found.name, found.locality) == ("faulty-1@http://localhost:1/v1", "faulty-1", "local-server")
    assert (found.context, found.price_in, found.seed_support) == (8192, 0.0, None)


def test_ollama_tells_licence_context_and_the_weights_digest() -> None:
    found = described("ollama/tiny", {"/api/show": SHOWN})
    assert (found.licence, found.context, found.quantisation, found.family) == ("llama3.2", 2048, "Q4_K_M", "llama")
    assert found.weights_digest == f"sha256:{DIGEST}"
    assert "somebody" not in str(found.to_dict())


def test_ollamas_context_is_its_own_default_where_none_is_set() -> None:
    assert described("ollama/tiny", {"/api/show": SHOWN | {"parameters": ""}}).context == 4096


@pytest.mark.parametrize("nonsense", [{"model_info": 3, "details": [], "license": None}, {}, {"model_info": {"general.license": {"a": 1}}}])
def test_what_ollama_leaves_out_stays_unknown(nonsense: dict[str, Any]) -> None:
    found = described("ollama/tiny", {"/api/show": nonsense})
    assert (found.licence, found.context, found.weights_digest) == ("", None, "")


def test_llama_server_tells_its_context_and_its_file_without_the_folder() -> None:
    props = {"default_generation_settings": {"n_ctx": 2048}, "total_slots": 4}
    found = described("llama-server/x", {"/props": props}, served="/home/somebody/SmolLM2-135M.gguf")
    assert (found.name, found.family, found.context, found.at_once) == ("SmolLM2-135M.gguf", "smollm", 2048, 6)
    assert found.grammars


def test_a_model_that_is_not_served_is_refused_with_those_that_are() -> None:
    with pytest.raises(
        ModelMissingError, match=r"Ollama at .* serves no model 'big'\. Run `ollama pull big`, or choose one of tiny:latest\."
    ):
        described("ollama/big", {})


def test_a_servers_grammar_is_sent_in_its_own_words() -> None:
    with FaultyServer(served="tiny") as server:
        for kind in ("llama-server", "vllm"):
            model = Remote(replace(read_address(f"{kind}/tiny"), base=server.base, patience=QUICK), Lookup(key=None))
            list(model.write([Request(prompt="A row.", grammar='root ::= "a"', repeat_penalty=1.2)]))
            model.close()
    assert (server.log[0].body["grammar"], server.log[0].body["repeat_penalty"]) == ('root ::= "a"', 1.2)
    assert server.log[1].body["structured_outputs"] == {"grammar": 'root ::= "a"'}


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("meta-llama/Llama-3.2-1B", "llama"), ("SmolLM2-135M-Instruct", "smollm"), ("gpt-4o-mini", "gpt"), ("o3-mini", "gpt"),
        ("claude-3-5-haiku", "claude"), ("gemini-2.0-flash", "gemini"), ("gemma3:1b", "gemma"), ("mixtral:8x7b", "mistral"),
        ("deepseek-r1-distill-qwen-7b", "qwen"), ("deepseek-v3", "deepseek"), ("qwq:32b", "qwen"), ("phi4", "phi"),
        ("any", ""), ("philosophy", ""),
    ],
)  # fmt: skip
def test_a_family_is_guessed_from_a_name_or_not_at_all(name: str, family: str) -> None:
    assert family_of(name) == family
