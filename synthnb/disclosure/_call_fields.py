"""What the calls of a run to a language model state about the catalogue's fields.

The run may have been made elsewhere or by an earlier version: what isn't there is not stated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from synthnb.disclosure._phrases import about, asked_of, counted, moment, named

__all__ = [
    "call_fields",
    "discarded",
    "is_model",
    "is_used",
    "links",
    "numbers_from_model",
    "part_of",
    "seed_words",
    "settings_words",
    "use_words",
    "where_words",
]

Fields = dict[str, Any]

_LONGEST_PROMPT = 4000
_ACCESS = {
    "in-process": ("in this process, on this machine", "nothing was sent elsewhere"),
    "local-server": ("a server on this machine", "whether it sends anything on is not known"),
    "hosted": ("hosted by the provider", "the prompts, with the values they hold, were sent there"),
}
"""Where a model is, and where what it was asked went."""
_NATURE = {
    "real": "real rows, or rows of unknown origin",
    "synthetic": "synthetic rows",
    "summary": "figures of real rows",
}
"""What of the user's data the prompts held."""
_SETTINGS = {
    "temperature": "temperature {}",
    "top_p": "top-p {}",
    "max_tokens": "at most {} tokens a text",
    "repeat_penalty": "repetition penalty {}",
}


def is_model(run: Mapping[str, Any]) -> bool:
    """Whether a language model, rather than nothing or a stand-in, took part."""
    model = run.get("model") or {"stand_in": True}
    return not model.get("stand_in")


def part_of(run: Mapping[str, Any]) -> Literal["none", "recipe", "values"]:
    """What the run's model, or its stand-in, did: nothing, the recipe that software drew from, or the values themselves."""
    if not run.get("model"):
        return "none"
    return "values" if run["kind"] != "generate" or run.get("engine") == "llm" else "recipe"


def call_fields(run: Mapping[str, Any], subject: str, column: str) -> Fields:
    """Return the fields about a model, what it was asked, and where that went.

    Parameters
    ----------
    run : mapping
        ``Run.to_dict()`` of a run with a model.
    subject : str
        What was made, as the fields name it.
    column : str
        What the prompts are about: the column, or the subject.
    """
    model, calls = run["model"], _calls(run)
    return _model(run, model, calls) | {
        "accessMode": _one_or_all([_access(model, calls), *_sent(calls, column), *_second_access(run, column)]),
        "auxiliaryModels": _auxiliary(run),
        "machineAnnotationTools": _checks(run, subject),
        "fullPrompt": _prompts(run, calls, column),
        "systemPrompt": _system(run, calls),
        "promptVersions": about(column, _said(run, "prompt_versions"), *_digests(calls)),
        "callStructure": about(column, _said(run, "calls"), _at_once(calls), _shown(run)),
        "license": _licence(run, subject),
        "upstreamWatermark": about(subject, "unknown: the replies weren't searched for one" if is_model(run) and is_used(run) else ""),
    }


def _licence(run: Mapping[str, Any], subject: str) -> str:
    """The licence of the documents that are quoted, where the user said it."""
    licence = str(asked_of(run).get("licence") or "not stated")
    told = run["kind"] == "questions" and licence != "not stated"
    return about(subject, f"the documents it quotes are under {licence}") if told else ""


def _one_or_all(said: list[str]) -> str | list[str]:
    return said[0] if len(said) == 1 else said


def _calls(run: Mapping[str, Any]) -> Mapping[str, Any]:
    found = run.get("calls")
    return found if isinstance(found, Mapping) else {}


def _said(run: Mapping[str, Any], what: str) -> str:
    return str((run.get("account") or {}).get(what, ""))


def _is_recorded(model: Mapping[str, Any]) -> bool:
    """Whether the replies come from a file rather than from a model."""
    return any(str(model.get(name)).startswith("replay:") for name in ("id", "requested"))


def _counts(calls: Mapping[str, Any]) -> tuple[int, int]:
    """Calls made in this run, and replies kept from earlier ones."""
    return int(calls.get("calls") or 0), int(calls.get("kept") or 0)


