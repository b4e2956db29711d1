"""Conditions of use as ``sc:usageInfo``: a person's words, and the terms of the Data Use Ontology among them.

Codes such as ``DUO:0000042`` in those words become terms, and an offer in ODRL if a permission
is among them. Nothing here enforces anything, and the text says so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from synthnb.disclosure.crates.words import joined

if TYPE_CHECKING:
    from synthnb.disclosure.crates.account import Account

__all__ = ["usage_info"]

_PERMISSIONS = {
    "0000004": "no restriction",
    "0000006": "health or medical or biomedical research",
    "0000007": "disease specific research",
    "0000011": "population origins or ancestry research only",
    "0000042": "general research use",
}
_MODIFIERS = {
    "0000012": "research specific restrictions",
    "0000015": "no general methods research",
    "0000016": "genetic studies only",
    "0000018": "not for profit, non commercial use only",
    "0000019": "publication required",
    "0000020": "collaboration required",
    "0000021": "ethics approval required",
    "0000022": "geographical restriction",
    "0000024": "publication moratorium",
    "0000025": "time limit on use",
    "0000026": "user specific restriction",
    "0000027": "project specific restriction",
    "0000028": "institution specific restriction",
    "0000029": "return to database or resource",
    "0000043": "clinical care use",
    "0000044": "population origins or ancestry research prohibited",
    "0000045": "not for profit organisation use only",
    "0000046": "non-commercial use only",
}
_CODE = re.compile(r"\bDUO[:_ ](\d{7})\b", re.IGNORECASE)
_NOT_ENFORCED = "These are conditions as stated; whether they are kept is up to whoever gives and receives the data."

Json = dict[str, Any]


def usage_info(account: Account) -> list[Json]:
    """Return the values of ``usageInfo``; empty if nobody stated conditions or a release class."""
    conditions, release = account.stated("usageConditions"), account.stated("releaseClass")
    said = [*conditions, *(f"Release class: {text}" for text in release)]
    if not said:
        return []
    codes = list(dict.fromkeys(code for text in said for code in _CODE.findall(text)))
    work: Json = {"@type": "CreativeWork", "name": "Conditions of use", "text": joined([*said, _NOT_ENFORCED])}
    permissions = [code for code in codes if code in _PERMISSIONS]
    if permissions:
        modifiers = [code for code in codes if code in _MODIFIERS]
        work |= {"@type": ["CreativeWork", "odrl:Offer"], "odrl:permission": [_permission(code, modifiers) for code in permissions]}
    return [work, *(_term(code) for code in codes if code in _PERMISSIONS | _MODIFIERS)]


def _permission(code: str, modifiers: list[str]) -> Json:
    shape: Json = {"@type": "odrl:Permission", "odrl:action": {"@id": f"duo:{code}"}}
    constraints = [
        {
            "@type": "odrl:Constraint",
            "odrl:leftOperand": {"@id": "odrl:purpose"},
            "odrl:operator": {"@id": "odrl:eq"},
            "odrl:rightOperand": {"@id": f"duo:{modifier}"},
        }
        for modifier in modifiers
    ]
    return shape | ({"odrl:constraint": constraints} if constraints else {})


def _term(code: str) -> Json:
    name = (_PERMISSIONS | _MODIFIERS)[code]
    return {"@type": "DefinedTerm", "name": name, "termCode": f"DUO_{code}", "url": f"http://purl.obolibrary.org/obo/DUO_{code}"}
