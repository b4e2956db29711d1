"""What a run states about the catalogue's fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from synthnb.disclosure.folding import SCHEMA

__all__ = ["digital_source_type", "named", "run_fields", "slot_of", "tool"]

_LONGEST_NAME = 60
_LONGEST_PARAMETERS = 2000
_COPIES = ("cop", "dup")
_TOKENS = ("tokens_in", "tokens_out")
_ACCESS = {
    "in-process": "in this process, on this machine; nothing was sent elsewhere",
    "local-server": "a server on this machine; whether it sends anything on is not known",
    "hosted": "hosted by the provider; the prompts, with the values they hold, were sent there",
}

Fields = dict[str, Any]


def named(value: object) -> str:
    """A name from data in quotation marks, cut to 60 characters."""
    text = " ".join(str(value).split())
    return f"“{text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + '…'}”"


def slot_of(run: Mapping[str, Any]) -> str:
    """What a later run of the same kind supersedes."""
    frame = run["output"].get("name", "")
    return f"column:{frame}.{_column(run)}" if run["kind"] == "column" else f"generate:{frame}"


def _column(run: Mapping[str, Any]) -> str:
    columns = run.get("columns") or [{}]
    return str(run.get("parameters", {}).get("column") or columns[-1].get("name", ""))


def _is_model(run: Mapping[str, Any]) -> bool:
    model = run.get("model") or {"stand_in": True}
    return not model.get("stand_in")


def _said(run: Mapping[str, Any], what: str) -> str:
    """What the engine says of itself; empty where it says nothing."""
    return str((run.get("account") or {}).get(what, ""))


def _about(subject: str, *said: str) -> str:
    """A value about a subject; none where there is nothing to say."""
    text = "; ".join(part for part in said if part)
    return f"{subject}: {text}" if text else ""


def digital_source_type(run: Mapping[str, Any]) -> str:
    """The IPTC term: trained model or not; what is mixed is told by the record as a whole."""
    if run["kind"] == "impute":
        return "compositeSynthetic"
    return "trainedAlgorithmicMedia" if _is_model(run) else "algorithmicMedia"


def run_fields(run: Mapping[str, Any]) -> Fields:
    """Return the fields that a run states."""
    subject = _subject(run)
    fields = _made(run, subject) | tool(run.get("versions", {})) | _method(run, subject) | _sources(run, subject)
    if run.get("model"):
        fields |= _model(run, run["model"]) | _prompts(run)
    return fields


def _subject(run: Mapping[str, Any]) -> str:
    frame = named(run["output"].get("name", ""))
    return f"{named(_column(run))} in {frame}" if run["kind"] == "column" else frame


def _made(run: Mapping[str, Any], subject: str) -> Fields:
    rows, width = run["delivered"], len(run["output"].get("columns", ()))
    whole = run["kind"] != "column"
    extent = f"{rows:,} of {rows:,} rows and {width} of {width} columns" if whole else f"this column, {rows:,} texts; {_others(run)}"
    term = digital_source_type(run)
    nature = f"synthetic{', every row and column' if whole else f' text; {_others(run)}'}"
    if run["kind"] == "impute":
        nature, extent = "real rows, in which missing cells were filled by draws", f"{_cells(run)}; all other cells are the real table's"
    return {
        "isSynthetic": f"{subject}: {nature}",
        "digitalSourceType": f"{subject}: {term}",
        "syntheticShare": f"{subject}: {extent}",
        "humanReadableStatement": _statement(run),
        "outputDigests": f"{named(run['output'].get('name', ''))}: {run['output'].get('digest', 'not stated')} (the table's content)",
        "recordSchema": SCHEMA,
        "marking": "record in the notebook's metadata and in each output, unsigned",
        "signature": "none",
    }


def _cells(run: Mapping[str, Any]) -> str:
    """How many cells of a completed table were drawn."""
    filled = int(run.get("counts", {}).get("cells_filled", 0))
    width = len(run["output"].get("columns", ()))
    return f"{filled:,} of {run['delivered'] * width:,} cells"


def _others(run: Mapping[str, Any]) -> str:
    """Where the columns that a model didn't write come from."""
    origins = [table.get("origin") for table in run.get("inputs", ())]
    if origins and all(isinstance(origin, Mapping) for origin in origins):
        made = ", ".join(f"{named(origin['name'])} ({origin['run']})" for origin in origins)
        return f"the other columns are synthetic too, from {made}"
    return "where the other columns come from isn't known to synthnb"


def _statement(run: Mapping[str, Any]) -> str:
    frame, stopped = named(run["output"].get("name", "")), " It was stopped before it was done." if run.get("partial") else ""
    if run["kind"] == "column":
        who = f"the language model {run['model']['name']}" if _is_model(run) else "a stand-in that is not a language model"
        extent = _count(run["delivered"], "row")
        return f"The column {named(_column(run))} of {frame} is synthetic text, written by {who} for {extent}; {_others(run)}.{stopped}"
    if run["kind"] == "impute":
        return f"{frame} is real data in which {_cells(run)}, all of them missing before, were filled by software with draws.{stopped}"
    left = run.get("counts", {}).get("uncommon_copies_left", 0)
    copies = f" {_count(left, 'row')} of it {'is' if left == 1 else 'are'} equal to one of these that occurs once." if left else ""
    source = " and ".join(
        f"{named(item['name'])} ({_count(item['rows'], 'row')})" if "rows" in item else named(item["name"])
        for item in run.get("inputs", ())
    )
    origin = f", drawn from a model of {source}" if source else ""
    made = f"{_count(run['delivered'], 'row')} made by software{origin}"
    return f"{frame} is synthetic data: {made}. Its rows are not observations.{copies}{stopped}"


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def tool(versions: Mapping[str, str]) -> Fields:
    """The tool with its version, and what it ran on."""
    from synthnb import __version__

    names = {"python": "Python"}
    others = [f"{names.get(name, name)} {version}" for name, version in versions.items() if name != "synthnb"]
    return {"toolNameVersion": [f"synthnb {versions.get('synthnb', __version__)}", *([", ".join(others)] if others else [])]}


