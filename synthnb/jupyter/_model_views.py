"""What the templates show of compiled descriptions, scaling laws and the differences between runs. Plain data in and out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from synthnb._api.describing import SOURCE_LABELS
from synthnb.jupyter._words import DASH, cell, clean, count, fixed

__all__ = ["compiled_view", "cost_words", "differences_view", "model_words", "price_words", "scaling_view", "where_words"]

Json = dict[str, Any]

_MOST_NUMBERS = 120
_MOST_STATEMENTS = 60
_MOST_COLUMNS = 60
_MOST_SHOWN = 12
_MOST_NOTES = 20
_MOST_CHANGES = 100
_LONGEST_PROMPT = 4000


def _value(value: object) -> str:
    shown = cell(value)
    return DASH if shown is None else shown


def cost_words(calls: Mapping[str, Any] | None) -> str:
    """What calls used, in a few words: ``12 calls (4 kept), 3,400 tokens, $0.02``."""
    if not calls:
        return ""
    made = calls.get("calls") or 0
    kept = f" and {count(calls['kept'])} kept ones" if calls.get("kept") else ""
    tokens = (calls.get("tokens_in") or 0) + (calls.get("tokens_out") or 0)
    money = calls.get("money")
    priced = "price not known" if money is None else f"${money:,.2g}" if money else ""
    parts = [f"{count(made)} call{'' if made == 1 else 's'}{kept}", f"{count(tokens)} tokens", priced if made else ""]
    return ", ".join(filter(None, parts))


_WHERE = {"in-process": "in this process", "local-server": "a server on this machine", "hosted": "hosted"}


def where_words(locality: object) -> str:
    """Where a model's weights run."""
    return _WHERE.get(str(locality), clean(locality))


def model_words(model: Mapping[str, Any] | None) -> str:
    """A model in a few words: its name, its terms, where it ran, and which one was asked for and which replied."""
    if not model:
        return ""
    returned, requested = model.get("returned"), model.get("requested") or model.get("id")
    asked = f"asked for as {clean(requested)}" if requested and requested != model.get("name") else ""
    replied = f"replied as {clean(returned, 120)}" if returned and returned not in (requested, model.get("name")) else ""
    where = where_words(model.get("locality")) if model.get("locality") else ""
    licence = f"licence {clean(model['licence'])}" if model.get("licence") else ""
    return ", ".join(
        filter(None, [clean(model.get("name") or requested), clean(model.get("quantisation")), licence, where, asked, replied])
    )


def price_words(model: Mapping[str, Any]) -> str:
    """What a model costs, in a few words: ``$0.15 / $0.60 for a million tokens read / written``."""
    prices = (model.get("price_in"), model.get("price_out"))
    if None in prices:
        return "not known" if {"price_in", "price_out"} & set(model) else ""
    return "free" if not any(prices) else f"${prices[0]:g} / ${prices[1]:g} a million tokens read / written"


_GUESSED = "Nothing below was observed. Numbers that the description doesn't give are guesses, and each says whose."
_SUMMED = "No row below was observed. Numbers that the description doesn't give are figures of real data or guesses, and each says whose."


def compiled_view(compiled: Mapping[str, Any]) -> Json:
    """Everything that is said of a compiled description."""
    numbers, statements = compiled.get("numbers") or [], compiled.get("statements") or []
    columns, sample = compiled.get("columns") or [], compiled.get("sample") or {}
    names = sample.get("columns") or []
    model = compiled.get("model") or {}
    facts = [
        ("Model", model_words(model), ""),
        ("Calls", cost_words(compiled.get("calls")), ""),
        ("Recipe", clean(compiled.get("digest"), 100), ""),
    ]
    size = f"{count(compiled.get('rows'))} rows × {len(columns):,} columns"
    return {
        "title": f"Recipe {clean(compiled.get('table'))}: {size}, from a description",
        "said": _SUMMED if any(one.get("source") == "summary" for one in numbers) else _GUESSED,
        "columns": [[clean(one.get("name")), clean(one.get("kind")), clean(one.get("how"), 200)] for one in columns[:_MOST_COLUMNS]],
        "numbers": [_number(one) for one in numbers[:_MOST_NUMBERS]],
        "more_numbers": max(0, len(numbers) - _MOST_NUMBERS),
        "statements": [
            [clean(one.get("text"), 120), clean(one.get("meaning"), 120), _held(one.get("held"))] for one in statements[:_MOST_STATEMENTS]
        ],
        "sample": {
            "head": [clean(name) for name in names[:_MOST_SHOWN]],
            "rows": [[cell(value) for value in row[:_MOST_SHOWN]] for row in (sample.get("rows") or [])[:10]],
            "more": max(0, len(names) - _MOST_SHOWN),
        },
        "notes": [clean(note, 300) for note in (compiled.get("notes") or [])[:_MOST_NOTES]],
        "facts": [fact for fact in facts if fact[1]],
    }


