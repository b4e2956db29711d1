"""What a language model is to synthnb: requests in, replies out as they are finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from synthnb._canonical import Json

__all__ = ["LARGEST_CONTEXT", "Finish", "Locality", "Model", "ModelInfo", "Reply", "Request"]

LARGEST_CONTEXT = 4096
"""Tokens for prompt and reply together that a model on this machine is opened with, at most."""

Locality = Literal["in-process", "local-server", "hosted"]
"""Where the weights run: in this process, on this machine, or at a vendor's."""

Finish = Literal["stop", "length", "error"]
"""Why a reply ended: the model was done, ``max_tokens`` was reached, or it failed."""


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
    """How its developer's weights were changed, such as ``none: prompted only``."""
    stand_in: bool = False
    """It only stands in for a language model, and its texts aren't one's."""

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
    """Why it failed, in a sentence without a full stop, if ``finish`` is ``"error"``."""


class Model(Protocol):
    """A language model that is ready to write."""

    @property
    def info(self) -> ModelInfo:
        """What there is to say about it."""

    def write(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        """Yield ``(position of the request, reply)`` as each is finished, in any order.

        A request that fails gives a reply whose ``finish`` is ``"error"``.
        Closing the iterator early stops the work in flight.
        """

    def close(self) -> None:
        """Free what the model holds; it can't write afterwards."""
