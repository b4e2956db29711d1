"""What the words of a line mean: options, pairs, labels, limits, times. Magics and commands spell the verbs' arguments alike."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from synthnb.models.limits import Limits
    from synthnb.recipes.timing import Panel

__all__ = [
    "read_choices",
    "read_families",
    "read_gates",
    "read_labels",
    "read_limits",
    "read_merging",
    "read_options",
    "read_pairs",
    "read_panel",
    "read_sizes",
    "read_survival",
    "with_named",
]


def read_options(words: Sequence[str]) -> dict[str, Any]:
    """Read ``name=value`` words; a value is a Python constant, list or mapping, else text.

    Raises
    ------
    OptionError
        A word isn't of that form.
    """
    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name.strip().isidentifier():
            raise OptionError(f"An engine's option reads name=value; got {shown(word)}.", fix="For example: --option leaf=50")
        found[name.strip()] = _constant(text.strip())
    return found


def _constant(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def with_named(options: Mapping[str, Any], **named: Any) -> dict[str, Any]:
    """Return options with those that have a word of their own among them; None and False weren't said.

    Raises
    ------
    OptionError
        One is among them already.
    """
    said = {name: value for name, value in named.items() if value is not None and value is not False}
    for name in said:
        if name in options:
            raise OptionError(f"{name} was given twice, by itself and as an option.", fix="Leave one of them out.")
    return {**options, **said}


def read_pairs(words: Sequence[str]) -> dict[str, str]:
    """Read ``column=value`` words, such as a correction of a kind; the column may hold ``=`` itself.

    Raises
    ------
    OptionError
        A word isn't of that form.
    """
    pairs = [word.rpartition("=") for word in words]
    for (name, _, value), word in zip(pairs, words, strict=True):
        if not name or not value:
            raise OptionError(f"A correction reads column=value; got {shown(word)}.", fix="For example: --kind code=category")
    return {name: value for name, _, value in pairs}


def read_survival(words: str) -> dict[str, str]:
    """Read ``time,event``.

    Raises
    ------
    OptionError
        There is no comma.
    """
    time, comma, event = words.partition(",")
    if not comma:
        raise OptionError(f"A time to an event reads time,event; got {shown(words)}.", fix="For example: --survival days,died")
    return {"time": time.strip(), "event": event.strip()}


def read_gates(words: Sequence[str]) -> dict[str, float]:
    """Read ``metric=0.2`` words.

    Raises
    ------
    OptionError
        A word isn't of that form, its limit isn't finite, or a metric comes twice.
    """
    found: dict[str, float] = {}
    for word in words:
        metric, limit = _gate(word)
        if metric in found:
            raise OptionError(f"The gate of {shown(metric)} was given twice.", fix="Leave one of them out.")
        found[metric] = limit
    return found


def _gate(word: str) -> tuple[str, float]:
    metric, _, limit = word.partition("=")
    try:
        number = float(limit)
    except ValueError:
        number = math.nan
    if not metric.strip() or not math.isfinite(number):
        raise OptionError(
            f"A gate reads metric=limit, a finite number; got {shown(word)}.", fix="For example: --gate singling_out_risk=0.2"
        )
    return metric.strip(), number


def read_families(words: Sequence[str]) -> dict[str, str]:
    """Read ``family=FRAME`` words: frames by the family of the model that made them.

    Raises
    ------
    OptionError
        A word isn't of that form, or a family comes twice.
    """
    found: dict[str, str] = {}
    for word in words:
        family, _, frame = (part.strip() for part in word.partition("="))
        if not family or not frame:
            raise OptionError(f"A further frame reads family=FRAME; got {shown(word)}.", fix="For example: --other qwen=by_qwen")
        if family in found:
            raise OptionError(f"The family {shown(family)} was given twice.", fix="Leave one of them out.")
        found[family] = frame
    return found


def read_panel(subject: str | None, time: str | None, end: str | None) -> Panel | None:
    """Read the columns of repeated visits; None where none was named.

    Raises
    ------
    OptionError
        The subject or the time is missing.
    """
    if subject is None and time is None and end is None:
        return None
    if subject is None or time is None:
        raise OptionError("Repeated visits need both --subject and --time.", fix="Name both columns.")
    from synthnb.recipes.timing import Panel

    return Panel(subject=subject, time=time, end=end)


def read_merging(words: Sequence[str]) -> int | dict[str, int] | None:
    """Read ``11`` for every category, or ``column=11`` words for some; None where there is no word.

    Raises
    ------
    OptionError
        A word is neither, or both forms are mixed.
    """
    if not words:
        return None
    pairs = [word.rpartition("=") for word in words]
    if any(not value.strip().isdecimal() for _, _, value in pairs) or (len(words) > 1 and not all(equals for _, equals, _ in pairs)):
        raise OptionError(
            f"Merging reads a number, or column=number for each column; got {shown(list(words))}.", fix="For example: --merge-below 11"
        )
    if not pairs[0][1]:
        return int(pairs[0][2])
    return {name: int(value) for name, _, value in pairs}


def read_labels(text: str | None) -> dict[str, list[str] | dict[str, float]]:
    """Read ``tone=calm|worried; severity=mild:0.5|severe:0.5``: levels, or levels with weights, by label.

    Raises
    ------
    OptionError
        A part isn't of that form, a label comes twice, or some levels of one have weights and others none.
    """
    found: dict[str, list[str] | dict[str, float]] = {}
    for part in filter(str.strip, (text or "").split(";")):
        name, equals, levels = part.partition("=")
        if not equals or not name.strip() or not levels.strip():
            raise OptionError(
                f"A label reads name=level|level; got {shown(part.strip())}.", fix='For example: --labels "tone=calm|worried"'
            )
        if name.strip() in found:
            raise OptionError(f"The label {shown(name.strip())} was given twice.", fix="Put its levels together.")
        found[name.strip()] = read_choices(levels)
    return found


def read_choices(text: str) -> list[str] | dict[str, float]:
    """Read ``calm|worried``, or ``calm:2|worried:1`` with weights.

    Raises
    ------
    OptionError
        A choice is empty, comes twice or has a weight that is no number, or some have weights and others none.
    """
    parts = [part.strip() for part in text.split("|")]
    weighed = [_weighed(part) for part in parts]
    names = [name for name, _ in weighed]
    if "" in names or len(set(names)) < len(names):
        raise OptionError(f"Choices read a|b|c, each once; got {shown(text.strip())}.", fix="Name each choice once.")
    weights = {name: weight for name, weight in weighed if weight is not None}
    if not weights:
        return names
    if len(weights) < len(names):
        raise OptionError(f"Some choices have a weight and others none in {shown(text.strip())}.", fix="Give each a weight, or none.")
    return weights


def _weighed(part: str) -> tuple[str, float | None]:
    name, colon, weight = part.rpartition(":")
    try:
        return (name.strip(), float(weight)) if colon else (part, None)
    except ValueError:
        return part, None


def read_limits(
    *, tokens: int | None = None, cost: float | None = None, minutes: float | None = None, watt_hours: float | None = None
) -> Limits | None:
    """Return what a run may use at most; None where nothing was said.

    Raises
    ------
    OptionError
        A limit isn't a number from 0 on.
    """
    if tokens is cost is minutes is watt_hours is None:
        return None
    from synthnb.models.limits import Limits

    return Limits(tokens=tokens, money=cost, seconds=None if minutes is None else 60 * minutes, watt_hours=watt_hours)


def read_sizes(text: str | None) -> list[float]:
    """Read comma-separated sizes, such as ``1000,20000``.

    Raises
    ------
    OptionError
        One isn't a number.
    """
    try:
        return [float(part.replace("_", "")) for part in (text or "").split(",") if part.strip()]
    except ValueError:
        raise OptionError(f"Sizes are numbers, comma-separated; got {shown(text)}.", fix="For example: --at 20000,40000") from None
