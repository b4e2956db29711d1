"""Croissant 1.1 with the properties for responsible AI (RAI 1.0): a description of exported tables for machines.

Specifications: http://mlcommons.org/croissant/1.1 and http://mlcommons.org/croissant/RAI/1.0.
The eight properties that a venue asks for at least are ``rai:dataLimitations``,
``rai:dataBiases``, ``rai:personalSensitiveInformation``, ``rai:dataUseCases``,
``rai:dataSocialImpact``, ``rai:hasSyntheticData``, ``prov:wasDerivedFrom`` and
``prov:wasGeneratedBy``. Words that only a person can state are taken from what a person
stated or the file isn't written. A model is an agent of software and never a creator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from synthnb._marks import COLUMN, WORDS
from synthnb.disclosure.crates.columns import columns_of
from synthnb.disclosure.crates.conditions import usage_info
from synthnb.disclosure.crates.needs import CROISSANT, refuse_incomplete
from synthnb.disclosure.crates.words import IPTC, clean, contents, joined, licence_address, reference
from synthnb.disclosure.fields import catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from synthnb.disclosure.crates.account import Account, Activity, Model, Person
    from synthnb.disclosure.crates.datafiles import DataFile, Found

__all__ = ["CONTEXT", "SPECIFICATIONS", "croissant"]

SPECIFICATIONS = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
"""What a description conforms to."""
_TERMS = (
    "annotation arrayShape citeAs column containedIn equivalentProperty excludes extract field fileObject "
    "fileProperty fileSet format includes isArray isLiveDataset jsonPath key md5 parentField path readLines "
    "recordSet references regex repeated replace samplingRate sdVersion separator source subField transform "
    "unArchive value"
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    # The specification writes http here; its validator and every published example take https.
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "duo": "http://purl.obolibrary.org/obo/DUO_",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _TERMS.split()},
}
"""The terms that a description uses, after the specification's first appendix; nothing has to be fetched to read them."""

_ONE = {
    "rai:dataCollection": ("strategy", "syntheticShare", "collectionProcess"),
    "rai:dataCollectionMissingData": ("missingDataHandling",),
    "rai:dataCollectionRawData": ("sourceDatasets", "sourceTimeFrame"),
    "rai:dataManipulationProtocol": ("deduplication",),
    "rai:dataSocialImpact": ("socialImpact",),
}
"""Properties with one value, and the fields that they are joined from."""
_MANY = {
    "rai:dataPreprocessingProtocol": ("postProcessing",),
    "rai:dataReleaseMaintenancePlan": ("maintenancePlan",),
    "rai:personalSensitiveInformation": ("sensitiveInformation",),
    "rai:dataBiases": ("biases",),
    "rai:dataLimitations": ("limitations", "residualRisk"),
    "rai:dataUseCases": ("intent", "intendedUse"),
    "rai:dataAnnotationProtocol": ("humanRaters",),
    "rai:dataAnnotationAnalysis": ("humanResults",),
    "rai:machineAnnotationTools": ("machineAnnotationTools", "judgeResults"),
}
"""Properties with several values, and the fields that they come from."""

Json = dict[str, Any]


def croissant(account: Account, found: Found, *, base: str = "") -> Json:
    """Return the description of a record's exported tables as JSON-LD.

    Parameters
    ----------
    account : Account
        The record.
    found : Found
        The exported files.
    base : str
        What leads from the description's folder to the notebook's: empty, or a path with a slash at its end.

    Raises
    ------
    OptionError
        Something that only a person can state is missing, no table was exported, or one was changed since;
        the message lists all of it.
    """
    more = list(found.problems)
    if not account.runs:
        more.append("nothing here was made by synthnb")
    elif not found.files and not found.problems:
        more.append("no exported table is at hand: write one with %synth export FILE.csv --frame NAME")
    refuse_incomplete(account, CROISSANT, form="A Croissant description", more=more)
    dataset: Json = {"@context": CONTEXT, "@type": "sc:Dataset", "conformsTo": list(SPECIFICATIONS)}
    dataset |= _identity(account, found) | _provenance(account) | _responsible(account)
    dataset |= {"distribution": [_file_object(account, file, found.files, base) for file in found.files]}
    sets = [made for file in _first_of_each(found.files) if (made := _record_set(file))]
    return dataset | ({"recordSet": sets} if sets else {})


def _identity(account: Account, files: Found) -> Json:
    licence = account.stated("license")[0]
    made = [run.ended[:10] for run in account.runs if run.ended]
    kinds = [f"{file.path} holds {file.kinds.words()}" for file in files.files if not file.kinds.are_synthetic]
    found: Json = {
        "name": clean(account.stated("name")[0]),
        "description": joined([account.stated("description")[0], *account.said("humanReadableStatement"), *kinds]),
        "license": licence_address(licence) or {"@type": "CreativeWork", "name": clean(licence)},
        "url": account.stated("url")[0].strip(),
        "creator": [_creator(person) for person in account.people],
        "datePublished": account.stated("datePublished")[0].strip(),
        "keywords": ["synthetic data"],
        "identifier": {"@type": "PropertyValue", "propertyID": "synthnb record", "value": account.digest},
    }
    found |= {"dateCreated": min(made)} if made else {}
    found |= {"version": clean(account.stated("version")[0])} if account.stated("version") else {}
    info = usage_info(account)
    return found | ({"usageInfo": info} if info else {})


