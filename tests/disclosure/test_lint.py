"""Overclaims are found, and our own documents hold none."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthnb.disclosure.lint import MARKER, findings, warnings

ROOT = Path(__file__).parents[2]
PHRASES = [
    "anonymous",
    "anonymised",
    "Anonymized",
    "de-identified",
    "GDPR-compliant",
    "GDPR compliance",
    "AI Act compliant",
    "HIPAA compliant",
    "complies with the EU AI Act",
    "privacy-preserving",
    "preserves privacy",
    "fully private",
    "100 % safe",
    "no re-identification risk",
    "cannot be re-identified",
]


@pytest.mark.parametrize("phrase", PHRASES)
def test_each_claim_is_found_where_it_stands(phrase: str) -> None:
    (found,) = findings(f"The data are {phrase}, we say.")
    assert found.phrase == phrase
    assert found.position == 13


@pytest.mark.parametrize("text", ["an anonymiser", "privacy", "a private matter", "compliance is for the reader to judge", "synthetic"])
def test_plain_words_are_left_alone(text: str) -> None:
    assert findings(text) == []


def test_a_line_may_name_the_words_on_purpose() -> None:
    text = f'Refused: "anonymous" <!-- {MARKER} -->\nThese data are anonymous.'
    assert [found.position for found in findings(text)] == [text.rindex("anonymous")]


def test_a_person_is_told_what_to_write_instead() -> None:
    (warning,) = warnings("They are anonymous.")
    assert warning == "“anonymous” claims more than can be shown here. Say which attack was run, with its result and interval."


def documents() -> list[Path]:
    found = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "CITATION.cff")]
    found += [
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "synthnb" / "templates").rglob("*.j2"),
        *(ROOT / "labextension" / "src").glob("*.ts"),
    ]
    return [path for path in found if path.is_file()]


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_our_documents_and_templates_claim_nothing(path: Path) -> None:
    assert [(found.phrase, found.position) for found in findings(path.read_text(encoding="utf-8"))] == []
