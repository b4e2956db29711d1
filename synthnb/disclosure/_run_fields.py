"""What a run states about the catalogue's fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from synthnb.disclosure._call_fields import (
    call_fields,
    discarded,
    is_model,
    is_used,
    links,
    numbers_from_model,
    part_of,
    seed_words,
    settings_words,
    use_words,
)
from synthnb.disclosure._in_brief import made_in_brief
from synthnb.disclosure._phrases import about, asked_of, counted, moment, named
from synthnb.disclosure.folding import SCHEMA, TABLES
from synthnb.disclosure.generations import depth_words, is_all_made

__all__ = ["digital_source_type", "run_fields", "slot_of", "tool"]

_LONGEST_PARAMETERS = 2000
_COPIES = ("copy", "copie", "copied", "dup", "contam", "decontam", "holdout", "repeat", "near")
"""How a word begins that tells of copies, among the words of a count's name."""
_MOST_SOURCES = 20
_MOST_NAMED = 4
_NATURE_OF_QUESTIONS = {
    "written": "synthetic questions and answers; the evidence beside them is quoted from the documents",
    "quoted": "synthetic questions; each answer is its evidence in one line, quoted from the documents",
    "": "synthetic questions without answers; the evidence beside them is quoted from the documents",
}
_TOKENS = ("tokens_in", "tokens_out")
Fields = dict[str, Any]


def slot_of(run: Mapping[str, Any]) -> str:
    """What a later run of the same kind supersedes."""
    frame = run["output"].get("name", "")
    if run["kind"] == "column":
        return f"column:{frame}.{_column(run)}"
    return f"{run['kind'] if run['kind'] in TABLES else 'generate'}:{frame}"


def _column(run: Mapping[str, Any]) -> str:
    columns = run.get("columns") or [{}]
    return str(run.get("parameters", {}).get("column") or columns[-1].get("name", ""))


def _said(run: Mapping[str, Any], what: str) -> str:
    """What the engine says of itself; empty where it says nothing."""
    return str((run.get("account") or {}).get(what, ""))


_MADE, _COMPOSITE = ("algorithmicMedia", "trainedAlgorithmicMedia"), ("compositeSynthetic", "compositeWithTrainedAlgorithmicMedia")
"""IPTC terms of tables joined from others: by software, and by a trained model."""


def digital_source_type(run: Mapping[str, Any]) -> str:
    """The IPTC term: trained model or not; what is mixed is told by the record as a whole."""
    if run["kind"] == "impute":
        return "compositeSynthetic"
    if run["kind"] == "mix":
        terms = _MADE if is_all_made(run) else _COMPOSITE
        return terms[bool(run.get("by_model"))]
    if not is_model(run):
        return "compositeSynthetic" if run["kind"] == "questions" else "algorithmicMedia"
    if run["kind"] == "questions":  # its evidence is quoted from documents
        return "compositeWithTrainedAlgorithmicMedia"
    return "trainedAlgorithmicMedia" if part_of(run) == "values" or is_used(run) else "algorithmicMedia"


def run_fields(run: Mapping[str, Any]) -> Fields:
    """Return the fields that a run states."""
    subject = _subject(run)
    fields = (
        {"madeInBrief": made_in_brief(run, subject)}
        | _made(run, subject)
        | tool(run.get("versions", {}))
        | _method(run, subject)
        | _sources(run, subject)
    )
    if run.get("model"):
        fields |= call_fields(run, subject, named(_column(run)) if run["kind"] == "column" else subject)
    return fields


def _subject(run: Mapping[str, Any]) -> str:
    frame = named(run["output"].get("name", ""))
    return f"{named(_column(run))} in {frame}" if run["kind"] == "column" else frame