def _held(held: object) -> str:
    """Whether a statement holds in rows drawn on trial; None where that can't be told from rows."""
    return "holds" if held is True else "does not hold" if held is False else "not told by rows"


def _number(one: Mapping[str, Any]) -> list[str]:
    source = str(one.get("source"))
    return [
        clean(one.get("column")),
        clean(one.get("label") or one.get("number")),
        _value(one.get("value")),
        SOURCE_LABELS.get(source, clean(source)),
        clean(one.get("note"), 120),
    ]


def scaling_view(law: Mapping[str, Any]) -> Json:
    """Everything that is said of a scaling law."""
    parameters = law.get("parameters") or {}
    return {
        "title": f"Scaling law of {len(law.get('sizes') or []):,} measurements",
        "summary": clean(law.get("summary"), 600),
        "interval_head": f"{100 * float(law.get('confidence') or 0.95):g} % interval",
        "parameters": [[clean(name), _value(one.get("value")), _span(one)] for name, one in parameters.items()]
        + [["RMSE of the fit", _value(law.get("rmse")), ""]],
        "warnings": [clean(warning, 400) for warning in law.get("warnings") or []],
        "said": f"{clean(law.get('law'), 100)}, {clean(law.get('reference'), 100)}. Nothing is told beyond "
        f"{_value(law.get('reach'))} times the largest size measured.",
    }


def _span(one: Mapping[str, Any]) -> str:
    low, high = (_value(one.get(end)) for end in ("low", "high"))
    return f"{'none' if low == DASH else low} to {'none' if high == DASH else high}"


def differences_view(found: Mapping[str, Any]) -> Json:
    """Everything that is said of what changed between two runs."""
    changes = found.get("changes") or []
    runs = [clean(run) for run in found.get("runs") or ["the first", "the other"]]
    return {
        "title": clean(found.get("summary"), 600),
        "before": runs[0],
        "after": runs[1],
        "changes": [
            [clean(one.get("part")), clean(one.get("path"), 120), _said(one.get("before")), _said(one.get("after"))]
            for one in changes[:_MOST_CHANGES]
        ],
        "more_changes": max(0, len(changes) - _MOST_CHANGES),
        "prompts": [(clean(name), _words(words)) for name, words in (found.get("prompts") or {}).items()],
        "distances": [_distance(one) for one in (found.get("distances") or [])[:_MOST_CHANGES]],
        "notes": [clean(note, 400) for note in found.get("notes") or []],
        "ignored": [[clean(name), clean(why, 200)] for name, why in (found.get("ignored") or {}).items()],
    }


def _said(value: object) -> str:
    """A value of a run; a dash where there is none."""
    return DASH if value is None else clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str), 200)


def _words(words: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Stretches of a prompt with their signs, up to a length."""
    shown: list[tuple[str, str]] = []
    left = _LONGEST_PROMPT
    for one in words:
        if left <= 0:
            return [*shown, (" ", " …")]
        text = "\n".join(clean(line, left) for line in str(one.get("text"))[:left].split("\n"))
        shown.append((str(one.get("sign")), text))
        left -= len(text)
    return shown


def _distance(one: Mapping[str, Any]) -> list[str]:
    sides: Sequence[Mapping[str, Any]] = one.get("summary") or ({}, {})
    summaries = [", ".join(f"{clean(name, 40)} {_value(value)}" for name, value in side.items()) for side in sides]
    value = clean(one.get("reason"), 120) if one.get("value") is None else fixed(one["value"])
    return [
        clean(one.get("column")),
        clean(one.get("measure")),
        value,
        fixed(one.get("by_chance")),
        " and ".join(count(number) for number in one.get("n") or ()),
        *summaries,
    ]