def _method(run: Mapping[str, Any], subject: str) -> Fields:
    seconds = ", ".join(f"{phase} {value:.1f} s" for phase, value in run.get("seconds", {}).items())
    tokens = ", ".join(f"{run['counts'][key]:,} {key.replace('_', ' ')}" for key in _TOKENS if key in run.get("counts", {}))
    how = _said(run, "method")
    return {
        "generationDates": f"{subject}: {_moment(run['started'])} to {_moment(run['ended'])}",
        "strategy": f"{subject}: engine {run['engine']}{f', {how}' if how else ''}. {run['engine_reason']}",
        "parameters": f"{subject}: {_parameters(run)}",
        "seed": f"{subject}: {run['seed']}",
        "repeats": "one run, no replicates",
        "postProcessing": [f"{subject}: {_rows(run)}", *(f"{subject}: {note}" for note in run.get("notes", ()))],
        "deduplication": _about(subject, _counted(run, copies=True), _said(run, "copies")),
        "missingDataHandling": _about(subject, _said(run, "missing_data")),
        "runId": f"{subject}: {run['id']}{' (stopped early)' if run.get('partial') else ''}",
        "recipeDigest": f"{subject}: {run['recipe_digest']}",
        "compute": f"{subject}: {'; '.join(part for part in (seconds, tokens) if part) or 'not measured'}",
        "generatingActivity": f"{subject}: synthnb {run['kind']} {run['id']}, {_moment(run['started'])} to {_moment(run['ended'])}",
    }


def _moment(text: str) -> str:
    return f"{text[:19].replace('T', ' ')} UTC"


def _parameters(run: Mapping[str, Any]) -> str:
    text = json.dumps(run.get("parameters", {}), ensure_ascii=False, sort_keys=True, default=str)
    return text if len(text) <= _LONGEST_PARAMETERS else f"{text[:_LONGEST_PARAMETERS]}… (cut; whole in the run)"


def _rows(run: Mapping[str, Any]) -> str:
    reasons = [f"{item['count']:,} not delivered: {item['reason']}" for item in run.get("explained", ())]
    other = _counted(run, copies=False)
    return "; ".join([f"{run['requested']:,} rows requested, {run['delivered']:,} delivered", *reasons, *([other] if other else [])])


def _counted(run: Mapping[str, Any], *, copies: bool) -> str:
    def chosen(key: str) -> bool:
        return key not in _TOKENS and any(part in key for part in _COPIES) is copies

    return ", ".join(f"{key.replace('_', ' ')} {value:,}" for key, value in run.get("counts", {}).items() if chosen(key))


def _sources(run: Mapping[str, Any], subject: str) -> Fields:
    given = [_source(item) for item in run.get("inputs", ())]
    links = {"sourceDatasets": given, "recordLinks": _about(subject, _said(run, "record_links"))}
    if run["kind"] != "generate":
        return links
    sources = " and ".join(named(item["name"]) for item in run.get("inputs", ())) or "no data"
    return links | {"generationDepth": f"{subject}: one generation from {sources}"}


def _source(item: Mapping[str, Any]) -> str:
    """A table that was read; where a privacy guarantee holds, its size and digest aren't stated."""
    if "digest" not in item:
        return f"{named(item['name'])}: {_width(item)} columns; its rows and digest are withheld, since they tell of single rows"
    return f"{named(item['name'])}: {item['rows']:,} rows, {_width(item)} columns, {item['digest']}"


def _width(item: Mapping[str, Any]) -> int:
    columns = item.get("columns", ())
    return columns if isinstance(columns, int) else len(columns)


def _model(run: Mapping[str, Any], model: Mapping[str, Any]) -> Fields:
    parts = [
        "open weights" if model.get("open_weights") else "closed or unknown weights",
        f"licence {model['licence']}" if model.get("licence") else "",
        f"quantised {model['quantisation']}" if model.get("quantisation") else "",
        str(model.get("weights_digest") or "digest not stated"),
    ]
    developer = f"developed by {model['developer']}, " if model.get("developer") else ""
    return {
        "modelName": str(model.get("name", "not stated"))
        + ("" if _is_model(run) else " (no text in this run comes from a language model)"),
        "modelVersion": f"requested {model.get('requested') or model.get('id')}, returned {model.get('returned') or 'not stated'}",
        "modelProvider": f"{developer}run by {model.get('provider') or 'not stated'}",
        "modelWeights": ", ".join(part for part in parts if part),
        "accessMode": _ACCESS.get(str(model.get("locality")), "not known"),
        "modelAdaptation": str(model.get("adaptation") or ""),
        "auxiliaryModels": _said(run, "other_models"),
    }


def _prompts(run: Mapping[str, Any]) -> Fields:
    asked = run.get("parameters", {})
    text, seal = asked.get("prompt") or asked.get("instruction"), asked.get("instruction_digest", "")
    hidden = f"kept out at the user's request; {seal}" if asked.get("sensitive") else "not stated"
    given = ", ".join(str(column) for column in [*asked.get("placed", ()), *asked.get("given", ())]) or "no column"
    return {
        "fullPrompt": f"{named(_column(run))}: {text or hidden}",
        "systemPrompt": str(asked.get("system") or "none"),
        "promptVersions": _about(named(_column(run)), _said(run, "prompt_versions")),
        "callStructure": _about(named(_column(run)), _said(run, "calls"), f"shown to the model: {given}"),
    }
