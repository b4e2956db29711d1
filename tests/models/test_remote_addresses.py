from __future__ import annotations

import pytest

from synthnb.config import config_context
from synthnb.errors import OptionError
from synthnb.models.remote.addresses import Address, is_loopback, read_address


@pytest.mark.parametrize(
    ("name", "model", "base"),
    [
        ("ollama/llama3.2:1b", "llama3.2:1b", "http://127.0.0.1:11434/v1"),
        ("vllm/Qwen/Qwen3-8B", "Qwen/Qwen3-8B", "http://127.0.0.1:8000/v1"),
        ("llama-server/any", "any", "http://127.0.0.1:8080/v1"),
        ("lmstudio/gemma-3", "gemma-3", "http://127.0.0.1:1234/v1"),
        ("org/model@https://llm.example.org/api/v1/", "org/model", "https://llm.example.org/api/v1"),
        ("a@b@http://localhost:1/v1", "a@b", "http://localhost:1/v1"),
        ("m@http://[::1]:8000/v1", "m", "http://[::1]:8000/v1"),
    ],
)
def test_a_name_says_which_model_is_where(name: str, model: str, base: str) -> None:
    found = read_address(name)
    assert (found.model, found.base, found.name) == (model, base, name)


def test_the_setting_gives_the_servers_address() -> None:
    with config_context(server="http://localhost:9/v1"):
        assert read_address("server/m").base == "http://localhost:9/v1"


def test_without_the_setting_the_error_says_how_to_give_it() -> None:
    with config_context(server=""), pytest.raises(OptionError, match=r"isn't set\. Set SYNTHNB_SERVER to it.*or name it: MODEL@http"):
        read_address("server/m")


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("gpu-box", "http://gpu-box:11434/v1"),
        ("0.0.0.0:9999", "http://127.0.0.1:9999/v1"),
        ("https://ollama.example.org", "https://ollama.example.org:443/v1"),
        ("[::]", "http://127.0.0.1:11434/v1"),
    ],
)
def test_ollamas_own_variable_is_heeded(host: str, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", host)
    assert read_address("ollama/m").base == base


@pytest.mark.parametrize(
    ("base", "local"),
    [
        ("http://localhost:1/v1", True),
        ("http://127.8.8.8/v1", True),
        ("http://[::1]/v1", True),
        ("http://localhost.example.org/v1", False),
        ("http://127.0.0.1.example.org/v1", False),
        ("http://192.168.0.5/v1", False),
        ("http://0.0.0.0/v1", False),
    ],
)
def test_only_loopback_is_this_machine(base: str, local: bool) -> None:
    assert is_loopback(base) is local


@pytest.mark.parametrize(
    ("base", "carried"), [("https://example.org/v1", True), ("http://example.org/v1", False), ("http://127.0.0.1/v1", True)]
)
def test_a_key_travels_only_over_https_or_not_at_all_far(base: str, carried: bool) -> None:
    assert Address(name="m", model="m", base=base, dialect="openai").carries_keys is carried


def test_options_stand_behind_a_question_mark() -> None:
    found = read_address("m@http://localhost:1/v1?at_once=8&timeout=30&tries=2")
    assert (found.base, found.at_once, found.patience.total, found.patience.silence, found.patience.tries) == (
        "http://localhost:1/v1", 8, 30.0, 30.0, 2,
    )  # fmt: skip


def test_a_server_on_this_machine_is_waited_for_longer() -> None:
    assert read_address("m@http://localhost:1/v1").patience.total > read_address("m@https://example.org/v1").patience.total


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ollama/", r"'ollama/' names none\. Write ollama/MODEL"),
        ("@http://localhost:1/v1", r"names none\. Write MODEL@http://localhost:1/v1"),
        ("m@http://", r"address of a server was expected; got 'http://'"),
        ("m@http://host:port/v1", r"address of a server was expected"),
        ("m@http://localhost:1/v1?speed=9", r"option of a served model must be one of at_once, tries, timeout; got 'speed'"),
        ("m@http://localhost:1/v1?at_once=0", r"at_once must be from 1 to 1024; got '0'"),
        ("m@http://localhost:1/v1?tries=1.5", r"tries must be from 1 to 100; got '1.5'"),
        ("m@http://localhost:1/v1?timeout=nan", r"timeout must be from 0.1 to 86400; got 'nan'"),
        ("m@http://localhost:1/v1?", r"Options were expected after the question mark"),
    ],
)
def test_a_name_that_cannot_be_read_is_told_apart(name: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        read_address(name)


def test_a_password_in_an_address_is_refused_without_being_shown() -> None:
    with pytest.raises(OptionError, match=r"address of example\.org holds a name or a password") as caught:
        read_address("m@https://user:hunter2@example.org/v1")
    assert "hunter2" not in str(caught.value)
