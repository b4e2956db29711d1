"""What the runs of a text column and of a text corpus say alike."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthnb._clock import utc_now
from synthnb._frames import frame_digest
from synthnb.engines.base import versions
from synthnb.engines.llm.asking import Settings
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.llm.asking import Asking
    from synthnb.engines.llm.writing import Writing

__all__ = [
    "Clock",
    "described",
    "example_texts",
    "of_the_model",
    "read_per_call",
    "read_settings",
    "refuse_half_characters",
    "settings_of",
    "whole",
    "within",
]


_MOST_TOKENS = 8192
_MOST_A_CALL = 50


@dataclass(frozen=True)
class Clock:
    """When the writing began, on the calendar and on the stopwatch."""

    started: str
    mark: float

    @classmethod
    def start(cls) -> Clock:
        """Begin now."""
        return cls(utc_now(), time.monotonic())

    @property
    def seconds(self) -> float:
        """Since then."""
        return round(time.monotonic() - self.mark, 3)


def of_the_model(writing: Writing, run: str) -> dict[str, Any]:
    """The fields of a run that tell of the model and its calls; the account is closed by this."""
    info = writing.calls.model.info
    writing.close_account(run)
    return {
        "model": info.to_dict() | {"requested": info.id, "returned": ", ".join(sorted(writing.returned)) or None},
        "calls": writing.calls.account(),
        "versions": versions(*(["xllamacpp"] if "xllamacpp" in info.provider else [])),
        "partial": writing.interrupted,
    }


def settings_of(asking: Asking) -> dict[str, Json]:
    """What was asked of the model besides the words."""
    settings = asking.settings
    return {
        "system": asking.system,
        "max_tokens": settings.max_tokens,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "repeat_penalty": settings.repeat_penalty,
    }


def described(name: str, frame: Any) -> dict[str, Json]:
    """A frame as a run tells of it."""
    columns = getattr(frame, "column_names", None) or list(frame.columns)
    return {"name": name, "rows": len(frame), "columns": [str(column) for column in columns], "digest": frame_digest(frame)}


def example_texts(examples: Any) -> tuple[str, ...]:
    """The examples, which must be texts."""
    listed = [examples] if isinstance(examples, str) else list(examples)
    for example in listed:
        if not isinstance(example, str) or not example.strip():
            raise OptionError(f"An example must be a text that isn't empty; got {shown(example)}.", fix="Pass texts.")
    refuse_half_characters(**{f"example {number}": example for number, example in enumerate(listed, 1)})
    return tuple(listed)


def refuse_half_characters(**words: Any) -> None:
    """Refuse words of the user's that no reply could be asked for: those with half of a surrogate pair, which UTF-8 doesn't have.

    Parameters
    ----------
    **words : str, or sequences and mappings of str
        What is looked at, by what it is called.

    Raises
    ------
    OptionError
        There is one, and where.
    """
    for what, said in words.items():
        for text in _texts(said):
            if any("\ud800" <= sign <= "\udfff" for sign in text):
                raise OptionError(
                    f"Half a character (a lone surrogate) stands in the {what.replace('_', ' ')}: {shown(text)}.",
                    fix="Remove it; the text was probably decoded with errors='surrogateescape', or cut within a character.",
                )


def _texts(said: Any) -> Iterator[str]:
    """The texts in an argument; what isn't text is somebody else's to check."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, Mapping):
        for key, item in said.items():
            yield from (*_texts(key), *_texts(item))
    elif isinstance(said, list | tuple | set | frozenset):
        for item in said:
            yield from _texts(item)


def read_settings(max_tokens: Any, default: int, temperature: Any, top_p: Any, repeat_penalty: Any) -> Settings:
    """How freely and how long the model writes, checked."""
    return Settings(
        max_tokens=whole("max_tokens", default if max_tokens is None else max_tokens, _MOST_TOKENS),
        temperature=within("temperature", temperature, 0, 2),
        top_p=_above_zero("top_p", top_p, 1),
        repeat_penalty=within("repeat_penalty", repeat_penalty, 1, 2),
    )


def read_per_call(per_call: Any) -> int | None:
    """Texts a call, checked; None to choose by the model."""
    return None if per_call is None else whole("per_call", per_call, _MOST_A_CALL)


def whole(name: str, value: Any, largest: int) -> int:
    """A whole number from 1 to the largest allowed."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or not 1 <= value.__index__() <= largest:
        raise OptionError(f"{name} must be a whole number from 1 to {largest:,}; got {shown(value)}.", fix="Choose one in that range.")
    return int(value)


def within(name: str, value: Any, low: float, high: float) -> float:
    """A number in a range."""
    if isinstance(value, bool) or not hasattr(value, "__float__") or not low <= float(value) <= high:
        raise OptionError(f"{name} must be from {low} to {high}; got {shown(value)}.", fix="Choose a number in that range.")
    return float(value)


def _above_zero(name: str, value: Any, high: float) -> float:
    """A number above 0 and not above the largest allowed."""
    if isinstance(value, bool) or not hasattr(value, "__float__") or not 0 < float(value) <= high:
        raise OptionError(f"{name} must be above 0 and at most {high}; got {shown(value)}.", fix="Choose a number in that range.")
    return float(value)
