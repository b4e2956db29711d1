"""No error that reaches a record holds what was asked: whoever failed, and however the provider quotes it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthnb.errors import ModelError
from synthnb.models.base import Reply, Request
from synthnb.models.calls import Calls
from synthnb.models.echo import Echo
from synthnb.models.quoting import unquoted
from synthnb.models.replay import open_replay
from tests.servers.faulty import Call, FaultyServer
from tests.servers.opening import QUICK, opened

CELLS = 'Describe {"name": "Agnes Whittaker-Holm", "note": "fell off\\na ladder", "ssn": "529-08-1123"} in one line.'
ASKED = Request(prompt=CELLS, system="Examples of the hospital: chart 88-1234 reads stable.")
SECRETS = ("Agnes", "Whittaker", "ladder", "529-08-1123", "88-1234", "hospital")


def leaked(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret.lower() in text.lower()]


QUOTES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "a repr": repr,
    "JSON": json.dumps,
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "HTML": html.escape,
    "capitals": str.upper,
    "one line": lambda text: " ".join(text.split()),
    "every second space": lambda text: text.replace(" ", "  "),
    "its middle": lambda text: text[10:-5],
    "escapes of every letter": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
}


@pytest.mark.parametrize("quote", QUOTES)
def test_a_quotation_is_blotted_out_however_it_is_written(quote: str) -> None:
    said = unquoted(f"HTTP 400: Invalid value: {QUOTES[quote](CELLS)} and {QUOTES[quote](ASKED.system)} were refused", ASKED)
    assert leaked(said) == []
    assert said.startswith("HTTP 400: Invalid valu")
    assert said.endswith("were refused")


def test_values_in_a_schema_or_a_grammar_are_blotted_out_too() -> None:
    schema = {"properties": {"ward": {"enum": ["Cardiology of St Elsewhere"]}}}
    asked = Request(prompt="Write.", schema=schema, grammar='root ::= "Oncology Ward B"')
    said = unquoted("HTTP 400: neither 'Cardiology of St Elsewhere' nor \"Oncology Ward B\"", asked)
    assert said == "HTTP 400: neither '[prompt]\""


@pytest.mark.parametrize(
    "text", ["HTTP 401: Incorrect API key provided", "the prompt has 5,007 tokens; the model reads 4,096", "tried 3 times", "", "é" * 5000]
)
def test_what_quotes_nothing_stays_as_it_is(text: str) -> None:
    assert unquoted(text, ASKED) == text[:2000]


@given(prompt=st.text(max_size=60), before=st.text(max_size=20), after=st.text(max_size=20))
def test_no_long_run_of_letters_of_a_prompt_is_left(prompt: str, before: str, after: str) -> None:
    said = unquoted(f"{before}{prompt}{after}", Request(prompt=prompt))
    assert unquoted(said.replace("[prompt]", " | "), Request(prompt=prompt)).count("[prompt]") == 0


class Quoting(Echo):
    """A plug-in's model that fails in its own words: each request, or at once."""

    def __init__(self, raises: bool = False) -> None:
        self.raises = raises

    def write(self, requests: Any) -> Iterator[tuple[int, Reply]]:
        for position, request in enumerate(requests):
            said = f"cannot process <<{request.system} {request.prompt}>>"
            if self.raises:
                raise ModelError(f"It {said}.", fix=f"Shorten {request.prompt}.")
            yield position, Reply(text="", tokens_in=0, tokens_out=0, finish="error", model="m", error=said)


@pytest.mark.parametrize("sensitive", [False, True])
def test_a_plug_ins_words_are_blotted_out_of_replies_and_of_why_a_run_ends(sensitive: bool) -> None:
    calls = Calls(Quoting(), sensitive=sensitive)
    found = [reply.error for _, reply in calls.ask([ASKED] * 4)]
    with pytest.raises(ModelError, match=r"first 5 calls to echo failed: .*\[prompt\]|aren't kept, as the run is sensitive") as raised:
        list(calls.ask([ASKED]))
    assert [leaked(text) for text in (*found, str(raised.value), calls.stopped)] == [[]] * 6


@pytest.mark.parametrize("sensitive", [False, True])
def test_an_error_that_a_model_raises_is_told_without_the_prompt(sensitive: bool) -> None:
    with pytest.raises(ModelError, match=r"\[prompt\]") as raised:
        list(Calls(Quoting(raises=True), sensitive=sensitive).ask([ASKED]))
    assert leaked(str(raised.value)) == []


def quoted_by_a_server(call: Call) -> str:
    return f"Your prompt {json.dumps(call.prompt)} breaks our rules (ref 42)."


@pytest.mark.parametrize(
    ("sensitive", "error"),
    [
        (False, r"HTTP 400: Your prompt \"\[prompt\].* breaks our rules \(ref 42\)"),
        (True, r"HTTP 400 \(the provider's words aren't kept, as the run is sensitive; sha256 [0-9a-f]{16}\)"),
    ],
)
def test_a_servers_400_that_quotes_the_prompt_tells_none_of_it(sensitive: bool, error: str) -> None:
    with FaultyServer(["ok", "400"], says=quoted_by_a_server) as server, opened(server, at_once=1) as model:
        calls = Calls(model, sensitive=sensitive)
        replies = dict(calls.ask([Request(prompt="Fine."), ASKED]))
    assert re.fullmatch(error, replies[1].error)
    assert leaked(json.dumps(calls.account()) + replies[1].error) == []


def test_of_a_sensitive_run_what_synthnb_says_itself_stays() -> None:
    with FaultyServer(["ok"], then="cut") as server, opened(server, patience=replace(QUICK, tries=2)) as model:
        replies = dict(Calls(model, sensitive=True).ask([Request(prompt="Fine."), ASKED]))
    assert replies[1].error.startswith("the connection broke off (the provider's words aren't kept")


def test_recorded_replies_that_do_not_fit_quote_nobody(tmp_path: Any) -> None:
    (tmp_path / "r.jsonl").write_text('{"match": "x", "reply": "y"}', encoding="utf-8")
    [(_, reply)] = open_replay(f"replay:{tmp_path / 'r.jsonl'}").write([ASKED])
    assert leaked(reply.error) == []
