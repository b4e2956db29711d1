"""Direct identifiers in texts; the planted set is written here, apart from that of the detector's own tests."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from synthnb._identifiers import find_identifiers
from synthnb.evaluation.gates import hold
from synthnb.evaluation.profiles import find_profile
from synthnb.evaluation.texts.identifiers import IDENTIFIERS_STEP, RECALL, identifiers

PLANTED: dict[str, list[str]] = {
    "e-mail address": ["mail: t.okafor@clinic.example", "Anna_B@post.example.net", "a.b+c@dept.example.ac.uk", "to <li@x.example.org>"],
    "telephone number": ["ring +44 20 7946 0018", "(415) 555-2671", "tel. 01632 960983", "Mobile: 07700 900077", "call 415.555.2671"],
    "social security number": ["SSN 536-90-4399", "her social security number is 219099999"],
    "IBAN": ["DE02 1203 0000 0000 2020 51", "account FR7630006000011234567890189"],
    "payment card": ["card 4242 4242 4242 4242", "5105105105105100"],
    "health number": ["NHS number 485 777 3457", "NHS no 4505577104"],
    "national number": ["DNI 00000000T", "NIE X0000000T"],
    "record number": ["MRN: 7741203", "patient number 88-41207", "chart no. 551207", "Hospital number H0041277"],
    "date of birth": ["DOB 12/11/1948", "born on 3 May 1971", "date of birth 1990-01-31", "Born 17.06.58"],
    "name": ["Dr. Ines Valverde", "Mrs Thornton", "patient Paul Ashdown", "Name: Greta Lindqvist", "her son, Tom Archer"],
    "street address": ["at 14 Station Road", "77 Massachusetts Avenue", "Calle Serrano 21"],
    "IP address": ["from 198.51.100.23", "host 2001:db8::8a2e:370:7334"],
}  # fmt: skip


ODD: list[str] = [
    "t dot okafor at clinic dot example", "e-mail t.okafor @ clinic.example", "ring 020-7946-0018 ext 4", "phone no: 5 5 5 2 6 7 1 0",
    "SSN# 536904399", "iban de02120300000000202051", "amex 3714-496353-98431", "NHS: 485-777-3456", "passport no 925076473",
    "UR no. 88412", "d.o.b 3/5/71", "b. 12 Nov 1948", "Mr T. Okafor-Bright", "Ms. LINDQVIST", "Ines Valverde (mother)", "14, Station Rd.",
    "flat 3, 9 Elm Grove", "10.0.0.7:8080", "hosp #H41277", "born 1990/1/31",
]  # fmt: skip
"""Spellings chosen to be odd, after the patterns were written; no pattern was changed for them."""


def run(comparison: Any) -> Any:
    return identifiers(comparison, IDENTIFIERS_STEP.parameters).scores


def frame(*texts: str) -> pd.DataFrame:
    return pd.DataFrame({"text": list(texts)})


def test_the_recall_that_scores_tell_is_measured() -> None:
    cases = [(kind, f"On the ward, {text}; reviewed.") for kind, texts in PLANTED.items() for text in texts]
    caught = [kind for kind, text in cases if kind in {found.kind for found in find_identifiers(text)}]
    odd = [text for text in ODD if any(found.direct for found in find_identifiers(text))]
    assert f"{len(caught)} of {len(cases)} planted in usual spellings, {len(odd)} of {len(ODD)} in odd ones" == RECALL


def test_hits_per_thousand_texts_by_hand(texting: Any) -> None:
    texts = ["Write to a@example.org or b@example.org.", "Seen by Dr. Jane Roe.", "nothing", "nothing else"]
    found, again = run(texting(frame(*texts), frame("Mail: a@example.org", "no")))
    assert (found.value, found.parameters["kinds"]) == (750, {"e-mail address": 2, "name": 1})
    assert (again.value, found.ceiling) == (250, 500)


def test_a_single_identifier_fails_the_gate_and_none_passes(texting: Any) -> None:
    gate = next(gate for gate in find_profile("text-core/1").gates if gate.metric == "direct_identifiers_per_1000")
    outcomes = [hold([gate], run(texting(frame("all well", last))))[0]["outcome"] for last in ("me@example.org", "fine")]
    assert outcomes == ["fail", "pass"]


def test_without_real_texts_only_their_own_are_not_told(texting: Any) -> None:
    found, again = run(texting(frame("all well")))
    assert (found.value, found.ceiling) == (0, None)
    assert "no real texts" in again.reason


def test_no_value_is_told(texting: Any) -> None:
    told = json.dumps([score.to_dict() for score in run(texting(frame("jane.roe@example.org"), frame("jane.roe@example.org")))])
    assert "jane" not in told


def test_a_long_text_is_read_in_pieces_and_each_identifier_counted_once(texting: Any) -> None:
    filler = "word " * 3990
    text = "".join(f"{filler}{'x' * shift} m{shift}@example.org " for shift in range(30, 80, 10))
    assert run(texting(frame(text)))[0].parameters["count"] == 5
