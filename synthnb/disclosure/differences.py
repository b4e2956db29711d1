"""What changed between two runs: prompts, model, parameters, seed, recipe, inputs, versions, counts, and what came out.

Runs come as plain mappings, so that those of other sessions and earlier versions can be compared
too; what a run doesn't say is ``None``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from synthnb._display import Shown
from synthnb.disclosure._phrases import counted
from synthnb.disclosure.reading import mapping

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.disclosure._distributions import Distance

__all__ = ["IGNORED", "Change", "Differences", "Part", "Words", "differences", "word_changes"]

Part = Literal["what", "prompts", "model", "parameters", "seed", "recipe", "inputs", "versions", "counts", "calls", "output"]
"""What of a run a change is about."""

IGNORED: Mapping[str, str] = {
    "id": "each run has its own",
    "started": "when, not what",
    "ended": "when, not what",
    "seconds": "how long it took, which depends on the machine",
    "request": "the call; what it comes to is compared part by part",
    "notes": "they tell in words what is compared as figures",
    "engine_reason": "likewise",
    "policy": "what was allowed, not what was made",
    "account": "what an engine says of itself; its version is compared",
    "calls.first_reply": "when, not what",
    "calls.last_reply": "when, not what",
    "calls.seconds": "how long it took, which depends on the machine",
    "calls.pace": "likewise",
    "calls.watt_hours": "estimated from how long it took; the limit on them is compared",
    "calls.origins": "how many rows are linked to replies; their number is compared",
}
"""What isn't compared, and why."""

_LONGEST = 400
_MOST_WORDS = 3000
_CONTEXT = 6
_DEEPEST = 12
_PROMPTS = ("system", "prompt", "instruction")
_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Change:
    """One thing that differs."""

    part: Part
    """What of the run it is about."""
    path: str
    """Which thing, such as ``columns.age.minimum``."""
    before: Json
    """In the first run, cut to 400 characters; None if not there."""
    after: Json
    """In the second."""


@dataclass(frozen=True)
class Words:
    """A stretch of a prompt: kept, taken out or put in."""

    sign: Literal[" ", "-", "+"]
    """Whether it is in both, in the first only or in the second only."""
    text: str
    """The words; of a long stretch that both have, its ends."""


@dataclass(frozen=True, repr=False)
class Differences(Shown):
    """What changed from one run to another."""

    display_name: ClassVar[str] = "differences"

    runs: tuple[str, str]
    """The two ids."""
    changes: tuple[Change, ...]
    """In the order of the parts."""
    prompts: Mapping[str, tuple[Words, ...]]
    """Of each prompt template that both runs have as text and that differs: its words, by the template's name."""
    distances: tuple[Distance, ...]
    """How far the columns made lie apart; empty where the two frames aren't at hand."""
    notes: tuple[str, ...] = ()
    """What couldn't be compared, and why."""

    @property
    def parts(self) -> list[str]:
        """What differs, each part once."""
        return list(dict.fromkeys(change.part for change in self.changes))

    @property
    def summary(self) -> str:
        """What differs, in a sentence."""
        if not self.changes:
            return f"{self.runs[0]} and {self.runs[1]} differ in nothing that is compared."
        found = [f"{part} ({sum(change.part == part for change in self.changes)})" for part in self.parts]
        return f"From {self.runs[0]} to {self.runs[1]}, {counted(len(self.changes), 'thing')} differ: {', '.join(found)}."

    def to_dict(self) -> dict[str, Json]:
        """The differences as plain JSON types: ``summary``, ``changes``, ``prompts``, ``distances``, ``notes`` and what was ignored."""
        return {
            "schema": "synthnb.differences/1",
            "runs": list(self.runs),
            "summary": self.summary,
            "changes": [asdict(change) for change in self.changes],
            "prompts": {name: [asdict(word) for word in words] for name, words in self.prompts.items()},
            "distances": [distance.to_dict() for distance in self.distances],
            "notes": list(self.notes),
            "ignored": dict(IGNORED),
        }

    def __repr__(self) -> str:
        return f"<Differences: {self.summary}>"