def _access(model: Mapping[str, Any], calls: Mapping[str, Any]) -> str:
    """Where the model is, and what went there in this run."""
    if _is_recorded(model):
        return "recorded replies, read from a file on this machine; nothing was sent elsewhere"
    locality = str(model.get("locality"))
    where, went = _ACCESS.get(locality, ("not known", ""))
    if locality in {"hosted", "local-server"} and "calls" in calls:
        made, kept = _counts(calls)
        if not made:
            went = "nothing was sent in this run"
            went += ", in which every reply was kept from an earlier call" if kept else ", in which no call was made"
        elif kept and locality == "hosted":
            went += f" with {counted(made, 'call')}; {counted(kept, 'reply was', 'replies were')} kept from earlier calls"
    return f"{where}; {went}" if went else where


def where_words(run: Mapping[str, Any]) -> str:
    """Where the run's model is, and what went there."""
    return _access(run["model"], _calls(run))


def _second_access(run: Mapping[str, Any], column: str) -> list[str]:
    """Where the model that checked the answers is, and what went there."""
    verifier = asked_of(run).get("verifier")
    if not isinstance(verifier, Mapping) or not verifier.get("locality"):
        return []
    calls = verifier.get("calls")
    calls = calls if isinstance(calls, Mapping) else {}
    whom = f"the model {verifier.get('name') or verifier.get('id') or 'not stated'}, which checked the answers"
    return [f"{whom}: {_access(verifier, calls)}", *(f"{whom}: {said}" for said in _sent(calls, column))]


def _model(run: Mapping[str, Any], model: Mapping[str, Any], calls: Mapping[str, Any]) -> Fields:
    recorded = _is_recorded(model)
    parts = [
        "recorded replies: no weights were run"
        if recorded
        else "open weights"
        if model.get("open_weights")
        else "closed or unknown weights",
        f"licence {model['licence']}" if model.get("licence") else "",
        f"quantised {model['quantisation']}" if model.get("quantisation") else "",
        "" if recorded else str(model.get("weights_digest") or "digest not stated"),
    ]
    developer = f"developed by {model['developer']}, " if model.get("developer") else ""
    nothing = "" if is_model(run) else " (no text in this run comes from a language model)"
    return {
        "modelName": f"{model.get('name', 'not stated')}{nothing}",
        "modelVersion": _versions(model, calls),
        "modelProvider": f"{developer}{'' if recorded else 'run by '}{model.get('provider') or 'not stated'}",
        "modelWeights": ", ".join(part for part in parts if part),
        "modelAdaptation": str(model.get("adaptation") or ""),
        "trainingCutoff": str(model.get("training_cutoff") or ""),
        "providerTerms": f"the model's licence is {model['licence']}" if model.get("licence") else "",
    }


def _versions(model: Mapping[str, Any], calls: Mapping[str, Any]) -> str | list[str]:
    """What was requested and what replied, with a warning where that may not be the same weights."""
    requested = str(model.get("requested") or model.get("id"))
    returned = [str(name) for name in calls.get("returned") or [model.get("returned")] if name]
    said = f"requested {requested}, returned {', '.join(returned) or 'not stated'}"
    if marks := calls.get("fingerprints"):
        said += f"; the provider's mark of its system: {', '.join(map(str, marks))}"
    warning = _warning(model, requested, returned)
    return [said, warning] if warning else said


def _warning(model: Mapping[str, Any], requested: str, returned: list[str]) -> str:
    if len(returned) > 1:
        return f"warning: {len(returned)} models replied in one run, {', '.join(returned)}"
    if not returned or model.get("weights_digest") or model.get("stand_in") or _is_recorded(model):
        return ""
    known = {requested, str(model.get("name")), requested.partition("/")[2], requested.partition("@")[0]}
    if returned[0] in known:
        return ""
    return (
        f"warning: {requested} was requested and {returned[0]} replied; the name requested may be an alias, "
        "which the provider can move to another model"
    )


def seed_words(run: Mapping[str, Any]) -> str:
    """The seed, and whether the model heeds one; no number where the values are the model's and it doesn't."""
    part = part_of(run)
    if part == "none":
        return str(run["seed"])
    calls = _calls(run)
    heeds = calls["seed_support"] if "seed_support" in calls else run["model"].get("seed_support", True)
    if heeds is False:
        model = "unsupported by the model: the same request can give another reply"
        return model if part == "values" else f"{run['seed']} for the rows drawn from the recipe; {model}"
    return f"{run['seed']}; whether the model heeds it is not known" if heeds is None else str(run["seed"])


