from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from synthnb.errors import ModelError, OptionError
from synthnb.models.base import Model, Request
from synthnb.models.prices import find_price, list_prices
from synthnb.models.registry import open_model
from synthnb.models.vendors import Vendor
from tests.servers.faulty import FaultyServer

MODELS = {"openai": "openai/gpt-4o-mini", "anthropic": "anthropic/claude-3-5-haiku-latest", "google": "google/gemini-2.0-flash"}
SCHEMA = {"type": "object", "properties": {"sex": {"enum": ["f", "m"]}}, "required": ["sex"]}
Opener = Callable[[FaultyServer, str], Model]


@pytest.fixture
def open_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opener]:
    """Opens a vendor's model at a server of the tests'."""
    opened: list[Model] = []

    def open_one(server: FaultyServer, name: str) -> Model:
        for variable, base in (("OPENAI", server.base), ("ANTHROPIC", server.root), ("GOOGLE_GEMINI", server.root)):
            monkeypatch.setenv(f"{variable}_BASE_URL", base)
        opened.append(open_model(name))
        return opened[-1]

    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.setenv(name, "sk-test-0123456789")
    yield open_one
    for model in opened:
        model.close()


@pytest.fixture(params=sorted(MODELS))
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_what_is_asked_reaches_the_vendor_and_its_reply_comes_back(vendor: str, open_at: Opener) -> None:
    with FaultyServer() as server:
        asked = Request(prompt="Write.", system="Be brief.", max_tokens=40, temperature=0.5, stop=("END",))
        [(_, reply)] = open_at(server, MODELS[vendor]).write([asked])
    body = server.log[0].body
    assert [message["content"] for message in body["messages"]] == ["Be brief.", "Write."]
    assert (body["temperature"], body["stop"]) == (0.5, ["END"])
    assert reply.text == server.log[0].text
    assert (reply.tokens_in, reply.tokens_out, reply.finish) == (3, len(reply.text.split()), "stop")
    assert reply.model == MODELS[vendor].partition("/")[2]


@pytest.mark.parametrize("fault", ["429:1", "503", "529", "cut", "drop", "html"])
def test_what_may_pass_is_tried_again_by_us_and_by_nobody_else(vendor: str, fault: str, open_at: Opener) -> None:
    with FaultyServer([fault]) as server:
        [(_, reply)] = open_at(server, MODELS[vendor]).write([Request(prompt="Write.")])
    assert (reply.finish, reply.tries, len(server.log)) == ("stop", 2, 2)
    assert not server.log[1].early


def test_faults_that_do_not_pass_end_in_an_error_after_the_tries_allowed(vendor: str, open_at: Opener) -> None:
    with FaultyServer(then="500") as server:
        [(_, reply)] = open_at(server, f"{MODELS[vendor]}?tries=2").write([Request(prompt="Write.")])
    assert reply.error.endswith("Scheduled (tried 2 times)")
    assert len(server.log) == 2


def test_a_wrong_key_is_one_error_that_names_the_vendors_variable(vendor: str, open_at: Opener) -> None:
    with FaultyServer(key="right") as server, pytest.raises(ModelError, match=rf"401.*Check the key in {vendor.upper()}_API_KEY"):
        list(open_at(server, MODELS[vendor]).write([Request(prompt="Write.")]))


def test_length_is_told_as_it_is(vendor: str, open_at: Opener) -> None:
    with FaultyServer(["length"]) as server:
        [(_, reply)] = open_at(server, MODELS[vendor]).write([Request(prompt="Write.")])
    assert reply.finish == "length"


def test_openai_follows_a_schema_and_gives_its_fingerprint(open_at: Opener) -> None:
    with FaultyServer() as server:
        [(_, reply)] = open_at(server, MODELS["openai"]).write([Request(prompt="A row.", schema=SCHEMA)])
    assert reply.text in {'{"sex": "f"}', '{"sex": "m"}'}
    assert reply.fingerprint == "fp_tests"


def test_what_a_vendor_refuses_is_left_out_from_then_on_and_noted(open_at: Opener) -> None:
    with FaultyServer(refuses=["seed"]) as server:
        model = open_at(server, f"{MODELS['openai']}?at_once=1")
        replies = [reply for _, reply in model.write([Request(prompt="Write.")] * 2)]
    assert [reply.finish for reply in replies] == ["stop", "stop"]
    assert [call.status for call in server.log] == [400, 200, 200]
    assert model.info.seed_support is False
    assert isinstance(model, Vendor)
    assert model.notes == ("The provider refused seed: it takes no seed.",)


def test_what_the_client_leaves_out_by_itself_is_noted(open_at: Opener) -> None:
    with FaultyServer() as server:
        model = open_at(server, "openai/o3-mini")
        list(model.write([Request(prompt="Write.")]))
    assert "temperature" not in server.log[0].body
    assert isinstance(model, Vendor)
    assert model.notes[0] == "OpenAI's model takes no temperature; it was left out."


def test_anthropics_models_take_no_seed(open_at: Opener) -> None:
    with FaultyServer() as server:
        assert open_at(server, MODELS["anthropic"]).info.seed_support is False


def test_a_vendors_model_is_hosted_wherever_its_address_points(vendor: str, open_at: Opener) -> None:
    with FaultyServer() as server:
        info = open_at(server, MODELS[vendor]).info
    assert (info.locality, info.licence, info.open_weights) == ("hosted", "proprietary", False)
    # Replies of another server under the vendor's name aren't the vendor's.
    assert info.provider.endswith(f"'s client at 127.0.0.1:{server.port}")
    assert info.price_in is not None
    assert info.price_out is not None
    assert 0 < info.price_in < info.price_out


@pytest.mark.parametrize(
    ("base", "provider"),
    [("https://eu.api.openai.com/v1", "OpenAI"), ("https://openai.com.example.org/v1", "OpenAI's client at openai.com.example.org")],
)
def test_a_vendors_own_address_is_the_vendor(base: str, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    monkeypatch.setenv("OPENAI_BASE_URL", base)
    model = open_model("openai/gpt-4o-mini")
    model.close()
    assert model.info.provider == provider


def test_a_name_without_a_model_is_refused() -> None:
    with pytest.raises(OptionError, match=r"name of a model of OpenAI was expected; got 'openai/'\. Write openai/MODEL"):
        open_model("openai/")


def test_a_price_names_the_snapshot_it_is_from() -> None:
    found = find_price("gpt-4o-mini", provider="openai")
    assert found is not None
    assert (found.price_in, found.price_out, found.context) == (0.15, 0.6, 128_000)
    assert found.source.startswith("genai-prices ")


def test_what_is_not_in_the_snapshot_has_no_price() -> None:
    assert find_price("no-such-model", provider="openai") is None
    assert find_price("any", address="http://localhost:1/v1") is None


def test_the_models_of_a_vendor_are_listed_with_their_prices() -> None:
    found = dict(list_prices("anthropic"))
    assert len(found) > 5
    assert all(price.price_in >= 0 and name.startswith("claude") for name, price in found.items())
