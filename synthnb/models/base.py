"""What a language model is to synthnb: requests in, replies out as they are finished."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from synthnb._canonical import Json

__all__ = ["LARGEST_CONTEXT", "Fault", "Finish", "Locality", "Model", "ModelInfo", "Reply", "Request"]

LARGEST_CONTEXT = 4096
"""Tokens for prompt and reply together that a model on this machine is opened with, at most."""

Locality = Literal["in-process", "local-server", "hosted"]
"""Where the weights run: in this process, on this machine, or at a vendor's."""

Finish = Literal["stop", "length", "error"]
"""Why a reply ended: the model was done, ``max_tokens`` was reached, or it failed."""

Fault = Literal["", "request", "passing", "lasting"]
"""Why a call failed: by what it asked for, by what may pass, or by what no other request to this model can change."""


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """What there is to say about a model in a disclosure; an unknown field is an empty string or None."""

    id: str
    """The name it was opened by."""
    name: str
    """Its developer's name for it."""
    provider: str
    """Who or what runs it."""
    licence: str
    """Licence of the weights, an SPDX identifier where there is one."""
    locality: Locality
    """Where the weights run."""
    weights_digest: str = ""
    """``"sha256:<hex>"`` of the weights' file."""
    quantisation: str = ""
    """How the weights are stored, such as ``Q4_1``."""
    context: int | None = None
    """Tokens that prompt and reply may fill together."""
    open_weights: bool | None = None
    """Whether anyone may download the weights."""
    developer: str = ""
    """Who trained it."""
    adaptation: str = ""
    """How its developer's weights were changed, such as ``none: prompted only``; of recorded replies, the digest of their file."""
    stand_in: bool = False
    """It only stands in for a language model, and its texts aren't one's."""
    family: str = ""
    """Models that share weights or training, such as ``llama``; a judge of the same family is warned of."""
    seed_support: bool | None = None
    """Whether the same request with the same seed gives the same text; None where that isn't known."""
    schemas: bool = False
    """It writes JSON that follows `Request.schema`."""
    grammars: bool = False
    """It writes text that follows `Request.grammar`."""
    at_once: int = 1
    """Requests it works on at the same time."""
    price_in: float | None = None
    """US dollars for a million tokens read; 0 on this machine, None where it isn't known."""
    price_out: float | None = None
    """US dollars for a million tokens written; likewise."""

    def to_dict(self) -> dict[str, Json]:
        """The fields as plain JSON types."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One text to write."""

    prompt: str
    """What the user says."""
    system: str = ""
    """What holds for the whole conversation."""
    max_tokens: int = 256
    """Longest reply, in the model's tokens."""
    temperature: float = 0.3
    """How freely words are chosen, from 0 (always the likeliest) to 2."""
    top_p: float = 0.9
    """Only the likeliest words that together have this probability are considered."""
    repeat_penalty: float = 1.0
    """Above 1, words already used become less likely; not every model heeds it."""
    seed: int = 0
    """The same request with the same seed gives the same text, where the model allows it."""
    schema: Mapping[str, Json] | None = None
    """A JSON Schema that the reply must follow; only a model whose ``schemas`` is true heeds it."""
    grammar: str = ""
    """A grammar in llama.cpp's GBNF that the reply must follow; only a model whose ``grammars`` is true heeds it."""
    stop: tuple[str, ...] = ()
    """The reply ends before the first of these."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One text written, or the reason why not."""

    text: str
    """The text as the model gave it; empty after an error."""
    tokens_in: int
    """Tokens read."""
    tokens_out: int
    """Tokens written."""
    finish: Finish
    """Why it ended."""
    model: str
    """The model that replied, as it names itself."""
    error: str = ""
    """Why it failed, in a sentence without a full stop, if ``finish`` is ``"error"``; through `Calls`, without the prompt."""
    fault: Fault = ""
    """What kind of failure it is, where that is known."""
    tries: int = 1
    """How often the request was sent until this came of it."""
    seconds: float = 0.0
    """From sending the request, the last time, to the whole reply."""
    fingerprint: str = ""
    """What the provider says of the state of its system, if anything."""
    key: str = ""
    """The digest of the call, under which its reply is kept; set by `synthnb.models.calls.Calls`."""
    kept: bool = False
    """It was read from the store of calls, and cost nothing."""


class Model(Protocol):
    """A language model that is ready to write."""

    @property
    def info(self) -> ModelInfo:
        """What there is to say about it."""

    def write(self, requests: Iterable[Request]) -> Iterator[tuple[int, Reply]]:
        """Yield ``(position of the request, reply)`` as each is finished, in any order.

        Requests are taken one at a time, each only when there is room to work on it, perhaps from
        other threads, but never from two at once; so whoever supplies them may end the work between
        two. A request that fails gives a reply whose ``finish`` is ``"error"``; one that a rate limit
        or a passing fault holds up is tried again by the model itself. Closing the iterator early stops
        the work in flight.
        """

    def close(self) -> None:
        """Free what the model holds; it can't write afterwards."""
