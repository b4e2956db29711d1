"""Completion after ``%synth``: verbs, options, frame names, columns, models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from synthnb.disclosure.session import session
from synthnb.jupyter.namespace import frame_names, is_frame
from synthnb.jupyter.parser import VERBS, Option, Verb
from synthnb.models.registry import model_names
from synthnb.plugins import available

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult

__all__ = ["matcher", "suggest"]

PROVIDERS = ("anthropic", "google", "openai", "server")
"""Whose keys `%synth key` takes."""


def suggest(text: str, variables: Mapping[str, Any]) -> list[str]:
    """Return what may stand at the end of a line that begins with ``%synth``.

    Parameters
    ----------
    text : str
        The line up to the cursor, from ``%synth`` or ``%%synth`` on.
    variables : mapping
        The user's variables.
    """
    words = text.lstrip().split(" ")[1:]
    if not words:
        return []
    *before, last = words
    before = [word for word in before if word]
    if not before:
        return _starting(last, [*VERBS, "help"])
    verb = VERBS.get(before[0])
    if verb is None:
        return []
    waiting = _option(verb, before[-1])
    if waiting and waiting.takes != "flag":
        return _values(waiting, last, before, variables)
    unused = [option.name for option in verb.options if option.name.startswith("--") and option.name not in before]
    if last.startswith("-"):
        return _starting(last, unused)
    positions = [option for option in verb.options if not option.name.startswith("--")]
    values = _values(positions[len(before) - 1], last, before, variables) if len(before) <= len(positions) else []
    return values + (_starting(last, unused) if not last else [])


def _option(verb: Verb, name: str) -> Option | None:
    return next((option for option in verb.options if option.name == name and name.startswith("--")), None)


def _starting(start: str, choices: Iterable[str]) -> list[str]:
    return [choice for choice in choices if choice.startswith(start)]


def _values(option: Option, last: str, before: list[str], variables: Mapping[str, Any]) -> list[str]:
    if option.takes == "frame":
        return _starting(last, frame_names(variables))
    if option.takes == "column":
        return [_quoted(name) for name in _columns(before, variables) if name.startswith(last)]
    if option.takes == "columns":
        head, _, tail = last.rpartition(",")
        done = f"{head}," if head else ""
        return [f"{done}{name}" for name in _columns(before, variables) if name.startswith(tail) and " " not in name]
    if option.takes == "model":
        return _starting(last, model_names())
    if option.takes == "engine":
        return _starting(last, ["auto", "llm", *available("synthnb.engines")])
    if option.takes == "provider":
        return _starting(last, PROVIDERS)
    if option.takes == "run":
        return _starting(last, [entry["id"] for entry in reversed(session.entries()) if entry["id"].startswith("run-")])
    return _starting(last, option.choices)


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def _columns(before: list[str], variables: Mapping[str, Any]) -> list[str]:
    """Columns of the first frame named on the line."""
    frames = (variables[word] for word in before if is_frame(variables.get(word)))
    frame = next(frames, None)
    return [] if frame is None else [str(name) for name in getattr(frame, "columns", [])]


def matcher(variables: Callable[[], Mapping[str, Any]]) -> Callable[[CompletionContext], SimpleMatcherResult]:
    """Return an IPython matcher over the user's variables."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    def synth_matcher(context: CompletionContext) -> SimpleMatcherResult:
        line = context.text_until_cursor
        if not line.lstrip().startswith(("%synth ", "%%synth ")):
            return {"completions": []}
        matched = line.split(" ")[-1]
        found = [SimpleCompletion(text=text, type="magic") for text in suggest(line, variables())]
        return {"completions": found, "matched_fragment": matched, "suppress": bool(found)}

    marked: Callable[[CompletionContext], SimpleMatcherResult] = context_matcher()(synth_matcher)
    return marked
