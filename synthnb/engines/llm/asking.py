"""What the requests of one run have in common, and what its texts are held to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from synthnb._random import LARGEST_SEED, generator
from synthnb.engines.llm.prompts import Entry, compose
from synthnb.engines.llm.replies import read_several, schema_for
from synthnb.engines.llm.texts import Text, read_reply
from synthnb.models.base import Reply, Request

if TYPE_CHECKING:
    from synthnb.models.base import ModelInfo

__all__ = ["PROBLEMS", "Asking", "Settings", "texts_a_call"]

PROBLEMS = {
    "language": "the text isn't in the language asked for",
    "shape": "the text hasn't the shape asked for",
    "length": "the text hasn't the length asked for",
    "blanks": "the text has blanks to fill in, such as [Name]",
    "value": "the text doesn't say a value that it must say",
}
"""What can be wrong with a text that is one, and the words for it."""

_MOST_EXAMPLES = 3
_WARMER = 0.3
_HOTTEST = 2.0
_LONG = 200
_MOST_A_CALL = 20
_LEAST_A_CALL = 5
_TOKENS_A_CALL = 1000
_SHARE_OF_CONTEXT = 0.7
_SIGNS_A_TOKEN = 3
_TOKENS_OF_A_NUMBER = 8


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How freely and how long a model writes."""

    max_tokens: int
    """For one text."""
    temperature: float
    """0 to 2."""
    top_p: float
    """Above 0, at most 1."""
    repeat_penalty: float
    """1 to 2."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What every request has in common."""

    name: str
    """Of the column or the corpus."""
    unit: str
    """What sets this run's draws apart: ``column`` or ``texts``."""
    count: int
    """Texts to be written."""
    entry: Callable[[int], Entry]
    """What the prompt says of one of them."""
    settings: Settings
    seed: int
    system: str
    """For a text that is asked for alone."""
    system_several: str
    """For several."""
    per_call: int | None
    """Texts a call; None to choose by the model."""
    again: int
    """Times a text that is missing or wrong is asked for again, alone."""
    again_for_repeats: int
    """Times one that repeats another is asked for again, alone."""
    threshold: float
    """Jaccard index of 3-word runs from which a text repeats another."""
    examples: tuple[str, ...] = ()
    """Texts to be written like, up to three a call, and not to be repeated."""
    lines: bool = False
    """Line breaks belong to a text."""
    hard: frozenset[str] = frozenset()
    """Problems with which a text isn't delivered; others are counted."""
    checks: Mapping[str, Callable[[int, str], bool]] = field(default_factory=dict)
    """Whether a text at a position is free of a problem, by problem."""
    own_words: str = ""
    """The words of the instruction, which texts shouldn't repeat at length."""

    def request(self, positions: Sequence[int], attempt: int, model: ModelInfo) -> Request:
        """The request for some texts; each attempt has a seed of its own, and one for a text that repeats another is warmer."""
        entries = [self.entry(position) for position in positions]
        several, settings = len(positions) > 1, self.settings
        which = ("rows", positions[0], positions[-1]) if several else ("row", positions[0])
        drawn = generator(self.seed, self.unit, self.name, *which, "attempt", attempt)
        warmer = _WARMER * max(0, attempt - self.again)
        tokens = settings.max_tokens * len(positions) + (_TOKENS_OF_A_NUMBER * len(positions) if several else 0)
        return Request(
            prompt=compose(entries, examples=self._examples(positions, attempt), as_json=model.schemas),
            system=self.system_several if several else self.system,
            max_tokens=tokens,
            temperature=min(_HOTTEST, round(settings.temperature + warmer, 3)),
            top_p=settings.top_p,
            repeat_penalty=settings.repeat_penalty,
            seed=int(drawn.integers(LARGEST_SEED + 1)),
            schema=schema_for(len(positions)) if several and model.schemas else None,
        )

    def read(self, positions: Sequence[int], reply: Reply) -> list[Text]:
        """The texts in a reply, in the positions' order."""
        if len(positions) == 1:
            return [read_reply(reply, lines=self.lines)]
        return read_several(reply, len(positions), lines=self.lines)

    def problems(self, position: int, text: str) -> tuple[str, ...]:
        """What is wrong with a text."""
        return tuple(name for name, fine in self.checks.items() if not fine(position, text))

    def _examples(self, positions: Sequence[int], attempt: int) -> list[str]:
        if len(self.examples) <= _MOST_EXAMPLES:
            return list(self.examples)
        drawn = generator(self.seed, self.unit, self.name, "examples", positions[0], attempt)
        return [self.examples[i] for i in sorted(drawn.choice(len(self.examples), _MOST_EXAMPLES, replace=False))]


def texts_a_call(asking: Asking, model: ModelInfo) -> int:
    """How many texts to ask for in one call, where the user doesn't say.

    One from a model in this process, which gains nothing by more, and one where texts are long (over 200
    tokens); else as many as make about 1,000 tokens, from 5 to 20, and fit into 0.7 of the context.
    """
    most = asking.settings.max_tokens
    if model.locality == "in-process" or most > _LONG or asking.lines or asking.count == 1:
        return 1
    wanted = min(_MOST_A_CALL, max(_LEAST_A_CALL, _TOKENS_A_CALL // most))
    if model.context:
        prompt = asking.request([0], 0, model)
        each = most + _TOKENS_OF_A_NUMBER + len(prompt.prompt) // _SIGNS_A_TOKEN
        wanted = max(1, min(wanted, int(model.context * _SHARE_OF_CONTEXT) // each))
    return min(wanted, asking.count)
