"""A draft from a model, question by question; a model that can't answer is asked for less.

::

    full   columns ──► numbers, some columns a call ──► levels ──► links
     │ the columns can't be had, with two repairs
     ▼
    less   names and kinds from the description's own words, levels among its words
     │ neither
     ▼
    none   statements and neutral values alone

The first question is the probe: a model that can't list the columns that were read already isn't asked for numbers. One that reads
little at once, and names less than half of them, isn't asked again either.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from synthnb._canonical import digest_bytes
from synthnb._random import LARGEST_SEED, generator
from synthnb.engines.compile import prompts
from synthnb.engines.compile.aligning import counterpart
from synthnb.errors import ModelError
from synthnb.models.base import Reply, Request
from synthnb.recipes.draft import (
    Draft,
    DraftColumn,
    columns_schema,
    levels_schema,
    links_schema,
    numbers_schema,
    read_columns,
    read_json,
    read_levels,
    read_links,
    read_numbers,
)

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.base import Progress
    from synthnb.models.calls import Calls
    from synthnb.recipes.draft import DraftKind
    from synthnb.recipes.statements.stated import Stated

__all__ = ["REPAIRS", "Asking", "Level"]

REPAIRS = 2
"""Times an answer that can't be used is asked for again."""

Level = Literal["full", "less", "none"]
"""How much a model was asked for."""

_T = TypeVar("_T")
_SMALL = 8_192
"""Context below which a question is about few columns at once."""
_TOGETHER = {"small": 2, "large": 10}
_TOKENS_A_COLUMN = 48
_LEAST_ROOM = 128
_MOST_ADDED = 6
_CHARACTERS_A_TOKEN = 3
_TEMPERATURE = 0.2
_LEVELLED: dict[str, DraftKind] = {"boolean": "boolean", "category": "category"}
_ASIDE = frozenset(
    [
        "with",
        "and",
        "the",
        "a",
        "an",
        "of",
        "in",
        "for",
        "to",
        "each",
        "every",
        "table",
        "column",
        "columns",
        "patients",
        "participants",
        "data",
        "about",
    ]
)


