"""What RO-Crate 1.3 and Process Run Crate 0.5 say that metadata MUST have, checked without a network.

Specifications: https://w3id.org/ro/crate/1.3 and https://w3id.org/ro/wfrun/process/0.5.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from synthnb.disclosure.reading import mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["broken_rules"]

_ACTIONS = {"CreateAction", "ActivateAction", "UpdateAction"}
_TOOLS = {"SoftwareApplication", "SoftwareSourceCode", "ComputationalWorkflow"}
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}(T.+)?)?)?")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def broken_rules(document: Any) -> list[str]:
    """Return a sentence, without its full stop, for each rule that a crate's metadata break."""
    graph = mapping(document).get("@graph")
    if not isinstance(graph, list) or "@context" not in document:
        return ["the metadata have no context or no graph"]
    return list(_broken([mapping(item) for item in graph]))


def _broken(graph: list[Mapping[str, Any]]) -> Iterator[str]:
    named = [item.get("@id") for item in graph]
    if not all(isinstance(name, str) for name in named):
        yield "an entity has no @id"
    if not all(_types(item) for item in graph):
        yield "an entity has no @type"
    if len(set(map(str, named))) < len(named):
        yield "two entities have one @id"
    entities = {str(item.get("@id")): item for item in graph}
    descriptor = mapping(entities.get("ro-crate-metadata.json"))
    if "CreativeWork" not in _types(descriptor):
        yield "there is no descriptor of type CreativeWork"
    if not str(mapping(descriptor.get("conformsTo")).get("@id")).startswith("https://w3id.org/ro/crate/"):
        yield "the descriptor conforms to no version of RO-Crate"
    root = mapping(entities.get(str(mapping(descriptor.get("about")).get("@id"))))
    yield from _broken_root(root, entities)
    for name, item in entities.items():
        if _types(item) & _ACTIONS and not any(_types(mapping(entities.get(tool))) & _TOOLS for tool in _refs(item.get("instrument"))):
            yield f"the action {name} has no instrument that is software"
    yield from (
        f"{name} refers to {other}, which isn't described" for name, item in entities.items() for other in _dangling(item, entities)
    )


def _broken_root(root: Mapping[str, Any], entities: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    if "Dataset" not in _types(root):
        yield "there is no root of type Dataset"
    yield from (f"the root has no {name}" for name in ("name", "description", "license") if not root.get(name))
    date = root.get("datePublished")
    if not isinstance(date, str) or not _DATE.fullmatch(date):
        yield "the root's datePublished isn't a date"
    if not any(name.startswith("https://w3id.org/ro/wfrun/process/") and name in entities for name in _refs(root.get("conformsTo"))):
        yield "the root doesn't conform to Process Run Crate"


def _types(item: Mapping[str, Any]) -> set[str]:
    found = item.get("@type")
    return {name for name in (found if isinstance(found, list) else [found]) if isinstance(name, str)}


def _refs(value: object) -> list[str]:
    return [str(mapping(item).get("@id")) for item in (value if isinstance(value, list) else [value]) if mapping(item).get("@id")]


def _dangling(item: Mapping[str, Any], entities: Mapping[str, Any]) -> list[str]:
    """Local names that are referred to and not described; an address may lead elsewhere."""
    names = [name for key, value in item.items() if not key.startswith("@") for name in _refs(value)]
    return [name for name in names if name not in entities and not _ABSOLUTE.match(name)]