def use_words(run: Mapping[str, Any]) -> list[str]:
    """Calls, tokens, cost and energy; empty where the run doesn't count them."""
    calls = _calls(run)
    if not calls:
        counts = run.get("counts", {})
        return [", ".join(f"{counts[key]:,} {key.replace('_', ' ')}" for key in ("tokens_in", "tokens_out") if key in counts)]
    new, kept, tries = (int(calls.get(key) or 0) for key in ("calls", "kept", "tries"))
    return [
        f"{counted(new, 'call')} to the model" + (f", {tries - new:,} sent again" if tries > new else ""),
        f"{counted(kept, 'reply', 'replies')} kept from an earlier run" if kept else "",
        f"{int(calls.get('tokens_in') or 0):,} tokens in, {int(calls.get('tokens_out') or 0):,} tokens out",
        _cost(calls),
        f"{calls['watt_hours']:.3g} Wh, as estimated" if calls.get("watt_hours") is not None else "energy not estimated",
        f"limits: {limits}" if (limits := _limits(calls)) else "",
        f"stopped early since {calls['stopped']}" if calls.get("stopped") else "",
    ]


def _cost(calls: Mapping[str, Any]) -> str:
    money = calls.get("money")
    return "cost not known" if money is None else f"US${money:,.4f} at list prices" if money else "no charge"


def _limits(calls: Mapping[str, Any]) -> str:
    units = {"money": "US dollars", "watt_hours": "Wh"}
    limits = calls.get("limits")
    found = limits.items() if isinstance(limits, Mapping) else ()
    return ", ".join(f"{value:,} {units.get(name, name)}" for name, value in found if value is not None)


def discarded(run: Mapping[str, Any]) -> list[str]:
    """Replies that weren't used, by reason, and calls that failed, in words."""
    calls = _calls(run)
    reasons = calls.get("discarded")
    found = [
        f"{counted(int(count), 'reply', 'replies')} discarded: {reason}"
        for reason, count in (reasons.items() if isinstance(reasons, Mapping) else ())
    ]
    failed = int(calls.get("failed") or 0)
    return [*found, *([f"{counted(failed, 'call')} failed"] if failed else [])]


def _sent(calls: Mapping[str, Any], column: str) -> list[str]:
    """What of the user's data went into prompts, one sentence each, and when the model replied."""
    sent = [item for item in calls.get("sent") or () if isinstance(item, Mapping)]
    made, kept = _counts(calls)
    head, tail = "in the prompts: ", ""
    if "calls" in calls and not made:
        head = "in the prompts of the earlier calls: " if kept else "meant for the prompts, but not sent, since no call was made: "
    if calls.get("stopped") and made + kept:
        tail = f"; the run was stopped after {counted(made, 'call')}"
        tail += f" and {counted(kept, 'kept reply', 'kept replies')}" if kept else ""
    found = [f"{column}: {head}{_what(item, cut=bool(tail))}, {item.get('digest')}{tail}" for item in sent]
    if calls.get("first_reply") and calls.get("last_reply"):
        found.append(f"{column}: replies were given from {moment(str(calls['first_reply']))} to {moment(str(calls['last_reply']))}")
    return found


def _what(item: Mapping[str, Any], *, cut: bool) -> str:
    """What of the user's data it was, and whether it was real, unless that is said already."""
    what, nature = str(item.get("what")), item.get("rows")
    what = f"at most {what}" if cut and what[:1].isdigit() else what
    words = _NATURE.get(nature, "") if isinstance(nature, str) else ""
    return f"{what} ({words})" if words and str(nature) not in what.lower().split() else what


def _auxiliary(run: Mapping[str, Any]) -> str | list[str]:
    """Models that took part beside the one that wrote."""
    verifier = asked_of(run).get("verifier")
    told = [f"checked the answers: {verifier}"] if isinstance(verifier, str) and verifier else []
    if isinstance(verifier, Mapping):
        told = [f"checked the answers: {verifier.get('name') or verifier.get('id')}, run by {verifier.get('provider') or 'not stated'}"]
    said = _said(run, "other_models")
    return _one_or_all([*told, *([said] if not told or (said and said != "none") else [])])


