"""Models at hosted vendors (OpenAI, Anthropic, Google), through pydantic-ai's clients.

Pacing, tries and errors are those of `synthnb.models.remote`: the clients' own retries and telemetry are off.
"""

from __future__ import annotations

import asyncio
import json
import os
import warnings
from collections.abc import Callable, Generator, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from synthnb._optional import need
from synthnb.errors import MissingExtraError, ModelError, OptionError, shown
from synthnb.models.base import ModelInfo, Reply, Request
from synthnb.models.families import family_of
from synthnb.models.keys import VARIABLES, Key, find_key
from synthnb.models.listing import VENDORS
from synthnb.models.prices import find_price
from synthnb.models.remote.addresses import is_loopback, patient, place_of, read_base, split_options
from synthnb.models.remote.faults import Lasting, Passing, from_status
from synthnb.models.remote.pacing import Pace, Patience
from synthnb.models.remote.refusals import Refusals
from synthnb.models.remote.wire import estimated_tokens
from synthnb.models.remote.working import Sent, Work

__all__ = ["Vendor", "open_vendor"]

_ADDRESSES = {"openai": "OPENAI_BASE_URL", "anthropic": "ANTHROPIC_BASE_URL", "google": "GOOGLE_GEMINI_BASE_URL"}
_DOMAINS = {"openai": ".openai.com", "anthropic": ".anthropic.com", "google": ".googleapis.com"}
_PROPRIETARY = {"openai": {"gpt"}, "anthropic": {"claude"}, "google": {"gemini"}}
_SEEDLESS = {"anthropic"}
_LARGEST_SEED = 2**31 - 1
_AT_ONCE = 64
_LONGEST_NAME = 200
_SETTINGS = {"temperature": "temperature", "top_p": "top_p", "seed": "seed", "stop": "stop_sequences"}
"""By its name in a request to OpenAI, a setting's name in pydantic-ai."""
_SENT_AS = {
    "temperature": {"temperature"},
    "top_p": {"top_p", "topP"},
    "seed": {"seed"},
    "stop": {"stop", "stop_sequences", "stopSequences"},
}


def open_vendor(name: str) -> Vendor:
    """Return a model at a vendor's; nothing is sent until it writes.

    Parameters
    ----------
    name : str
        ``openai/MODEL``, ``anthropic/MODEL`` or ``google/MODEL``; options may follow, as in ``?at_once=8&timeout=60&tries=3``.
        The vendor's own variable for a base address (such as ``OPENAI_BASE_URL``) is heeded.

    Raises
    ------
    OptionError
        The name lacks a model, or the base address can't be given a key.
    ModelError
        No key is found; the message says where one is looked for.
    MissingExtraError
        pydantic-ai or the vendor's client isn't installed.
    """
    plain, options = split_options(name)
    provider, _, model = plain.partition("/")
    if not model.strip():
        raise OptionError(f"The name of a model of {VENDORS[provider]} was expected; got {shown(name)}.", fix=f"Write {provider}/MODEL.")
    need("pydantic_ai.models", extra="remote")
    address = _address(provider)
    found = find_key(provider)
    if found.key is None:
        skipped = f" ({found.skipped})" if found.skipped else ""
        raise ModelError(
            f"The model {plain} needs a key; none was found in {' or '.join(VARIABLES[provider])} or the keyring{skipped}.",
            fix=f"Set {VARIABLES[provider][0]}, or use %synth key {provider}.",
        )
    # The client warns of what a model doesn't take; `Vendor.notes` says so where it is recorded.
    warnings.filterwarnings("ignore", message="Sampling parameters", category=UserWarning)
    at_once, patience = patient(options, Patience(), _AT_ONCE)
    return Vendor(name, provider, model, found.key, address=address, at_once=at_once, patience=patience)