def _made(run: Mapping[str, Any], subject: str) -> Fields:
    return {
        **_proposed_identity(run),
        "isSynthetic": f"{subject}: {_nature(run)}",
        "digitalSourceType": f"{subject}: {digital_source_type(run)}",
        "syntheticShare": f"{subject}: {_extent(run)}",
        "humanReadableStatement": _statement(run),
        "outputDigests": f"{named(run['output'].get('name', ''))}: {run['output'].get('digest', 'not stated')} (the table's content)",
        "recordSchema": SCHEMA,
        "marking": "record in the notebook's metadata and in each output, unsigned",
        "signature": "none",
    }


def _proposed_identity(run: Mapping[str, Any]) -> Fields:
    """What a person may take for the data set's name and description, and for the part that AI had; theirs to confirm or change."""
    name = str(run["output"].get("name", ""))
    whole = {} if run["kind"] == "column" else {"name": name, "description": _statement(run)}
    return whole | {"roleOfAI": f"{named(name)}: {_role(run)}"}


def _role(run: Mapping[str, Any]) -> str:
    """What a language model did in a run, and what it didn't do."""
    if not is_model(run):
        return "no language model took part; the values were drawn by software"
    model = f"the language model {run['model'].get('name', 'not stated')}"
    if part_of(run) == "recipe":
        return (
            f"{model} helped to write the recipe; the values were drawn by software"
            if is_used(run)
            else f"nothing that {model} gave was used"
        )
    what = {"column": "the column's texts", "texts": "the texts", "questions": "the questions"}.get(run["kind"], "the rows")
    return f"{model} wrote {what}; it evaluated nothing"


def _nature(run: Mapping[str, Any]) -> str:
    if run["kind"] == "impute":
        return f"{_filled(run)[1]}, in which missing cells were filled by draws"
    if run["kind"] == "questions":
        return _NATURE_OF_QUESTIONS[_answers(run)]
    return f"synthetic text; {_others(run)}" if run["kind"] == "column" else "synthetic, every row and column"


def _answers(run: Mapping[str, Any]) -> str:
    """Where the answers to questions come from: ``written`` by the model, ``quoted``, or empty where there are none."""
    asked = run.get("parameters", {})
    if asked.get("answers") is False:
        return ""
    return "quoted" if asked.get("mode") == "extractive" else "written"


def _filled(run: Mapping[str, Any]) -> tuple[str, str]:
    """What the table was in which cells were filled, as data and as rows: real, as far as nothing else is known."""
    if not any(isinstance(item.get("origin"), Mapping) for item in _read(run)):
        return "real data", "real rows"
    return "data of which some or all rows are synthetic,", "rows, some or all of them synthetic"


def _extent(run: Mapping[str, Any]) -> str:
    rows, width = run["delivered"], len(run["output"].get("columns", ()))
    if run["kind"] == "impute":
        return f"{_cells(run)}; all other cells are as they were read"
    if run["kind"] == "column":
        return f"this column, {rows:,} texts; {_others(run)}"
    if run["kind"] == "questions":
        made = (
            "the question and the answer, not"
            if _answers(run) == "written"
            else "the question, not the answer,"
            if _answers(run)
            else "the question, not"
        )
        return f"{rows:,} of {rows:,} rows; in each, {made} the evidence and where it stands"
    return f"{rows:,} of {rows:,} rows and {width} of {width} columns"


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
    stopped = " It was stopped before it was done." if run.get("partial") else ""
    words = {"column": _column_statement, "impute": _imputed_statement, "texts": _texts_statement, "questions": _questions_statement}
    return words.get(run["kind"], _table_statement)(run, named(run["output"].get("name", ""))) + stopped


def _writer(run: Mapping[str, Any]) -> str:
    return f"the language model {run['model']['name']}" if is_model(run) else "a stand-in that is not a language model"


def _column_statement(run: Mapping[str, Any], frame: str) -> str:
    extent = counted(run["delivered"], "row")
    return f"The column {named(_column(run))} of {frame} is synthetic text, written by {_writer(run)} for {extent}; {_others(run)}."


def _imputed_statement(run: Mapping[str, Any], frame: str) -> str:
    return f"{frame} is {_filled(run)[0]} in which {_cells(run)}, all of them missing before, were filled by software with draws."