@dataclass
class Asking:
    """The questions about one description, and what came of them."""

    calls: Calls
    description: str
    found: Mapping[str, Stated]
    """What is stated, by column."""
    seed: int
    progress: Progress
    draft: Draft = field(default_factory=Draft)
    """What the model proposed, beside what a summary tells."""
    figures: str = ""
    """A summary's figures, as they are sent with each question; empty where there is none or the model reads little at once."""
    level: Level = "none"
    """How much it was asked for in the end."""
    notes: list[str] = field(default_factory=list)
    """What couldn't be had, in sentences."""
    asked: list[dict[str, Json]] = field(default_factory=list)
    """Each prompt with its step, in order."""

    def run(self) -> None:
        """Ask, and fill in the draft.

        Raises
        ------
        ModelError
            The model failed on the first question.
        """
        sent = digest_bytes(self.description.encode("utf-8", "surrogatepass"))
        self.calls.declare_sent("the description", digest=sent, detail={"characters": len(self.description)})
        for name, text in prompts.TEMPLATES.items():
            if name != "summary" or self.figures:
                self.calls.declare_template(f"compile {name}", text)
        if self._columns():
            self.level = "full"
            self._numbers()
            self._levels(self._open_levels(), grounded=False)
            self._drop_unlevelled()
            self._links()
        elif not self.calls.stopped and self._kinds():
            self._levels(self._open_levels(), grounded=True)
            self._drop_unlevelled()
            self.level = "less" if self.draft.columns or self.draft.levels else "none"
        if self.calls.stopped:
            self.notes.append(f"The model was asked no further: {self.calls.stopped}.")

    @property
    def small(self) -> bool:
        """Whether the model reads little at once."""
        context = self.calls.model.info.context
        return context is not None and context < _SMALL

    def _columns(self) -> bool:
        kinds = {name: stated.kind for name, stated in self.found.items()}
        schema = columns_schema(list(kinds), brief=self.small)
        listed: list[int] = []

        def read(body: Mapping[str, Any]) -> tuple[tuple[DraftColumn, ...] | None, list[str]]:
            columns, problems = read_columns(body, kinds)
            listed.append(len({column.name for column in columns} & set(kinds)))
            return (None if problems else columns), problems

        def near() -> bool:
            return not self.small or (bool(listed) and 2 * listed[-1] >= len(kinds))

        prompt = self._framed(prompts.columns_prompt(self.description, kinds))
        answer = self._ask("columns", prompt, schema, read, room=len(kinds) + (2 if self.small else 16), first=True, near=near)
        if answer is None and not self.calls.stopped:
            self.notes.append("The model couldn't list the columns of the description, so no numbers were asked of it.")
        if answer is None:
            return False
        self._add_columns(answer)
        return True

    def _framed(self, prompt: str) -> str:
        """A prompt with the summary's figures before it."""
        return prompts.with_summary(prompt, self.figures)

    def _add_columns(self, proposed: Sequence[DraftColumn]) -> None:
        """Add columns that a model proposes to those of the summary, which keep their kinds and come first."""
        known = self.draft.columns
        names = [column.name for column in known]
        fresh = [column for column in proposed if counterpart(column.name, names) not in names]
        self.draft.columns = (*known, *fresh)

    @property
    def _open(self) -> list[DraftColumn]:
        """Columns that no summary tells of."""
        known = self.draft.known
        return [column for column in self.draft.columns if not (column.name in known and known[column.name].told)]

    def _kinds(self) -> bool:
        """Names and kinds alone, kept where the description has the words."""
        prompt = prompts.kinds_prompt(self.description, list(self.found))
        answer = self._ask(
            "kinds", prompt, columns_schema([], brief=True), lambda body: read_columns(body, {}), room=_MOST_ADDED, repairs=0
        )
        kept = [column for column in answer or () if self._is_grounded(column)]
        self._add_columns(kept)
        return bool(kept)

    def _is_grounded(self, column: DraftColumn) -> bool:
        words = [word for word in column.name.split("_") if word not in _ASIDE]
        known = {_stem(word) for name in self.found for word in name.split("_")}
        said = {_stem(word) for word in re.findall(r"[a-z]+", self.description.lower())}
        named = {_stem(level.lower()) for stated in self.found.values() for level in stated.levels}
        fresh = {_stem(word) for word in words} - known - named
        countable = column.kind in {"category", "boolean"}
        return bool(fresh) and countable and {_stem(word) for word in words} <= said

    def _numbers(self) -> None:
        """Numbers of the columns whose distribution isn't stated in full."""
        asked = {column.name: self._known(column) for column in self._open if self._lacks_numbers(column)}
        for some in _chunks(list(asked), _TOGETHER["small" if self.small else "large"]):
            limits = {name: (self._limit(name, "low", -math.inf), self._limit(name, "high", math.inf)) for name in some}
            prompt = self._framed(prompts.numbers_prompt(self.description, {name: asked[name] for name in some}))
            read = partial(read_numbers, names=some, limits=limits)
            answer = self._ask("numbers", prompt, numbers_schema(some), read, room=2 * len(some))
            self.draft.numbers |= answer or {}
            self._note_lacking("numbers", some, answer)

    def _limit(self, name: str, end: str, otherwise: float) -> float:
        return self.found[name].numbers.get(end, otherwise) if name in self.found else otherwise

    def _lacks_numbers(self, column: DraftColumn) -> bool:
        stated = self.found.get(column.name)
        if (stated.kind if stated and stated.kind else column.kind) not in {"integer", "real"}:
            return False
        told = stated.numbers if stated else {}
        return not (stated and stated.given) and not ({"mean", "sd"} <= set(told) or "q1" in told)

    def _known(self, column: DraftColumn) -> dict[str, Json]:
        stated = self.found.get(column.name)
        unit = (stated.unit if stated else "") or column.unit
        told = {name: value for name, value in stated.numbers.items() if name != "missing"} if stated else {}
        return {"kind": column.kind, "unit": unit, "stated": told}

    def _open_levels(self) -> dict[str, list[str]]:
        """Columns of levels whose shares aren't stated in full, with the levels that are."""
        found: dict[str, list[str]] = {}
        drafted = {column.name for column in self.draft.columns} | set(self.draft.known)
        levelled = {name: _LEVELLED.get(stated.kind or "") for name, stated in self.found.items() if name not in drafted}
        unlisted = [DraftColumn(name, of) for name, of in levelled.items() if of is not None]
        for column in (*self._open, *unlisted):
            stated = self.found.get(column.name)
            kind = stated.kind if stated and stated.kind else column.kind
            if kind == "boolean" and not (stated and ("share" in stated.numbers or stated.given)):
                found[column.name] = []
            if kind == "category" and not (stated and (sum(stated.shares.values()) > 0.995 or stated.name == "sex")):
                found[column.name] = list(stated.levels) if stated else []
        return found

    def _levels(self, asked: Mapping[str, Sequence[str]], *, grounded: bool) -> None:
        kinds = {column.name: column.kind for column in self.draft.columns}
        kinds |= {name: kind for name, stated in self.found.items() if (kind := _LEVELLED.get(stated.kind or ""))}
        several = 1 if grounded else _TOGETHER["small" if self.small else "large"]
        for some in _chunks(list(asked), several):
            known = {name: {"kind": kinds[name], "stated": list(asked[name])} for name in some}
            wanted = {name: asked[name] for name in some}
            answer = self._ask(
                "levels",
                self._framed(prompts.levels_prompt(self.description, known)),
                levels_schema(some),
                partial(read_levels, asked=wanted),
                room=3 * len(some),
                repairs=0 if grounded else REPAIRS,
            )
            kept = {name: levels for name, levels in (answer or {}).items() if not grounded or self._all_said(levels)}
            self.draft.levels |= kept
            if not grounded:
                self._note_lacking("levels", some, kept)

    def _drop_unlevelled(self) -> None:
        """Leave out columns of levels that the model added without saying which there are."""
        lacking = [c.name for c in self._open if c.kind == "category" and c.name not in self.found and c.name not in self.draft.levels]
        self.draft.columns = tuple(column for column in self.draft.columns if column.name not in lacking)
        if lacking:
            self.notes.append(f"Columns that the model added without their levels were left out: {', '.join(lacking)}.")

    def _all_said(self, levels: Mapping[str, float]) -> bool:
        said = self.description.lower()
        return all(re.search(rf"\b{re.escape(level.lower())}\b", said) for level in levels)

    def _links(self) -> None:
        names = [column.name for column in self.draft.columns if column.kind not in {"identifier", "text"}]
        names = [name for name in names if self.figures or name not in self.draft.known]
        if len(names) < 2 or (self.draft.known and set(names) <= set(self.draft.known)):
            return
        told = {column.name: self._shown(column) for column in self.draft.columns if column.name in names}
        answer = self._ask(
            "links",
            self._framed(prompts.links_prompt(self.description, told)),
            links_schema(names),
            lambda body: _paired(read_links(body, names)),
            room=24,
        )
        if answer:
            links, orders = answer
            kept = [link for link in links if not {link.column, link.on} <= set(self.draft.known)]  # the summary has told of those
            self.draft.links, self.draft.orders = (*self.draft.links, *kept), orders

    def _shown(self, column: DraftColumn) -> Json:
        levels = self.draft.levels.get(column.name) or dict.fromkeys(self.found[column.name].levels if column.name in self.found else ())
        return {"kind": column.kind, **({"levels": list(levels)} if levels else {})}

    def _note_lacking(self, what: str, asked: Sequence[str], answer: Mapping[str, Any] | None) -> None:
        lacking = [name for name in asked if name not in (answer or {})]
        if lacking:
            self.notes.append(f"The model gave no usable {what} for {', '.join(lacking)}.")

    def _ask(
        self,
        step: str,
        prompt: str,
        schema: dict[str, Json],
        read: Callable[[Mapping[str, Any]], tuple[_T, list[str]]],
        *,
        room: int,
        repairs: int = REPAIRS,
        first: bool = False,
        near: Callable[[], bool] = lambda: True,
    ) -> _T | None:
        """One question, with its repairs; after the last, what of the answer can be used, if anything can."""
        told, answer = prompt, None
        for attempt in range(repairs + 1):
            request = self._request(step, told, schema, room, attempt)
            if request is None:
                self.notes.append(f"The description is too long for the model to be asked about {step}.")
                return answer
            self.progress(attempt, repairs + 1, f"asking about {step}")
            reply = next((reply for _, reply in self.calls.ask([request])), None)
            if reply is None:
                return answer
            if reply.finish == "error":
                self._failed(reply, step, first=first and attempt == 0)
                return answer
            self.asked.append({"step": step, "attempt": attempt, "prompt": told, "key": reply.key})
            body, problems = read_json(reply.text)
            if not problems:
                answer, problems = read(body)
            if not problems:
                return answer
            self.calls.discard(reply, f"{step}: not as asked")
            if not near():
                return answer
            told = prompts.repair_prompt(prompt, reply.text, problems)
        return answer

    def _failed(self, reply: Reply, step: str, *, first: bool) -> None:
        if first:
            raise ModelError(
                f"The model {self.calls.model.info.id} failed on the first question: {reply.error}.",
                fix="Correct that, or choose another model.",
            )
        self.notes.append(f"The model failed when asked about {step}: {reply.error}.")

    def _request(self, step: str, prompt: str, schema: dict[str, Json], room: int, attempt: int) -> Request | None:
        tokens = 16 + room * (_TOKENS_A_COLUMN // 2 if self.small else _TOKENS_A_COLUMN)
        context = self.calls.model.info.context
        if context is not None:
            left = context - len(prompt + prompts.SYSTEM) // _CHARACTERS_A_TOKEN
            if left < _LEAST_ROOM:
                return None
            tokens = min(tokens, left)
        drawn = generator(self.seed, "compile", step, "attempt", attempt)
        return Request(
            prompt=prompt,
            system=prompts.SYSTEM,
            max_tokens=tokens,
            temperature=_TEMPERATURE,
            top_p=0.95,
            seed=int(drawn.integers(LARGEST_SEED + 1)),
            schema=schema if self.calls.model.info.schemas else None,
        )


def _paired(answer: tuple[_T, Any, list[str]]) -> tuple[tuple[_T, Any], list[str]]:
    return (answer[0], answer[1]), answer[2]


def _chunks(names: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(names), size):
        yield list(names[start : start + size])


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word
