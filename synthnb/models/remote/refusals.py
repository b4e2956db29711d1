"""Parameters that a server refuses: left out once it is sure, and told."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from synthnb.models.remote.wire import OPTIONAL

if TYPE_CHECKING:
    from synthnb.models.base import ModelInfo
    from synthnb.models.remote.faults import Lasting

__all__ = ["Refusals"]

_WORDS = {
    "response_format": ("response_format", "json_schema", "json schema", "structured output", "guided"),
    "structured_outputs": ("structured_outputs", "grammar"),
}
_REFUSING = re.compile(
    r"(?i)unrecogni[sz]ed|unsupported|unknown|unexpected|not (?:\w+ )?(?:support|permit|allow|implement|available|recogni)"
    r"|does(?:n't| not) support|cannot both|extra|additional|forbidden|deprecated|invalid|only the default"
)
_TOLD = {
    "response_format": "it can't be held to a schema",
    "structured_outputs": "it can't be held to a grammar",
    "grammar": "it can't be held to a grammar",
    "seed": "it takes no seed",
    "temperature": "it chooses its own temperature",
    "top_p": "it chooses its own top_p",
    "repeat_penalty": "it has no repeat penalty",
    "repetition_penalty": "it has no repeat penalty",
    "stop": "it takes no stop words",
    "max_tokens": "the length of its replies is limited by max_completion_tokens instead",
}


class Refusals:
    """What one provider refuses."""

    def __init__(self) -> None:
        self.known: frozenset[str] = frozenset()
        """Parameters that are left out."""

    def named_by(self, fault: Lasting, sent: Collection[str]) -> str | None:
        """The one of the parameters sent that a fault says isn't taken; None if it says something else."""
        if fault.status not in {400, 422}:
            return None
        candidates = [name for name in OPTIONAL if name in sent]
        if (named := fault.named.partition(".")[0]) in candidates:
            return named
        if not _REFUSING.search(fault.said):
            return None
        return next((name for name in candidates if any(_says(fault.said, word) for word in _WORDS.get(name, (name,)))), None)

    def note(self, without: frozenset[str]) -> None:
        """Leave these out from now on: a request succeeded without them, having failed with them."""
        self.known |= without

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each refusal that changes what a request means."""
        return tuple(f"The provider refused {name}: {_TOLD[name]}." for name in OPTIONAL if name in self.known and name in _TOLD)

    def applied(self, info: ModelInfo) -> ModelInfo:
        """What there is to say about the model, given what it refuses."""
        if not self.known:
            return info
        return replace(
            info,
            schemas=info.schemas and "response_format" not in self.known,
            grammars=info.grammars and not self.known & {"grammar", "structured_outputs"},
            seed_support=False if "seed" in self.known else info.seed_support,
        )


def _says(text: str, word: str) -> bool:
    return re.search(rf"(?i)(?<![a-z]){re.escape(word)}(?![a-z])", text) is not None