def _texts_statement(run: Mapping[str, Any], frame: str) -> str:
    return (
        f"{frame} is a corpus of {counted(run['delivered'], 'synthetic text')}, written by {_writer(run)} from a description. "
        "Its texts are not observations, and nobody in them is meant to be a person."
    )


def _questions_statement(run: Mapping[str, Any], frame: str) -> str:
    questions = counted(run["delivered"], "question")
    answer = {
        "written": "an answer and a passage quoted from there",
        "quoted": "an answer quoted from there",
        "": "a passage quoted from there",
    }
    return f"{frame} holds {questions} written by {_writer(run)} from {_inputs(run) or 'documents'}, each with {answer[_answers(run)]}."


def _table_statement(run: Mapping[str, Any], frame: str) -> str:
    rows = counted(run["delivered"], "row")
    left = run.get("counts", {}).get("uncommon_copies_left", 0)
    copies = f" {counted(left, 'row')} of it {'is' if left == 1 else 'are'} equal to one of these that occurs once." if left else ""
    source = _inputs(run)
    made = f"{rows} made by software{f', drawn from a model of {source}' if source else ''}"
    if part_of(run) == "recipe":
        made = f"{rows} drawn by software from a recipe{_compiled(run)}"
    elif part_of(run) == "none" and asked_of(run).get("summary_of"):
        made = f"{rows} drawn by software from a recipe that was compiled from {_described(run)}"
    elif part_of(run) == "none" and not source and run.get("engine") == "sampler":
        made = f"{rows} drawn by software from a recipe"
    elif part_of(run) == "values":
        made = f"{rows} written by {_writer(run)}{f', which was told of {source}' if source else ''}"
    return f"{frame} is synthetic data: {made}. Its rows are not observations.{copies}"


def _compiled(run: Mapping[str, Any]) -> str:
    """Whose the numbers of a recipe are that a description was compiled to."""
    if not is_used(run):
        return f" that was compiled from {_described(run)}; nothing that {_writer(run)} replied was used"
    prior, numbers = numbers_from_model(run)
    some = f"{prior:,}" if prior else "none"
    share = f", {some} of whose {counted(numbers, 'number')} {'come' if prior > 1 else 'comes'} from it" if numbers else ""
    return f" that {_writer(run)} helped to compile from {_described(run)}{share}"


def _described(run: Mapping[str, Any]) -> str:
    """What a recipe was compiled from: a description, perhaps with the summary of a real frame."""
    return f"a description and figures of {_inputs(run)}" if asked_of(run).get("summary_of") else "a description"


def _inputs(run: Mapping[str, Any]) -> str:
    """What was read, with its rows, or documents, where these may be told."""
    one = "document" if run["kind"] == "questions" else "row"
    return _listed(
        [f"{named(item['name'])} ({counted(item['rows'], one)})" if "rows" in item else named(item["name"]) for item in _read(run)]
    )