class Vendor:
    """A model at a vendor's.

    Parameters
    ----------
    name : str
        The name it was opened by.
    provider, model : str
        The vendor, and the model's id there.
    key : Key
        What the vendor is shown.
    address : str
        The base address, if it isn't the vendor's own.
    at_once : int
        Calls at once, at most.
    patience : Patience
        How often and how long a call is tried.
    """

    def __init__(
        self,
        name: str,
        provider: str,
        model: str,
        key: Key,
        *,
        address: str = "",
        at_once: int = _AT_ONCE,
        patience: Patience | None = None,
    ) -> None:
        self._provider, self._model, self._key = provider, model, key
        self._patience = patience or Patience()
        http2 = need("httpx2", extra="remote")
        self._http = http2.AsyncClient(
            timeout=http2.Timeout(self._patience.silence, connect=self._patience.connect, pool=None),
            limits=http2.Limits(max_connections=None, max_keepalive_connections=at_once, keepalive_expiry=30.0),
            event_hooks={"request": [_note_request], "response": [_note_response]},
            trust_env=not (address and is_loopback(address)),
            follow_redirects=False,
        )
        try:
            self._client = _CLIENTS[provider](model, key, address or None, self._http)
        except ImportError as error:
            raise MissingExtraError.from_extra(f"of {VENDORS[provider]}", "remote") from error
        self._refusals = Refusals()
        self._left_out: set[str] = set()
        self._estimated = 0
        self._work = Work(name, model, self._send, Pace(at_once), self._patience)
        schemas = bool(self._client.profile.get("supports_json_schema_output"))
        self._info = _described(name, provider, model, at_once, schemas=schemas, address=address)

    @property
    def info(self) -> ModelInfo:
        """What there is to say about it; it changes when the vendor refuses a parameter."""
        found = self._refusals.applied(self._info)
        return replace(found, seed_support=False) if "seed" in self._left_out else found

    @property
    def notes(self) -> tuple[str, ...]:
        """What a record should say of how it was asked."""
        found = [
            *self._refusals.notes,
            *(f"{VENDORS[self._provider]}'s model takes no {name}; it was left out." for name in sorted(self._left_out)),
        ]
        if self._estimated:
            found.append(f"The tokens of {self._estimated:,} replies weren't counted; they are estimated from the texts.")
        return tuple(found)

    def write(self, requests: Iterable[Request]) -> Generator[tuple[int, Reply], None, None]:
        """Yield ``(position, reply)`` as each is finished; closing the iterator ends the calls under way.

        Raises
        ------
        ModelError
            No request can succeed: the key or the model's name is refused, and no request ever succeeded.
        """
        return self._work.write(requests)

    def close(self) -> None:
        """Close the connections."""
        self._work.close(self._http.aclose())

    async def _send(self, request: Request) -> Sent:
        """Send a request, without what the vendor refuses."""
        without = self._refusals.known
        while True:
            try:
                sent = await self._once(request, without)
            except Lasting as fault:
                refused = self._refusals.named_by(fault, _sendable(request) - without)
                if refused is None:
                    raise
                without |= {refused}
            else:
                self._refusals.note(without)
                return sent

    async def _once(self, request: Request, without: frozenset[str]) -> Sent:
        from pydantic_ai import exceptions

        loop = asyncio.get_running_loop()
        began = loop.time()
        exchange = Exchange()
        _under_way.set(exchange)
        fault: Passing | Lasting
        try:
            async with asyncio.timeout(self._patience.total):
                response = await self._asked(request, without)
            reply = self._read(response, request, exchange)
            self._left_out |= {name for name in set(_SENT_AS) & _sendable(request) - without if not _SENT_AS[name] & exchange.sent}
            return Sent(reply=reply, wait=0.0, work=loop.time() - began)
        except (Passing, Lasting) as known:
            fault = known
        except TimeoutError:
            fault = Passing(f"no whole reply came within {self._patience.total:g} s")
        except exceptions.ModelHTTPError as error:
            body = error.body if isinstance(error.body, bytes) else json.dumps(error.body, default=str).encode()
            fault = from_status(
                error.status_code, error.headers or {}, body, key_from=VARIABLES[self._provider][0], scrub=self._key.scrub_said
            )
            if isinstance(fault, Passing) and fault.after is None:
                fault.after = getattr(error, "retry_after", None)
        except exceptions.ContentFilterError:
            fault = Lasting("the provider's content filter held the reply back")
        except exceptions.UnexpectedModelBehavior:
            fault = Passing("the provider's reply can't be read")
        except exceptions.ModelAPIError as error:
            fault = Passing(f"the connection failed ({type(error.__cause__ or error).__name__})")
        except exceptions.UserError as error:
            fault = Lasting(f"the client can't send it: {error.message}", status=400, said=f"unsupported: {error.message}")
        # Raised out here, so that no request with its headers hangs on to the error.
        raise self._scrubbed(fault) from None

    async def _asked(self, request: Request, without: frozenset[str]) -> Any:
        from pydantic_ai.direct import model_request
        from pydantic_ai.messages import ModelRequest, SystemPromptPart, UserPromptPart
        from pydantic_ai.models import ModelRequestParameters
        from pydantic_ai.output import OutputObjectDefinition

        values = {
            "temperature": request.temperature,
            "top_p": request.top_p,
            "seed": request.seed % _LARGEST_SEED,
            "stop": list(request.stop),
        }
        settings: Any = {_SETTINGS[name]: values[name] for name in set(values) & _sendable(request) - without}
        settings["max_tokens"] = request.max_tokens
        parameters = ModelRequestParameters()
        if request.schema is not None and "response_format" not in without and self._info.schemas:
            wanted = OutputObjectDefinition(json_schema=dict(request.schema), name="reply")
            parameters = ModelRequestParameters(output_mode="native", output_object=wanted)
        system = [SystemPromptPart(content=_clean(request.system))] if request.system else []
        message = ModelRequest(parts=[*system, UserPromptPart(content=_clean(request.prompt))])
        return await model_request(self._client, [message], model_settings=settings, model_request_parameters=parameters, instrument=False)

    def _read(self, response: Any, request: Request, exchange: Exchange) -> Reply:
        text = _clean("".join(part.content for part in response.parts if part.part_kind == "text"))
        if response.finish_reason in {"content_filter", "tool_call", "error"}:
            raise Lasting(f"the provider ended the reply with {response.finish_reason!r}")
        if not text and response.finish_reason is None:
            raise Passing("the provider sent no reply")
        counted = response.usage.input_tokens > 0
        self._estimated += not counted
        return Reply(
            text=self._key.scrub(text),
            tokens_in=response.usage.input_tokens if counted else estimated_tokens(request.system + request.prompt),
            tokens_out=response.usage.output_tokens if counted else estimated_tokens(text),
            finish="length" if response.finish_reason == "length" else "stop",
            model=self._key.scrub_said(str(response.model_name or self._model))[:_LONGEST_NAME],
            fingerprint=self._key.scrub_said(exchange.fingerprint)[:_LONGEST_NAME],
        )

    def _scrubbed(self, fault: Passing | Lasting) -> Passing | Lasting:
        """The fault, without the key if the vendor quoted it."""
        fault.reason = self._key.scrub_said(fault.reason)
        fault.args = (fault.reason,)
        if isinstance(fault, Lasting):
            fault.said, fault.named = self._key.scrub_said(fault.said), self._key.scrub_said(fault.named)
        return fault


