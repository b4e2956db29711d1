"""Everything in JSON-LD expands without a network, to the terms that are meant."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from synthnb.disclosure.crates.contexts import BUNDLED, bundled_context

SCHEMA_ORG = {"@context": {"@vocab": "http://schema.org/"}}
"""Of schema.org's context what our pages use: all of its terms are in one namespace."""


def _load(address: str, _options: object = None) -> dict[str, Any]:
    if address in BUNDLED:
        content = bundled_context(address)
    elif address == "https://schema.org/":
        content = SCHEMA_ORG
    else:
        raise AssertionError(f"{address} would be fetched")
    return {"contextUrl": None, "documentUrl": address, "document": content, "contentType": "application/ld+json"}


def expanded(document: Any) -> str:
    jsonld = pytest.importorskip("pyld.jsonld")
    return json.dumps(jsonld.expand(document, {"documentLoader": _load, "base": "https://example.org/"}))


def test_the_croissant_description(packages: Path) -> None:
    text = expanded(json.loads((packages / "trial.croissant.json").read_text()))
    for term in (
        "http://mlcommons.org/croissant/RAI/dataLimitations",
        "http://mlcommons.org/croissant/recordSet",
        "http://www.w3.org/ns/prov#wasDerivedFrom",
        "http://purl.org/dc/terms/conformsTo",
        "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia",
        "http://www.w3.org/ns/odrl/2/permission",
        "http://purl.obolibrary.org/obo/DUO_0000042",
    ):
        assert f'"{term}"' in text


def test_the_crates_metadata(packages: Path) -> None:
    with zipfile.ZipFile(packages / "trial.zip") as packed:
        document = json.loads(packed.read("ro-crate-metadata.json"))
    text = expanded(document)
    for term in ("sha256", "instrument", "CreateAction", "SoftwareApplication", "digitalSourceType", "actionStatus"):
        assert f'"http://schema.org/{term}"' in text
    used = {key for item in document["@graph"] for key in item if not key.startswith("@")}
    assert used <= set(bundled_context(document["@context"])["@context"])


def test_the_pages_own(packages: Path) -> None:
    with zipfile.ZipFile(packages / "trial.zip") as packed:
        page = packed.read("trial.html").decode()
    (island,) = re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page, re.DOTALL)
    text = expanded(json.loads(island))
    assert '"http://schema.org/Dataset"' in text
    assert '"http://www.w3.org/ns/prov#wasGeneratedBy"' in text