def _read(run: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(run.get("inputs", ()))


def _listed(names: list[str]) -> str:
    """All of a few names, or the first two and how many more there are."""
    if len(names) <= _MOST_NAMED:
        return " and ".join(names)
    return f"{names[0]}, {names[1]} and {len(names) - 2:,} more"


def tool(versions: Mapping[str, str]) -> Fields:
    """The tool with its version, and what it ran on."""
    from synthnb import __version__

    names = {"python": "Python"}
    others = [f"{names.get(name, name)} {version}" for name, version in versions.items() if name != "synthnb"]
    return {"toolNameVersion": [f"synthnb {versions.get('synthnb', __version__)}", *([", ".join(others)] if others else [])]}


def _method(run: Mapping[str, Any], subject: str) -> Fields:
    seconds = ", ".join(f"{phase} {value:.1f} s" for phase, value in run.get("seconds", {}).items())
    how = _said(run, "method")
    settings = settings_words(run)
    return {
        "generationDates": f"{subject}: {moment(run['started'])} to {moment(run['ended'])}",
        "strategy": f"{subject}: engine {run['engine']}{f', {how}' if how else ''}. {run['engine_reason']}",
        "parameters": [f"{subject}: {text}" for text in (settings, _parameters(run)) if text],
        "seed": f"{subject}: {seed_words(run)}",
        "repeats": _repeats(run, subject),
        "postProcessing": [f"{subject}: {_rows(run)}", *(f"{subject}: {said}" for said in (*discarded(run), *run.get("notes", ())))],
        "deduplication": about(subject, _counts(run, copies=True), _said(run, "copies")),
        "missingDataHandling": about(subject, _said(run, "missing_data")),
        "runId": f"{subject}: {run['id']}{' (stopped early)' if run.get('partial') else ''}",
        "recipeDigest": f"{subject}: {run['recipe_digest']}",
        "compute": f"{subject}: {'; '.join(part for part in (seconds, *use_words(run)) if part) or 'not measured'}",
        "generatingActivity": f"{subject}: synthnb {run['kind']} {run['id']}, {moment(run['started'])} to {moment(run['ended'])}",
    }


def _repeats(run: Mapping[str, Any], subject: str) -> str:
    """How many independent syntheses there are, and what a decision taken from each came to."""
    asked = asked_of(run)
    several = int(asked.get("replicates") or 1)
    if several == 1:
        return f"{subject}: one run, no replicates"
    decided = asked.get("decision")
    note = f"; each decided by {named(decided.get('function'))}" if isinstance(decided, Mapping) else ""
    return f"{subject}: {several} independent replicates, each with its own seed{note}"


def _parameters(run: Mapping[str, Any]) -> str:
    text = json.dumps(run.get("parameters", {}), ensure_ascii=False, sort_keys=True, default=str)
    return text if len(text) <= _LONGEST_PARAMETERS else f"{text[:_LONGEST_PARAMETERS]}… (cut; whole in the run)"


def _rows(run: Mapping[str, Any]) -> str:
    reasons = [f"{item['count']:,} not delivered: {item['reason']}" for item in run.get("explained", ())]
    other = _counts(run, copies=False)
    return "; ".join([f"{run['requested']:,} rows requested, {run['delivered']:,} delivered", *reasons, *([other] if other else [])])


def _counts(run: Mapping[str, Any], *, copies: bool) -> str:
    def chosen(key: str) -> bool:
        return key not in _TOKENS and any(word.startswith(_COPIES) for word in key.split("_")) is copies

    # That no copy was found is worth a word; that no cell was in another language isn't.
    return ", ".join(
        f"{key.replace('_', ' ')} {value:,}" for key, value in run.get("counts", {}).items() if chosen(key) and (copies or value)
    )


def _sources(run: Mapping[str, Any], subject: str) -> Fields:
    given = [_source(item, "documents" if run["kind"] == "questions" else "rows") for item in run.get("inputs", ())]
    if len(given) > _MOST_SOURCES:
        given = [*given[:_MOST_SOURCES], f"{len(given) - _MOST_SOURCES:,} more; all in the run"]
    linked = {"sourceDatasets": given, "recordLinks": about(subject, _said(run, "record_links"), links(run))}
    if run["kind"] not in TABLES:
        return linked
    return linked | {"generationDepth": f"{subject}: {depth_words(run, _listed([named(item['name']) for item in _read(run)]))}"}


def _source(item: Mapping[str, Any], several: str) -> str:
    """A table, or a folder, that was read; where a privacy guarantee holds, its size and digest aren't stated."""
    width = f"{_width(item)} columns, " if _width(item) else ""
    if "digest" not in item:
        return f"{named(item['name'])}: {_width(item)} columns; its rows and digest are withheld, since they tell of single rows"
    size = f"{item['rows']:,} {several}, {width}" if "rows" in item else ""
    terms = "".join(f", {word} {item[word]}" for word in ("version", "licence") if isinstance(item.get(word), str))
    return f"{named(item['name'])}: {size}{item['digest']}{terms}"


def _width(item: Mapping[str, Any]) -> int:
    columns = item.get("columns", ())
    return columns if isinstance(columns, int) else len(columns)