@dataclass
class Exchange:
    """What went over the wire for one request."""

    sent: set[str] = field(default_factory=set)
    """Names of the parameters that were sent."""
    fingerprint: str = ""
    """What the vendor says of the state of its system."""


_under_way: ContextVar[Exchange] = ContextVar("synthnb_vendor_exchange")


async def _note_request(request: Any) -> None:
    """Note the parameters that the vendor's client really sends: it leaves out those that a model doesn't take."""
    body = _json(request.content)
    inner = body.get("generationConfig")
    _under_way.get().sent = set(body) | (set(inner) if isinstance(inner, dict) else set())


async def _note_response(response: Any) -> None:
    """Note OpenAI's fingerprint, which the client doesn't hand on."""
    await response.aread()
    found = _json(response.content).get("system_fingerprint")
    _under_way.get().fingerprint = found if isinstance(found, str) else ""


def _json(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _sendable(request: Request) -> frozenset[str]:
    """The parameters of a request that a vendor might refuse."""
    optional = {"stop": bool(request.stop), "response_format": request.schema is not None}
    return frozenset({"temperature", "top_p", "seed", *(name for name, given in optional.items() if given)})


def _clean(text: str) -> str:
    """A text that UTF-8 can carry: halves of surrogate pairs become question marks."""
    return text.encode("utf-8", "replace").decode()


def _address(provider: str) -> str:
    """The base address in the vendor's own variable; empty for the vendor's own."""
    text = os.environ.get(_ADDRESSES[provider], "").strip()
    if not text:
        return ""
    base = read_base(text)
    if not base.startswith("https:") and not is_loopback(base):
        raise OptionError(
            f"{_ADDRESSES[provider]} must be an https address, or one on this machine, as a key is sent there; got {shown(base)}.",
            fix="Correct or unset the variable.",
        )
    return base


def _described(name: str, provider: str, model: str, at_once: int, *, schemas: bool, address: str) -> ModelInfo:
    price, family = find_price(model, provider=provider), family_of(model)
    proprietary = family in _PROPRIETARY[provider]
    return ModelInfo(
        id=name,
        name=model,
        provider=_who(provider, address),
        licence="proprietary" if proprietary else "",
        locality="hosted",
        context=price.context if price else None,
        open_weights=False if proprietary else None,
        developer=VENDORS[provider] if proprietary else "",
        adaptation="none: prompted only" if proprietary else "",
        family=family,
        seed_support=False if provider in _SEEDLESS else None,
        schemas=schemas,
        at_once=at_once,
        price_in=price.price_in if price else None,
        price_out=price.price_out if price else None,
    )


def _who(provider: str, address: str) -> str:
    """Who runs it: somebody else's server behind the vendor's client is somebody else, and its replies are its own."""
    host = f".{urlsplit(address).hostname or ''}"
    own = not address or host.endswith(_DOMAINS[provider])
    return VENDORS[provider] if own else f"{VENDORS[provider]}'s client at {place_of(address)}"


def _openai(model: str, key: Key, address: str | None, http: Any) -> Any:
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    client = AsyncOpenAI(api_key=key.reveal(), base_url=address, http_client=http, max_retries=0)
    return OpenAIChatModel(model, provider=OpenAIProvider(openai_client=client))


def _anthropic(model: str, key: Key, address: str | None, http: Any) -> Any:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    client = AsyncAnthropic(api_key=key.reveal(), base_url=address, http_client=http, max_retries=0)
    return AnthropicModel(model, provider=AnthropicProvider(anthropic_client=client))


def _google(model: str, key: Key, address: str | None, http: Any) -> Any:
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    return GoogleModel(model, provider=GoogleProvider(api_key=key.reveal(), base_url=address, http_client=http))


_CLIENTS: dict[str, Callable[[str, Key, str | None, Any], Any]] = {"openai": _openai, "anthropic": _anthropic, "google": _google}
