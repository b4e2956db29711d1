"""The record for machines that know schema.org and PROV: one Dataset per table made.

A model or a program is the instrument of an action and never a creator; a
creator is there only once a person has stated who is responsible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from synthnb.disclosure._run_fields import digital_source_type
from synthnb.disclosure.folding import MAKING, TABLES, current, is_readable
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import values_of

__all__ = ["document_source_type", "json_ld", "source_type"]

_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_CONTEXT = ["https://schema.org/", {"prov": "http://www.w3.org/ns/prov#"}]
_PROPERTIES = {"license": "license", "version": "version", "datePublished": "datePublished", "url": "url"}

Json = dict[str, Any]


def json_ld(record: Mapping[str, Any]) -> Json | None:
    """Return JSON-LD for a record, or None if it says nothing about a table made here.

    The record may come from anywhere: parts of another shape are passed over.
    """
    runs = list(_runs(mapping(record)))
    names = list(dict.fromkeys(_name(run["output"]) for run in runs))
    if not names:
        return None
    return {"@context": _CONTEXT, "@graph": [_dataset(name, runs, record) for name in names]}


def _runs(record: Mapping[str, Any]) -> Iterator[Json]:
    """The runs that count and made a table, with what is looked at in the shape it should have."""
    entries = record.get("entries")
    for entry in current([entry for entry in entries if is_readable(entry)] if isinstance(entries, list) else []):
        run = entry.get("detail", {})
        if entry["kind"] in MAKING and isinstance(run.get("output"), Mapping):
            inputs = run.get("inputs")
            yield {
                **run,
                "id": entry["id"],
                "kind": entry["kind"],
                "inputs": [item for item in inputs if isinstance(item, Mapping)] if isinstance(inputs, list) else [],
                "model": run["model"] if isinstance(run.get("model"), Mapping) else None,
                "versions": mapping(run.get("versions")),
            }


def _name(part: Mapping[str, Any]) -> str:
    return str(part.get("name"))


def source_type(runs: Sequence[Mapping[str, Any]]) -> str:
    """Return the IPTC term of a table from the runs that made it.

    All by a trained model: ``trainedAlgorithmicMedia``; all by other software:
    ``algorithmicMedia``. Of several origins, ``compositeWithTrainedAlgorithmicMedia``
    if a trained model took part, else ``compositeSynthetic``. A column written into
    a table that wasn't made here counts as mixed with real data.
    """
    terms = {digital_source_type(run) for run in runs}
    if len(terms) == 1 and any(run["kind"] in TABLES for run in runs):
        return terms.pop()
    return "compositeWithTrainedAlgorithmicMedia" if any("rainedAlgorithmicMedia" in term for term in terms) else "compositeSynthetic"


def _dataset(name: str, runs: list[Json], record: Mapping[str, Any]) -> Json:
    made = [run for run in runs if _name(run["output"]) == name]
    fields = mapping(record.get("fields"))
    sources = {_name(item): item for run in made if run["kind"] in TABLES for item in run["inputs"]}
    dataset: Json = {
        "@type": "Dataset",
        "name": (values_of(fields, "name") or [name])[0],
        "description": " ".join([*values_of(fields, "description"), *values_of(fields, "humanReadableStatement")]),
        "identifier": str(record.get("digest")),
        "digitalSourceType": f"{_IPTC}{source_type(made)}",
        "prov:wasGeneratedBy": [_action(run) for run in made],
        "prov:wasDerivedFrom": [
            {"@type": "Dataset", "name": key, **({"identifier": item["digest"]} if "digest" in item else {})}
            for key, item in sources.items()
        ],
    }
    dataset |= {key: values_of(fields, field)[0] for field, key in _PROPERTIES.items() if values_of(fields, field)}
    if people := values_of(fields, "responsiblePerson"):
        dataset["creator"] = [{"@type": "Person", "name": person} for person in people]
    return dataset


def _action(run: Mapping[str, Any]) -> Json:
    version, model = str(run["versions"].get("synthnb", "")), run["model"]
    instruments = [{"@type": "SoftwareApplication", "name": "synthnb", "softwareVersion": version}]
    if model:
        instruments.append({"@type": "SoftwareApplication", "name": _name(model), "softwareVersion": str(model.get("weights_digest", ""))})
    return {
        "@type": ["CreateAction", "prov:Activity"],
        "identifier": run["id"],
        "name": f"synthnb {run['kind']} by {run.get('engine')}",
        "startTime": run.get("started"),
        "endTime": run.get("ended"),
        "instrument": instruments,
    }


def document_source_type(record: Mapping[str, Any]) -> str | None:
    """Return the IPTC term of everything that a record says was made, or None if nothing was."""
    runs = list(_runs(mapping(record)))
    return source_type(runs) if runs else None
