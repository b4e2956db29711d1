"""What was asked for, read and checked before anything is read or spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthnb._canonical import digest
from synthnb._random import resolve_seed
from synthnb.engines.corpus.chunks import room_for_text
from synthnb.engines.corpus.plan import PER_CALL, PER_WALK
from synthnb.engines.corpus.prompts import SYSTEM, SYSTEM_ONE, Mode, Prompts, is_small
from synthnb.engines.corpus.sentences import estimate_tokens
from synthnb.engines.corpus.verifying import Check, read_check
from synthnb.engines.llm.languages import Language, read_language
from synthnb.engines.llm.runs import whole, within
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.egress import Rows
    from synthnb.models.calls import Calls

__all__ = ["HeldOut", "Settings", "read_holdout"]

_MOST_QUESTIONS = 1_000_000
_KNOWN_TOKENS = 500


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What was asked for, read and checked."""

    questions: int
    """How many."""
    level: int
    """1, 2 or 3."""
    answers: bool
    """Answers are written too."""
    check: Check
    """How they are checked."""
    mode: Mode
    """Who chooses the evidence."""
    mode_reason: str
    """Why this mode, in a few words."""
    concepts: str
    """Who names concepts: ``model``, ``counting``, or ``none`` at level 1."""
    temperature: float
    """How freely words are chosen."""
    language: Language | None
    """The language asked for; None for the text's own."""
    near: float
    """Jaccard index from which two questions count as the same."""
    seed: int
    """The run's."""
    overlap: int
    """Tokens that a chunk repeats of the one before."""
    licence: str
    """The documents' licence; ``not stated`` if the user says nothing."""
    public: bool
    """The documents are public."""

    @classmethod
    def read(
        cls,
        calls: Calls,
        *,
        mode: str,
        concepts: str,
        temperature: float | None,
        language: str | None,
        verifier: Calls | None,
        **asked: Any,
    ) -> Settings:
        """Return the settings that the arguments of `write_questions` mean.

        Raises
        ------
        OptionError
            One is outside what is allowed.
        """
        check = _check(asked, verifier, mode=mode, concepts=concepts)
        small = is_small(calls.model.info)
        chosen: Mode = "extractive" if mode == "extractive" or (mode == "auto" and small) else "quoted"
        by_model = concepts == "model" or (concepts == "auto" and chosen == "quoted")
        usual = 0.7 if chosen == "quoted" else 0.3
        return cls(
            questions=whole("questions", asked["questions"], _MOST_QUESTIONS),
            level=int(asked["level"]),
            answers=asked["answers"],
            check=check,
            mode=chosen,
            mode_reason="asked for" if mode != "auto" else "the model is small" if small else "the model is taken to quote reliably",
            concepts="none" if asked["level"] == 1 else "model" if by_model else "counting",
            temperature=within("temperature", usual if temperature is None else temperature, 0, 2),
            language=None if language is None else read_language(language),
            near=within("near", asked["near"], 0.01, 1),
            seed=resolve_seed(asked["seed"]),
            overlap=asked["overlap"],
            licence=str(asked["licence"]).strip() or "not stated",
            public=bool(asked["public"]),
        )

    @property
    def rows(self) -> Rows:
        """What the documents count as where they would leave this machine."""
        return "synthetic" if self.public else "real"

    def prompts(self, calls: Calls) -> Prompts:
        """The requests, in the form that the model heeds."""
        info = calls.model.info
        return Prompts(
            seed=self.seed,
            level=self.level,
            answers=self.answers,
            temperature=self.temperature,
            language=self.language.name if self.language else "",
            schemas=info.schemas,
            grammars=info.grammars,
        )

    def chunk_tokens(self, calls: Calls, asked: int | None) -> int:
        """Tokens of a chunk: what the words of the longest prompt and the longest reply leave of the context."""
        prompts, count = self.prompts(calls), PER_WALK if self.level == 3 else PER_CALL
        ours = estimate_tokens(SYSTEM + prompts.words(count, {"known": True, "from": True})) + _KNOWN_TOKENS
        reply = prompts.quoted(("size",), count, {}).max_tokens
        return room_for_text(calls.model.info, prompt=ours, reply=reply, asked=asked, shares=2 if self.level == 3 else 1)

    @property
    def notes(self) -> list[str]:
        """What the reader should know of the way that was chosen."""
        who = {
            "quoted": "The model quoted the evidence",
            "extractive": "The program picked the evidence, a sentence that is the answer too, and the model wrote the question to it",
        }[self.mode]
        found = [f"{who} (mode {self.mode}: {self.mode_reason})."]
        if self.mode == "extractive" and self.level == 1:
            found.append("Where a text asks a question itself, the sentence after it was taken for the answer.")
        if self.language is not None and not self.language.code:
            found.append(f"Whether a question is in {self.language.name} can't be told, and wasn't checked.")
        return found

    def to_dict(self) -> dict[str, Json]:
        """As plain JSON, for the run."""
        return {
            "questions": self.questions,
            "level": self.level,
            "answers": self.answers,
            "verify": str(self.check),
            "mode": self.mode,
            "mode_reason": self.mode_reason,
            "concepts": self.concepts,
            "system": SYSTEM if self.mode == "quoted" else SYSTEM_ONE,
            "temperature": self.temperature,
            "language": self.language.name if self.language else None,
            "near": self.near,
            "overlap": self.overlap,
            "licence": self.licence,
            "public": self.public,
        }


def _check(asked: dict[str, Any], verifier: Calls | None, *, mode: str, concepts: str) -> Check:
    """How answers are checked; whatever is one of several choices is looked at here."""
    check = read_check(asked["verify"])
    if check.how == "model" and verifier is None:
        raise OptionError("verify='model' needs a second model; got none.", fix="Pass verifier, or choose span or majority:K.")
    if asked["level"] not in (1, 2, 3) or isinstance(asked["level"], bool):
        raise OptionError.from_choice("level", asked["level"], ["1", "2", "3"])
    if not isinstance(asked["answers"], bool):
        raise OptionError(f"answers must be True or False; got {shown(asked['answers'])}.", fix="Pass one of these.")
    choices = {"mode": (mode, ["auto", "quoted", "extractive"]), "concepts": (concepts, ["auto", "model", "counting"])}
    for title, (value, allowed) in choices.items():
        if value not in allowed:
            raise OptionError.from_choice(title, value, allowed)
    return check


@dataclass(frozen=True)
class HeldOut:
    """Texts that no question may repeat."""

    texts: tuple[str, ...]
    described: dict[str, Json] | None
    """As a run tells of a frame it read; None without a hold-out."""


def read_holdout(holdout: Sequence[str] | None, name: str) -> HeldOut:
    """Return a hold-out with its digest.

    Raises
    ------
    OptionError
        It holds something else than texts, or nothing, or only its name was given.
    """
    if holdout is None:
        if name:
            raise OptionError(f"A hold-out named {shown(name)} needs its texts; got none.", fix="Pass holdout too.")
        return HeldOut((), None)
    listed: list[object] = [] if isinstance(holdout, str) else list(holdout)
    clean = [text.encode("utf-8", "replace").decode() for text in listed if isinstance(text, str) and text.strip()]
    if not clean or len(clean) < len(listed):
        raise OptionError(f"A hold-out must be texts that aren't empty, at least one; got {shown(holdout)}.", fix="Pass a list of texts.")
    told: dict[str, Json] = {"name": name or "holdout", "rows": len(clean), "columns": ["text"], "digest": digest(clean)}
    return HeldOut(tuple(clean), told)
