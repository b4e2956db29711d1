from __future__ import annotations

import copy
import json
import logging
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from synthnb.errors import ModelError, OptionError
from synthnb.models import keys
from synthnb.models.base import Request
from synthnb.models.keys import Key, Lookup, find_key, forget_key, set_key
from synthnb.models.registry import list_models, open_model
from synthnb.models.remote import Remote, open_remote
from synthnb.models.remote.addresses import read_address
from synthnb.models.remote.faults import from_status
from synthnb.models.remote.wire import Pieces
from tests.servers.faulty import FaultyServer
from tests.servers.opening import QUICK, opened, requests

PLANTED = "sk-planted-0123456789abcdef"
KEY = Key(PLANTED, "a test")


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No key from the machine's environment or keyring, and no proxy."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for names in keys.VARIABLES.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    yield
    for provider in keys.VARIABLES:
        forget_key(provider)


def test_a_key_is_found_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", f" {PLANTED}\n")
    found = find_key("google").key
    assert found is not None
    assert (found.reveal(), found.source) == (PLANTED, "GEMINI_API_KEY")


def test_a_key_that_was_set_here_goes_first_until_it_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
    set_key("openai", PLANTED)
    assert str(find_key("openai").key) == "<Key from this session>"
    forget_key("openai")
    assert str(find_key("openai").key) == "<Key from OPENAI_API_KEY>"


@pytest.mark.parametrize("way", [repr, str, "{}".format, lambda key: f"{key!r:>60}", lambda key: str([key, {"key": key}])])
def test_no_text_of_a_key_holds_it(way: Callable[[Key], str]) -> None:
    assert PLANTED not in way(Key(PLANTED, "here"))


@pytest.mark.parametrize("way", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_key_can_be_neither_pickled_nor_copied(way: Callable[[Key], object]) -> None:
    with pytest.raises(TypeError, match="can't be pickled"):
        way(Key(PLANTED, "here"))


@pytest.mark.parametrize("value", ["", "  ", f"{PLANTED}\r\nX-Evil: 1", "ключ", "two words"])
def test_what_no_header_can_carry_is_refused_without_being_shown(value: str) -> None:
    with pytest.raises(OptionError, match="key of openai must be printable ASCII without spaces") as caught:
        set_key("openai", value)
    assert not value.strip() or value.split()[0] not in str(caught.value)


def test_an_unknown_provider_is_refused_with_those_there_are() -> None:
    with pytest.raises(OptionError, match=r"must be one of openai, anthropic, google, server; got 'azure'"):
        set_key("azure", PLANTED)


def backend(folder: Path, body: str) -> None:
    (folder / "planted.py").write_text(
        "import time\nfrom keyring.backend import KeyringBackend\n"
        "class Planted(KeyringBackend):\n    priority = 1\n"
        f"    def get_password(self, service, username):\n        {body}\n"
        "    set_password = delete_password = None\n"
    )


def found_with(folder: Path, body: str) -> str:
    """What a fresh process finds in a keyring that does this."""
    backend(folder, body)
    code = (
        "from synthnb.models.keys import find_key\nimport time\nbegan = time.monotonic()\n"
        "found = [find_key('openai', patience=1.0) for _ in range(3)][-1]\n"
        "print(found.key and found.key.reveal(), '|', found.skipped, '|', time.monotonic() - began < 3)\n"
    )
    env = {"PYTHONPATH": str(folder), "PYTHON_KEYRING_BACKEND": "planted.Planted", "HOME": str(folder), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env, timeout=30)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (f"return '{PLANTED}' if (service, username) == ('synthnb', 'openai') else None", f"{PLANTED} |  | True"),
        ("return None", "None |  | True"),
        ("raise RuntimeError('locked')", "None | the keyring failed (RuntimeError) | True"),
        ("time.sleep(60)", "None | the keyring didn't answer in 1 s | True"),
        ("return 'two words'", "None | the keyring's entry isn't printable ASCII without spaces | True"),
    ],
)
def test_a_keyring_is_asked_and_one_that_fails_is_skipped(body: str, found: str, tmp_path: Path) -> None:
    assert found_with(tmp_path, body) == found


