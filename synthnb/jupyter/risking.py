"""``%synth risk``: the risk record, with a guided form for what only a person can say."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from synthnb._api.risking import Risk, assess_risk
from synthnb.disclosure.risk import questions, steps
from synthnb.disclosure.session import session
from synthnb.errors import OptionError, SynthnbError, SynthnbWarning, shown
from synthnb.jupyter import _words
from synthnb.jupyter.mime import RECORD_MIME, _record, render
from synthnb.jupyter.publish import publish_bundle

__all__ = ["read_answers", "risk_bundle", "risk_text", "show_risk", "show_risk_record"]

_SIGNS = {"pass": "✓", "fail": "✗", "undecided": "?", "no limit": "–", "not attacked": "–"}
_LONGEST = 4_000


def read_answers(body: str) -> dict[str, str]:
    """Read ``Question: text`` lines; a line that begins with a space goes on with the one before.

    Raises
    ------
    OptionError
        A line begins with no question.
    """
    known = {name.casefold(): question.id for question in questions().values() for name in (question.id, question.label)}
    answers: dict[str, str] = {}
    last = ""
    for line in filter(str.strip, body.splitlines()):
        name, colon, text = line.partition(":")
        if line[0].isspace() and last:
            answers[last] += f" {line.strip()}"
        elif colon and name.strip().casefold() in known:
            last = known[name.strip().casefold()]
            answers[last] = text.strip()
        else:
            labels = ", ".join(question.label for question in questions().values())
            raise OptionError(f"An answer reads 'Question: text'; got {shown(line)}.", fix=f"The questions are: {labels}.")
    return answers


def show_risk(body: str | None, *, form: bool, by: str | None = None) -> None:
    """Show the risk record, with the form under it; saving the form updates the output in place."""
    answers: dict[str, Any] = dict(read_answers(body)) if body else {}
    risk = assess_risk(by=by, **answers)
    for warning in risk.warnings:
        warnings.warn(warning, SynthnbWarning, stacklevel=2)
    handle = publish_bundle(show_risk_record(risk)[0], updatable=True)
    if form and body is None and handle is not None:
        _show_form(risk, handle, by)


def show_risk_record(risk: Risk) -> tuple[dict[str, Any], dict[str, Any]]:
    """What attacks showed, what was said, what is recommended and what is missing, with the entry if one was added."""
    bundle = risk_bundle(risk.to_dict(), risk.warnings)
    if risk.entry is None:
        return bundle, {}
    carried = session.unseen() if any(entry["id"] == risk.entry["id"] for entry in session.unseen()) else [dict(risk.entry)]
    return session.mark_shown(carried, bundle | {RECORD_MIME: _record(carried)}), {}


def risk_bundle(risk: Mapping[str, Any], warned: tuple[str, ...] = ()) -> dict[str, Any]:
    """The risk record as HTML, Markdown and text, which stand without a kernel."""
    view = _view(risk) | {"warnings": list(warned)}
    return {"text/html": render("risk.html.j2", **view), "text/markdown": render("risk.md.j2", **view), "text/plain": risk_text(risk)}


def risk_text(risk: Mapping[str, Any]) -> str:
    """The same as lines of text."""
    view = _view(risk)
    lines = [f"Risk record: {view['state']}"]
    for step in view["steps"]:
        lines += ["", f"{step['label']}. {step['lead']}", *(f"  {line}" for line in step["told"])]
        lines += [f"  {row['frame']}, {row['attack']}: {row['result']}, {row['limit']}: {row['outcome']}" for row in step["attacks"]]
        lines += [f"  {row['label']}: {row['text']}" for row in step["answers"]]
    lines += ["", f"Recommended release class: {view['recommended']}. A person chooses; this is no permission."]
    lines += [f"  {reason}" for reason in view["reasons"]]
    lines += ["", f"Proposed assessment, for a person to confirm or to put in other words: {view['proposed']}"] if view["proposed"] else []
    return "\n".join(lines)


def _view(risk: Mapping[str, Any]) -> dict[str, Any]:
    problems = risk["problems"]
    return {
        "state": f"not complete: {'; '.join(problems)}" if problems else "complete",
        "steps": [_step(step, risk) for step in steps()],
        "recommended": risk["recommended"],
        "reasons": [f"{reason['at_most']} at most: {_words.clean(reason['said'], _LONGEST)}" for reason in risk["reasons"]],
        "proposed": "" if risk["answers"].get("assessment") else _words.clean(risk["proposed"], _LONGEST),
    }


def _step(step: Mapping[str, str], risk: Mapping[str, Any]) -> dict[str, Any]:
    asked = [question for question in questions().values() if question.step == step["id"]]
    told = [_words.clean(line, _LONGEST) for line in risk["generation"]] if step["id"] == "generate" else []
    attacks = [_attack(attack) for attack in risk["attacks"]] if step["id"] == "assess" else []
    answers = [{"label": one.label, "text": _words.clean(risk["answers"].get(one.id) or "not stated", _LONGEST)} for one in asked]
    return dict(step) | {"told": told, "attacks": attacks, "answers": answers}


def _attack(attack: Mapping[str, Any]) -> dict[str, str]:
    result = _words.clean(attack["reason"], 300)
    if attack["value"] is not None:
        ends = None not in (attack["low"], attack["high"])
        interval = f"{_words.fixed(attack['low'])} to {_words.fixed(attack['high'])}" if ends else "no interval"
        result = f"{attack['label']} {_words.fixed(attack['value'])} ({interval})"
    return {
        "frame": _words.clean(attack["frame"]),
        "attack": attack["attack"],
        "result": result,
        "limit": attack["limit"] or "no limit set",
        "outcome": attack["outcome"],
        "sign": _SIGNS[attack["outcome"]],
    }


def _show_form(risk: Risk, handle: Any, by: str | None) -> None:
    from synthnb.widgets.risk import RiskForm

    form = RiskForm(
        [dict(step) for step in steps()],
        [question.to_dict() | {"value": risk.answers.get(question.id, "")} for question in questions().values()],
        risk=risk.to_dict(),
        person=by or _person(),
    )

    def keep(_change: object) -> None:
        form.message = ""
        try:
            said = assess_risk(None, by=form.person or None, **dict(form.answers))
        except SynthnbError as error:
            form.message = f"Not recorded. {error}"
            return
        handle.update(show_risk_record(said)[0], raw=True)
        form.risk = said.to_dict()
        form.message = " ".join(["Recorded in this notebook's disclosure.", *said.warnings])

    form.observe(keep, names="saved")
    shape: Any = form._repr_mimebundle_()
    bundle, metadata = shape if isinstance(shape, tuple) else (shape, None)
    text = "A form for what only a person can say of the risk; it needs the running notebook."
    publish_bundle(dict(bundle or {}) | {"text/plain": text}, metadata=metadata)


def _person() -> str:
    from synthnb.config import get_config

    return get_config().person
