"""How a language model's judgement is shown: never as if a person had looked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synthnb.jupyter._model_views import cost_words
from synthnb.jupyter._words import clean, count, fixed, interval
from synthnb.jupyter.mime import RECORD_MIME, render

__all__ = ["judgement_bundle"]

Json = dict[str, Any]

_HEAD = ["Score", "Value", "95 % interval", "Beside it", "n", "Definition"]
_BESIDE = {"judge_mean": "real items", "judge_human_agreement": "raters among themselves"}


def judgement_bundle(judgement: Mapping[str, Any], entries: Sequence[Mapping[str, Any]] = ()) -> Json:
    """A judgement as HTML, Markdown and text.

    Parameters
    ----------
    judgement : mapping
        ``Judgement.to_dict()``.
    entries : sequence of entries
        What it adds to the record.
    """
    view = _view(judgement)
    rows = [" · ".join(filter(None, row[:5])) for row in view["rows"]]
    absent = [f"{name}: not computed: {reason}" for name, reason in view["absent"]]
    lines = [view["title"], view["standing"], view["asked"], *(f"Note: {one}" for one in view["warnings"]), *rows, *absent, view["said"]]
    record = {RECORD_MIME: {"schema": "synthnb.record/1", "entries": [dict(entry) for entry in entries]}} if entries else {}
    return {
        "text/html": render("judgement.html.j2", **view),
        "text/markdown": render("judgement.md.j2", **view),
        "text/plain": "\n".join(filter(None, lines)),
    } | record


def _view(judgement: Mapping[str, Any]) -> Json:
    judge, rubric, verdicts = judgement["judge"], judgement["rubric"], judgement["verdicts"]
    scores = judgement["scores"]
    items = " and ".join(f"{count(number)} {origin}" for origin, number in judgement["items"].items() if number)
    return {
        "title": f"Judgement of {clean(judgement['name'])} by {clean(judge['name'])}",
        "standing": clean(judgement["standing"], 300),
        "asked": f"{clean(rubric['title'])}: {items} {clean(judgement['unit'])}s, each judged {judgement['repeats']} times, the answers "
        f"listed up and down in turn; {count(judgement['pairs'])} pairs, each in both orders. "
        f"{count(verdicts['read'])} of {count(verdicts['wanted'])} verdicts could be read.",
        "warnings": [clean(warning, 400) for warning in judgement["warnings"]],
        "head": _HEAD,
        "rows": [_row(score) for score in scores if score["value"] is not None],
        "absent": [(_named(score), clean(score["reason"], 400)) for score in scores if score["value"] is None],
        "said": " · ".join(
            filter(
                None,
                [
                    f"{clean(judge['provider'])}, temperature {judgement['temperature']:g}, seed {judgement['seed']}",
                    f"prompt {clean(judgement['prompt_digest'], 100)[:19]}…",
                    cost_words(judgement["calls"]),
                ],
            )
        ),
    }


def _named(score: Mapping[str, Any]) -> str:
    about = f" ({', '.join(map(clean, score['subject']))})" if score["subject"] else ""
    return f"{clean(score['label'])}{about}"


def _row(score: Mapping[str, Any]) -> list[str]:
    beside = "" if score["ceiling"] is None else f"{_BESIDE.get(score['metric'], 'ceiling')} {fixed(score['ceiling'])}"
    definition = f"{clean(score['metric'])}/{score['version']}: {clean(score['reference'], 300)}"
    return [_named(score), fixed(score["value"]), interval(score), beside, count(score["n"]), definition]