def differences(run_a: Mapping[str, Any], run_b: Mapping[str, Any], *, frames: tuple[Any, Any] | None = None) -> Differences:
    """Return what changed from one run to another.

    Parameters
    ----------
    run_a, run_b : mapping
        ``Run.to_dict()`` of each, or the same shape from elsewhere.
    frames : tuple of two frames, optional
        What the two made, where it is at hand: pandas, polars or Arrow.

    Returns
    -------
    Differences
        ``.changes``, ``.prompts`` word by word, and ``.distances`` of the columns made.

    Examples
    --------
    >>> one = {"id": "run-1", "kind": "column", "seed": 1, "parameters": {"temperature": 0.3}}
    >>> found = differences(one, one | {"id": "run-2", "seed": 2})
    >>> [(change.part, change.before, change.after) for change in found.changes]
    [('seed', 1, 2)]
    """
    from synthnb.disclosure._distributions import distances

    texts_a, texts_b = _prompts(run_a), _prompts(run_b)
    changes = [
        *_changed("what", _picked(run_a, "kind", "engine", "partial"), _picked(run_b, "kind", "engine", "partial")),
        *_prompt_changes(texts_a, texts_b),
        *_changed("model", _model(run_a), _model(run_b)),
        *_changed("parameters", _parameters(run_a), _parameters(run_b)),
        *_changed("seed", _picked(run_a, "seed"), _picked(run_b, "seed")),
        *_changed("recipe", _recipe(run_a), _recipe(run_b)),
        *_changed("inputs", _inputs(run_a), _inputs(run_b)),
        *_changed("versions", mapping(run_a.get("versions")), mapping(run_b.get("versions"))),
        *_changed("counts", _counts(run_a), _counts(run_b)),
        *_changed("calls", _calls(run_a), _calls(run_b)),
        *_changed("output", _output(run_a), _output(run_b)),
    ]
    found, notes = ((), [_no_frames(run_a, run_b)]) if frames is None else distances(*frames, columns=_made(run_a, run_b))
    hidden = [
        name for name in texts_a if name in texts_b and None in (texts_a[name][0], texts_b[name][0]) and texts_a[name] != texts_b[name]
    ]
    notes += [f"The words of the prompt {name} were kept out of a run; its digest differs." for name in hidden]
    return Differences(
        runs=(str(run_a.get("id")), str(run_b.get("id"))),
        changes=tuple(changes),
        prompts=dict(_prompt_words(texts_a, texts_b)),
        distances=tuple(found),
        notes=tuple(note for note in notes if note),
    )


def word_changes(before: str, after: str) -> tuple[Words, ...]:
    """Return two texts as one sequence of stretches that are kept, taken out or put in, word by word.

    Texts of more than 3,000 words are compared line by line.
    """
    pieces: list[list[str]] = [_TOKEN.findall(text) for text in (before, after)]
    by_line = max(map(len, pieces)) > _MOST_WORDS
    if by_line:
        pieces = [text.splitlines(keepends=True) for text in (before, after)]
    if max(map(len, pieces)) > _MOST_WORDS:
        return Words("-", _cut(before)), Words("+", _cut(after))
    found: list[Words] = []
    for action, a, b, c, d in difflib.SequenceMatcher(None, pieces[0], pieces[1], autojunk=False).get_opcodes():
        if action == "equal":
            found.append(Words(" ", _ends(pieces[0][a:b])))
            continue
        sides: list[tuple[Literal["-", "+"], str]] = [("-", "".join(pieces[0][a:b])), ("+", "".join(pieces[1][c:d]))]
        found += [Words(sign, _cut(text) if by_line else text) for sign, text in sides if text]
    return tuple(found)


def _ends(tokens: Sequence[str]) -> str:
    """A stretch that both texts have: whole if short, else its first and last words."""
    keep = 2 * _CONTEXT
    return "".join(tokens) if len(tokens) <= 3 * keep else f"{''.join(tokens[:keep])} … {''.join(tokens[-keep:])}"


def _cut(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}… ({len(value):,} characters)"


def _short(value: Any) -> Json:
    if value is None or isinstance(value, bool | int | float):
        return value
    return _cut(value if isinstance(value, str) else str(value))


def _flat(value: Any, path: str = "", level: int = 0) -> Iterator[tuple[str, Any]]:
    """Each leaf of nested mappings and lists with its path; what has a name is found by it, wherever in its list it stands."""
    if isinstance(value, Mapping) and value and level < _DEEPEST:
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key), level + 1)
    elif isinstance(value, list | tuple) and value and level < _DEEPEST:
        names = [item.get("name") if isinstance(item, Mapping) else None for item in value]
        by_name = all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
        for number, item in enumerate(value):
            yield from _flat(item, f"{path}.{names[number]}" if by_name else f"{path}[{number}]", level + 1)
    else:
        yield path, value