def _checks(run: Mapping[str, Any], subject: str) -> str:
    """How a program or a model checked the answers; the word ``none`` where nothing did. A person's checks are not told here."""
    if run["kind"] != "questions":
        return ""
    return about(subject, f"answers checked by: {asked_of(run).get('verify') or 'none'}")


def _prompts(run: Mapping[str, Any], calls: Mapping[str, Any], column: str) -> str | list[str]:
    """Every prompt template, or its digest where the user kept it out."""
    templates = [item for item in calls.get("templates") or () if isinstance(item, Mapping)]
    if templates:
        return _one_or_all([f"{column}, {item.get('name')}: {_text_of(item)}" for item in templates])
    asked = asked_of(run)
    text, seal = asked.get("prompt") or asked.get("instruction"), asked.get("instruction_digest", "")
    hidden = f"kept out at the user's request; {seal}" if asked.get("sensitive") else "not stated"
    return f"{column}: {text or hidden}"


def _system(run: Mapping[str, Any], calls: Mapping[str, Any]) -> str | list[str]:
    if said := asked_of(run).get("system"):
        return str(said)
    found = [item for item in calls.get("templates") or () if isinstance(item, Mapping) and "system" in str(item.get("name"))]
    return _one_or_all([f"{item['name']}: {_text_of(item)}" for item in found]) if found else "none"


def _text_of(template: Mapping[str, Any]) -> str:
    text = template.get("text")
    if text is None:
        return f"kept out at the user's request; {template.get('digest')}"
    text = str(text)
    return text if len(text) <= _LONGEST_PROMPT else f"{text[:_LONGEST_PROMPT]}… (cut; whole in the run; {template.get('digest')})"


def _digests(calls: Mapping[str, Any]) -> list[str]:
    words = {"prompts_digest": "all prompts as sent, with their parameters, in order", "replies_digest": "all replies, in order"}
    return [f"{said}: {calls[key]}" for key, said in words.items() if calls.get(key)]


def _at_once(calls: Mapping[str, Any]) -> str:
    return f"up to {calls['at_once']} at the same time" if int(calls.get("at_once") or 1) > 1 else ""


def _shown(run: Mapping[str, Any]) -> str:
    asked = asked_of(run)
    if run["kind"] != "column":
        return ""
    given = ", ".join(str(column) for column in [*asked.get("placed", ()), *asked.get("given", ())])
    return f"shown to the model: {given or 'no column'}"


def settings_words(run: Mapping[str, Any]) -> str:
    """Temperature and the like, in words; empty where the run doesn't say."""
    asked = asked_of(run)
    return ", ".join(words.format(asked[name]) for name, words in _SETTINGS.items() if asked.get(name) is not None)


def links(run: Mapping[str, Any]) -> str:
    """Where it is kept which reply each row came of."""
    calls = _calls(run)
    if not calls or part_of(run) != "values":
        return ""
    if not calls.get("origins"):
        return "which reply each came of wasn't kept"
    return f"which reply each came of is kept in {named(calls.get('store'))}, under {run['id']}"


def numbers_from_model(run: Mapping[str, Any]) -> tuple[int, int]:
    """Of the recipe's numbers, those that come from the model, and all."""
    numbers = asked_of(run).get("numbers_stated_by")
    found = numbers if isinstance(numbers, Mapping) else {}
    return int(found.get("model", 0)), sum(int(value) for value in found.values())


def is_used(run: Mapping[str, Any]) -> bool:
    """Whether any reply of the model went into what was made, as far as the run tells."""
    if (part := asked_of(run).get("model_part")) is not None:  # of a compiled description: how much of a recipe the model gave
        return bool(part != "none")
    calls = _calls(run)
    reasons = calls.get("discarded")
    lost = int(calls.get("failed") or 0) + sum(reasons.values() if isinstance(reasons, Mapping) else ())
    return not calls or int(calls.get("calls") or 0) + int(calls.get("kept") or 0) > lost