def whole(error: BaseException) -> str:
    """A traceback with every local variable of every frame, and of every error behind it."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def echoing(body: dict[str, object]) -> str:
    return f"Your key is {PLANTED}."


@pytest.mark.parametrize("then", ["401", "403", "404"])
def test_no_traceback_holds_the_key_of_a_server(then: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with FaultyServer(then=then) as server, opened(server, key=Key(PLANTED, "here")) as model:
        with pytest.raises(ModelError, match=f"HTTP {then}") as caught:
            list(model.write(requests(3)))
        assert server.log[0].headers["authorization"] == f"Bearer {PLANTED}"
    assert PLANTED not in whole(caught.value)
    assert PLANTED not in caplog.text


def test_no_error_at_opening_holds_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_API_KEY", PLANTED)
    with FaultyServer(key="another") as server, pytest.raises(ModelError, match="HTTP 401") as caught:
        open_remote(f"any@{server.base}")
    assert PLANTED not in whole(caught.value)


def test_a_key_is_held_back_from_a_server_that_is_neither_near_nor_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_API_KEY", PLANTED)
    # A proxy is how a call to another machine can be listened to here.
    with FaultyServer(then="401") as server:
        monkeypatch.setenv("HTTP_PROXY", server.root)
        model = open_remote("any@http://llm.example.org/v1")
        with pytest.raises(ModelError, match="the key was held back, as the address is neither https nor on this machine"):
            list(model.write(requests(1)))
        model.close()
    assert model.info.locality == "hosted"
    assert len(server.log) == len(server.asked) == 1
    assert not any("authorization" in headers for headers in (server.log[0].headers, server.asked[0].headers))


def test_a_server_on_this_machine_is_not_called_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultyServer() as proxy, FaultyServer() as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.root)
        with opened(server, key=Key(PLANTED, "here")) as model:
            assert [reply.finish for _, reply in model.write(requests(1))] == ["stop"]
    assert (len(server.log), len(proxy.log), len(proxy.asked)) == (1, 0, 0)


def test_a_server_that_sends_the_key_back_does_not_get_it_into_replies() -> None:
    with FaultyServer(["400"], answer=echoing) as server, opened(server, key=Key(PLANTED, "here"), at_once=1) as model:
        replies = [reply for _, reply in model.write([Request(prompt=PLANTED)] * 2)]
        assert PLANTED not in str((replies, model.info, model.notes))
    assert replies[1].text == "Your key is [key]."


@pytest.mark.parametrize("then", ["401", "400", "ok"])
def test_nothing_of_a_vendors_holds_the_key(then: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("OPENAI_API_KEY", PLANTED)
    with FaultyServer(then=then, answer=echoing) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base)
        model = open_model("openai/gpt-4o-mini")
        try:
            shown = str([model.info, list(model.write(requests(1)))])
        except ModelError as error:
            shown = whole(error)
        finally:
            model.close()
        assert server.log[0].headers["authorization"] == f"Bearer {PLANTED}"
    assert PLANTED not in shown
    assert PLANTED not in caplog.text


def test_the_list_of_models_says_where_a_key_is_and_not_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", PLANTED)
    rows = {row["name"]: row for row in list_models()}
    assert (rows["openai/MODEL"]["key"], rows["anthropic/MODEL"]["key"]) == ("OPENAI_API_KEY", "")
    assert rows["anthropic/MODEL"]["note"] == "set ANTHROPIC_API_KEY, or use %synth key anthropic"
    assert PLANTED not in str(rows)


def test_a_vendors_model_without_a_key_says_where_one_is_looked_for() -> None:
    with pytest.raises(
        ModelError, match=r"none was found in GOOGLE_API_KEY or GEMINI_API_KEY or the keyring.*Set GOOGLE_API_KEY, or use %synth key google"
    ):
        open_model("google/gemini-2.0-flash")


def test_a_key_is_held_back_from_an_address_that_could_be_listened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", PLANTED)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://proxy.example.org/v1")
    with pytest.raises(OptionError, match=r"OPENAI_BASE_URL must be an https address, or one on this machine, as a key is sent there"):
        open_model("openai/gpt-4o-mini")


@pytest.mark.parametrize("before", range(300 - len(PLANTED) - 4, 302))
def test_no_part_of_a_key_survives_a_cut(before: int) -> None:
    found = from_status(
        400, {}, json.dumps({"error": f"{'x' * before}{PLANTED} and more " * 2}).encode(), key_from="K", scrub=KEY.scrub_said
    )
    assert "sk-pl" not in str(found)


def test_the_start_of_a_key_at_the_end_of_what_a_provider_cut_itself_is_blotted_out() -> None:
    assert [KEY.scrub_said(f"Your key is {PLANTED[:length]}") for length in (6, 12, 25)] == ["Your key is [key]"] * 3
    assert KEY.scrub("a text that ends with sk-planted") == "a text that ends with sk-planted"


@pytest.mark.parametrize("long", [190, 199, 205])
def test_names_and_fingerprints_are_cut_after_the_key_is_gone(long: int) -> None:
    pieces = Pieces(Request(prompt="a"), "m", KEY)
    pieces.take({"model": "m" * long + PLANTED, "system_fingerprint": "f" * long + PLANTED, "choices": [{"finish_reason": "stop"}]})
    assert "sk-pl" not in repr(pieces.reply())


def test_a_short_key_is_blotted_out_as_a_word_and_not_of_texts() -> None:
    key = Key("abc", "a test")
    assert key.scrub_said("Bad key 'abc' (abc), not abcd or x-abc.") == "Bad key '[key]' ([key]), not abcd or x-abc."
    assert key.scrub("The abc of it.") == "The abc of it."


def test_a_short_key_that_a_server_quotes_is_not_in_the_error() -> None:
    with (
        FaultyServer(then="400", says=lambda call: f"bad {call.headers['authorization']}") as server,
        opened(server, key=Key("abc", "a test")) as model,
    ):
        [(_, reply)] = model.write(requests(1))
    assert reply.error == "HTTP 400: bad Bearer [key]"


def test_what_a_server_says_of_itself_is_told_without_the_key() -> None:
    shown = {"license": f"Licence of {PLANTED}", "model_info": {"general.organization": PLANTED}}
    with FaultyServer(pages={"/api/show": shown}, served="tiny") as server:
        model = Remote(replace(read_address("ollama/tiny"), base=server.base, patience=QUICK), Lookup(key=KEY))
        model.describe()
        model.close()
    assert (model.info.licence, model.info.developer) == ("Licence of [key]", "[key]")
