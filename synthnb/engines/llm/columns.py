"""What a text column is asked to be: per row what the prompt says, and what the text is held to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from synthnb._canonical import Json, digest, digest_bytes
from synthnb.engines.llm.asking import Asking, Settings
from synthnb.engines.llm.draws import Draws, form_of, read_length, told
from synthnb.engines.llm.labels import Said, Values
from synthnb.engines.llm.prompts import SYSTEM, SYSTEM_SEVERAL, Template
from synthnb.engines.llm.texts import has_blanks
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.engines.llm.languages import Language
    from synthnb.engines.llm.prompts import Entry

__all__ = ["Column"]

_AGAIN = 2
_AGAIN_FOR_REPEATS = 1
_PARTS = ("name", "instruction", "placed", "given", "system", "max_tokens", "temperature", "top_p", "repeat_penalty")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column to be written, all options checked."""

    name: str
    template: Template
    rows: Sequence[Mapping[str, Any]]
    """The values by column of each row, of the columns that the model sees."""
    seed: int
    draws: Draws
    language: Language | None
    must_show: tuple[str, ...]
    examples: tuple[str, ...]
    settings: Settings
    per_call: int | None
    novelty: float

    def __post_init__(self) -> None:
        for column in self.must_show:
            if column not in self.template.columns:
                raise OptionError(
                    f"A text can only show what the model sees; it isn't shown {shown(column)}.",
                    fix="Name it in given or in the instruction.",
                )

    @cached_property
    def drawn(self) -> list[dict[str, str]]:
        """What was drawn for each row."""
        return [self.draws.of(self.seed, "column", self.name, "draw", i) for i in range(len(self.rows))]

    @cached_property
    def values(self) -> Values:
        """What texts have to say."""
        return Values.of({column: [row[column] for row in self.rows] for column in self.must_show})

    def asking(self) -> Asking:
        """The requests and the checks of the run."""
        return Asking(
            name=self.name,
            unit="column",
            count=len(self.rows),
            entry=self._entry,
            settings=self.settings,
            seed=self.seed,
            system=SYSTEM,
            system_several=SYSTEM_SEVERAL,
            per_call=self.per_call,
            again=_AGAIN,
            again_for_repeats=_AGAIN_FOR_REPEATS,
            threshold=self.novelty,
            examples=self.examples,
            hard=frozenset({"language"}),
            checks=self._checks(),
            own_words=self.template.literal,
        )

    def counts(self, texts: Sequence[str | None]) -> dict[str, int]:
        """How many values that must be shown are, over all texts that are there."""
        tally: Counter[Said] = Counter()
        for row, text in zip(self.rows, texts, strict=True):
            if text is not None:
                tally.update(self.values.said(row, text).values())
        kinds: tuple[Said, ...] = ("said", "unsaid", "contradicted", "unverifiable")
        return {f"values_{kind}": tally[kind] for kind in kinds} if self.must_show else {}

    @property
    def recipe_digest(self) -> str:
        """Of what was to be made."""
        recipe = self._recipe()
        return digest({"schema": "synthnb.column/2"} | {part: recipe[part] for part in (*_PARTS, *self._further())})

    def parameters(self, per_call: int, *, sensitive: bool) -> dict[str, Json]:
        """What the run says about the prompt; a sensitive one is a digest only."""
        recipe = self._recipe() | self._further()
        recipe["column"] = recipe.pop("name")
        recipe["instruction_digest"] = digest_bytes(self.template.instruction.encode("utf-8", "surrogatepass"))
        recipe["prompt"] = self.prompt_text(1)
        recipe["per_call"] = per_call
        recipe["drawn"] = {kind: dict(Counter(one[kind] for one in self.drawn)) for kind in self.draws.options}
        recipe["sensitive"] = sensitive
        if sensitive:
            recipe |= {"instruction": None, "prompt": None, "draws": None, "drawn": None}
        return recipe

    def prompt_text(self, per_call: int) -> str:
        """The prompt with column names where a row's values will stand."""
        return self.template.text if per_call == 1 else self.template.text_for_several

    def _entry(self, position: int) -> Entry:
        language = None if self.language is None else self.language.name
        return self.template.entry(self.rows[position], form_of(self.drawn[position], language))

    def _checks(self) -> dict[str, Callable[[int, str], bool]]:
        checks: dict[str, Callable[[int, str], bool]] = {"blanks": lambda _, text: not has_blanks(text)}
        if (language := self.language) is not None:
            checks["language"] = lambda _, text: language.holds(text) is not False
        if "length" in self.draws.options:
            checks["length"] = lambda position, text: read_length(self.drawn[position]["length"]).holds(text)
        if self.must_show:
            checks["value"] = lambda position, text: (
                not {"unsaid", "contradicted"} & set(self.values.said(self.rows[position], text).values())
            )
        return checks

    def _recipe(self) -> dict[str, Json]:
        template, settings = self.template, self.settings
        return {
            "name": self.name,
            "instruction": template.instruction,
            "placed": list(template.placed),
            "given": list(template.given),
            "system": SYSTEM,
            "max_tokens": settings.max_tokens,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "repeat_penalty": settings.repeat_penalty,
        } | self._further()

    def _further(self) -> dict[str, Json]:
        """What was asked for beyond the instruction."""
        return {
            "draws": told(self.draws.options),
            "language": None if self.language is None else self.language.name,
            "must_show": list(self.must_show),
            "novelty": self.novelty,
            "examples_digest": digest(list(self.examples)) if self.examples else None,
        }


def records(wanted: pd.DataFrame, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Rows as mappings of the columns that the model sees."""
    listed: list[Any] = wanted[list(columns)].to_dict("records") if columns else [{} for _ in range(len(wanted))]
    return listed