def _changed(part: Part, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    one, other = dict(_flat(before)) if before else {}, dict(_flat(after)) if after else {}
    paths = dict.fromkeys((*one, *other))
    return [
        Change(part, path, _short(one.get(path)), _short(other.get(path))) for path in paths if not _same(one.get(path), other.get(path))
    ]


def _same(one: Any, other: Any) -> bool:
    """Equal, and of one kind: ``true`` isn't 1, and what isn't there is as good as empty."""
    if isinstance(one, bool) is not isinstance(other, bool):
        return False
    return bool(one == other) or (one in (None, (), [], {}) and other in (None, (), [], {}))


def _picked(run: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: run.get(name) for name in names}


def _prompts(run: Mapping[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    """Text and digest of each prompt template by its name."""
    found: dict[str, tuple[str | None, str | None]] = {}
    for item in mapping(run.get("calls")).get("templates") or ():
        if isinstance(item, Mapping):
            name = str(item.get("name"))
            number = sum(known == name or known.startswith(f"{name} (") for known in found) + 1
            text = item.get("text")
            found[name if number == 1 else f"{name} ({number})"] = (None if text is None else str(text), str(item.get("digest")))
    asked = mapping(run.get("parameters"))
    for name in _PROMPTS:
        if name in asked and (name != "prompt" or not found):
            text = asked[name]
            found[name] = (None if text is None else str(text), str(asked[f"{name}_digest"]) if f"{name}_digest" in asked else None)
    return found


def _prompt_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    changes = []
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name, (None, None)), after.get(name, (None, None))
        if one != other:
            changes.append(Change("prompts", name, _short(one[0] or one[1]), _short(other[0] or other[1])))
    return changes


def _prompt_words(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Words, ...]]]:
    for name in before:
        one, other = before[name][0], after.get(name, (None, None))[0]
        if one is not None and other is not None and one != other:
            yield name, word_changes(one, other)


def _model(run: Mapping[str, Any]) -> dict[str, Any]:
    calls = mapping(run.get("calls"))
    said = {key: calls[key] for key in ("returned", "fingerprints", "seed_support") if key in calls}
    return {**mapping(run.get("model")), **said}


def _parameters(run: Mapping[str, Any]) -> dict[str, Any]:
    hidden = {*_PROMPTS, *(f"{name}_digest" for name in _PROMPTS), "recipe"}
    return {key: value for key, value in mapping(run.get("parameters")).items() if key not in hidden}


def _recipe(run: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's digest, and the recipe where the run holds it."""
    arguments = mapping(mapping(run.get("request")).get("arguments"))
    recipe = mapping(mapping(run.get("parameters")).get("recipe")) or mapping(arguments.get("recipe"))
    kinds = {str(column.get("name")): column.get("kind") for column in run.get("columns") or () if isinstance(column, Mapping)}
    return {"digest": run.get("recipe_digest"), **(recipe or {"kinds": kinds})}


def _inputs(run: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for item in run.get("inputs") or ():
        if isinstance(item, Mapping):
            found[str(item.get("name"))] = {key: value for key, value in item.items() if key not in {"name", "origin"}}
    return found


def _counts(run: Mapping[str, Any]) -> dict[str, Any]:
    reasons = {str(item.get("reason")): item.get("count") for item in run.get("explained") or () if isinstance(item, Mapping)}
    return {**_picked(run, "requested", "delivered"), "explained": reasons, **mapping(run.get("counts"))}


def _calls(run: Mapping[str, Any]) -> dict[str, Any]:
    hidden = {name.partition(".")[2] for name in IGNORED if name.startswith("calls.")}
    hidden |= {"templates", "returned", "fingerprints", "seed_support"}
    return {key: value for key, value in mapping(run.get("calls")).items() if key not in hidden}


def _output(run: Mapping[str, Any]) -> dict[str, Any]:
    return dict(mapping(run.get("output")))


def _made(run_a: Mapping[str, Any], run_b: Mapping[str, Any]) -> list[str] | None:
    """The columns that both runs made; None where they made whole tables."""
    if run_a.get("kind") != "column" and run_b.get("kind") != "column":
        return None
    found = []
    for run in (run_a, run_b):
        names = [str(column.get("name")) for column in run.get("columns") or () if isinstance(column, Mapping)]
        found.append(names if run.get("kind") == "column" else [str(name) for name in mapping(run.get("output")).get("columns") or ()])
    return [name for name in found[0] if name in found[1]]


def _no_frames(run_a: Mapping[str, Any], run_b: Mapping[str, Any]) -> str:
    same = mapping(run_a.get("output")).get("digest") == mapping(run_b.get("output")).get("digest") is not None
    return "" if same else "What came out wasn't compared column by column: the two frames aren't at hand."
