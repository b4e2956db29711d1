from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from synthnb.config import config_context
from synthnb.errors import ModelMissingError, OptionError
from synthnb.models.base import Request
from synthnb.models.registry import list_models, model_names, open_model
from tests.servers.faulty import FaultyServer

if TYPE_CHECKING:
    from synthnb.models.local import Local


def test_echo_opens_through_its_entry_point() -> None:
    assert open_model("echo").info.id == "echo"


def test_local_is_the_pulled_model(weights: Path) -> None:
    model = open_model("local")
    model.close()
    assert model.info.id == "smollm2-135m"


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(OptionError, match=r"echo, .*local, ollama/MODEL, .*the path of a \.gguf file; got 'ecco'. Did you mean 'echo'"):
        open_model("ecco")


def test_an_empty_name_lists_what_there_is() -> None:
    with pytest.raises(OptionError, match="Choose one of anthropic/MODEL, echo, "):
        open_model(" ")


def test_a_path_is_known_by_its_ending() -> None:
    with pytest.raises(ModelMissingError, match="there is none"):
        open_model("nowhere.GGUF")


def test_a_served_model_opens_by_its_address() -> None:
    with FaultyServer() as server:
        model = open_model(f"faulty-1@{server.base}")
        [(_, reply)] = model.write([Request(prompt="Write.")])
        model.close()
    assert (model.info.provider, reply.model) == (f"OpenAI-compatible server at 127.0.0.1:{server.port}", "faulty-1")


def test_a_served_model_opens_by_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultyServer() as server, config_context(server=server.base):
        model = open_model("server/faulty-1")
        model.close()
    assert model.info.id == "server/faulty-1"


def test_a_server_that_is_not_running_says_how_to_start_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    with pytest.raises(ModelMissingError, match=r"llama3 was looked for at http://127\.0\.0\.1:9/v1, but nobody answers.*ollama serve"):
        open_model("ollama/llama3")


def test_the_list_says_what_is_on_this_machine(weights: Path, tmp_path: Path) -> None:
    here = {row["name"]: row["installed"] for row in list_models()}
    with config_context(cache_dir=str(tmp_path)):
        elsewhere = {row["name"]: row["installed"] for row in list_models()}
    assert here["smollm2-135m"]
    assert not elsewhere["smollm2-135m"]
    assert elsewhere["echo"]


def test_the_list_gives_the_context_that_a_model_is_opened_with(local: Local) -> None:
    rows = {row["name"]: row["context"] for row in list_models()}
    assert rows["smollm2-135m"] == rows["local"] == local.info.context == 4096


def test_the_list_has_a_row_for_every_name_and_for_what_servers_here_serve() -> None:
    with FaultyServer(served="tiny") as server, config_context(server=server.base):
        rows = {row["name"]: row for row in list_models()}
    assert set(model_names()) - set(rows) <= {"server/MODEL", "ollama/MODEL", "vllm/MODEL", "llama-server/MODEL", "lmstudio/MODEL"}
    assert (rows["server/tiny"]["context"], rows["server/tiny"]["locality"], rows["server/tiny"]["price_in"]) == (8192, "local-server", 0.0)


def test_a_server_elsewhere_is_listed_but_not_asked() -> None:
    with config_context(server="http://192.0.2.1/v1"):
        row = next(row for row in list_models() if row["name"] == "server/MODEL")
    assert (row["locality"], row["note"]) == ("hosted", "at http://192.0.2.1/v1, which wasn't asked")


def test_a_server_that_hangs_does_not_hold_up_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{deaf.getsockname()[1]}")
        began = time.monotonic()
        row = next(row for row in list_models() if row["name"] == "ollama/MODEL")
    assert not row["installed"]
    assert time.monotonic() - began < 2


def test_a_page_instead_of_a_list_is_not_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultyServer(pages={"/v1/models": {"data": [{"id": 3}, "x", None]}}) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.root)
        assert "ollama/MODEL" in {row["name"] for row in list_models()}


def test_a_vendors_offer_is_listed_with_prices() -> None:
    rows = {row["name"]: row for row in list_models(provider="openai")}
    assert (rows["openai/gpt-4o-mini"]["price_in"], rows["openai/gpt-4o-mini"]["locality"]) == (0.15, "hosted")
    assert rows["openai/gpt-4o-mini"]["note"].startswith("price from genai-prices ")


def test_an_offer_of_nobody_is_refused() -> None:
    with pytest.raises(OptionError, match="provider must be one of anthropic, google, openai; got 'azure'"):
        list_models(provider="azure")


def test_listing_and_naming_load_no_client() -> None:
    code = (
        "import sys; from synthnb.models.registry import list_models, model_names; model_names(); list_models()\n"
        "print(sorted({'httpx2', 'pydantic_ai', 'pandas', 'genai_prices', 'xllamacpp'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