def _creator(person: Person) -> Json:
    shape = {"@type": "Person", "name": person.name}
    return shape | ({"@id": person.orcid, "url": person.orcid} if person.orcid else {})


def _provenance(account: Account) -> Json:
    entities: list[Json] = [
        {"@type": "prov:Entity", "@id": _table_id(table.key), "prov:label": table.name}
        | ({"identifier": table.digest} if table.digest else {})
        for table in account.sources
    ]
    recipes = dict.fromkeys(run.recipe for run in account.runs if run.recipe)
    entities = entities or [
        {"@type": "prov:Entity", "@id": reference("recipe", name), "prov:label": "recipe", "identifier": name} for name in recipes
    ]
    return {
        "rai:hasSyntheticData": True,
        "sc:digitalSourceType": {"@id": f"{IPTC}{account.source_type()}"},
        "prov:wasDerivedFrom": entities,
        "prov:wasGeneratedBy": [_activity(done, account) for done in (*account.runs, *account.checks)],
    }


def _activity(done: Activity, account: Account) -> Json:
    shape: Json = {"@type": "prov:Activity", "@id": reference("activity", done.id), "prov:label": done.name}
    shape |= {"description": done.details} if done.details else {}
    shape |= {"prov:startedAtTime": done.started} if done.started else {}
    shape |= {"prov:endedAtTime": done.ended} if done.ended else {}
    agents = [_software(done)] if done.version or done.made else []
    agents += [_model(done.model, account)] if done.model else []
    agents += [_agent(person) for person in account.people]
    return shape | ({"prov:wasAssociatedWith": agents} if agents else {})


def _software(done: Activity) -> Json:
    label = f"synthnb {done.version}".strip()
    return {"@type": "prov:SoftwareAgent", "@id": reference("synthnb", done.version), "prov:label": label}


def _model(model: Model, account: Account) -> Json:
    shape: Json = {"@type": "prov:SoftwareAgent", "@id": reference("model", model.name, model.version), "prov:label": model.name}
    shape |= {"version": model.version} if model.version else {}
    people = [{"@id": _person_id(person)} for person in account.people]
    return shape | ({"prov:actedOnBehalfOf": people} if people else {})


def _agent(person: Person) -> Json:
    return {"@type": "prov:Person", "@id": _person_id(person), "prov:label": person.name}


def _person_id(person: Person) -> str:
    return person.orcid or reference("person", person.name)


def _table_id(key: str) -> str:
    return reference("table", key)


def _responsible(account: Account) -> Json:
    found: Json = {"rai:dataCollectionType": ["Others"]}
    for name, fields in _ONE.items():
        if texts := _said(account, fields):
            found[name] = joined(texts)
    for name, fields in _MANY.items():
        if texts := _said(account, fields):
            found[name] = contents(texts)
    if filled := [text for run in account.runs if run.kind == "impute" for text in account.said("strategy")]:
        found["rai:dataImputationProtocol"] = joined(list(dict.fromkeys(filled)))
    return found


def _said(account: Account, fields: Sequence[str]) -> list[str]:
    """What some fields say, those that aren't the machine's only if a person stated it; what wasn't evaluated describes no annotation."""
    texts = [text for name in fields for text in (account.said if catalogue()[name].fill == "machine" else account.stated)(name)]
    return [text for text in texts if ": not evaluated" not in text]


def _file_object(account: Account, file: DataFile, files: Sequence[DataFile], base: str) -> Json:
    shape: Json = {
        "@type": "cr:FileObject",
        "@id": _file_id(file),
        "name": file.path,
        "description": f"The table “{file.table}”" + (f", {file.rows:,} rows" if file.rows is not None else "") + _kinds(file),
        "contentUrl": quote(base + file.path),
        "contentSize": f"{file.size} B",
        "encodingFormat": file.media,
        "sha256": file.sha256,
        "sc:digitalSourceType": {"@id": f"{IPTC}{file.source_type or account.source_type([file.table])}"},
    }
    runs = [run for run in account.runs if run.made and run.made.name == file.table]
    shape |= {"prov:wasGeneratedBy": [{"@id": reference("activity", run.id)} for run in runs]} if runs else {}
    same = [_file_id(other) for other in files if other is not file and file.content and other.content == file.content]
    return shape | ({"sameAs": same} if same else {})


def _kinds(file: DataFile) -> str:
    """What a table's rows are, if not all of them are synthetic."""
    return "" if file.kinds.are_synthetic else f": {file.kinds.words()}"


def _file_id(file: DataFile) -> str:
    return quote(file.path)


def _first_of_each(files: Sequence[DataFile]) -> list[DataFile]:
    """One file of each table; the others say that they are the same."""
    return list({file.content or file.path: file for file in reversed(files)}.values())[::-1]


def _record_set(file: DataFile) -> Json:
    columns = columns_of(file.file)
    if not columns:
        return {}
    name = quote(file.table, safe="")
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"{name}/{quote(column, safe='')}",
            "name": clean(column),
            "dataType": kind,
            "source": {"fileObject": {"@id": _file_id(file)}, "extract": {"column": column}},
        }
        | ({"description": f"What each row is: {', '.join(WORDS)}"} if column == COLUMN else {})
        for column, kind in columns
    ]
    return {"@type": "cr:RecordSet", "@id": name, "name": file.table, "field": fields}
