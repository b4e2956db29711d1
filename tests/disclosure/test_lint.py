"""Overclaims are found, and our own documents hold none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from synthnb.disclosure.entries import entry_for_statements
from synthnb.disclosure.lint import MARKER, findings, places, warnings

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
    "de-identification guaranteed",
    "guaranteed de-identification",
    "risk-free",
    "outside the scope of GDPR",
    "out of the scope of the GDPR",
    "not subject to the GDPR",
    "exempt from HIPAA",
    "FDA approved",
    "FDA-cleared",
    "approved by the FDA",
    "privacy guaranteed",
    "guarantees privacy",
    "ensuring patients' privacy",
    "protecting the privacy",
    "without risk of re-identification",
    "zero disclosure risk",
    "impossible to re-identify",
    "free of personal data",
    "safe to share",
    "ano\u00adnymous",
    "GDPR\u2011compliant",
    "anonymisiert",
    "DSGVO-konform",
    "conformes au RGPD",
    "anonymisées",
]
SENTENCES = [
    ("The table is fully synthetic, so no personal data are in it.", "so no personal data"),
    ("It contains no personal information.", "contains no personal information"),
    ("The GDPR does not apply to it.", "The GDPR does not apply"),
    ("Nobody can be identified.", "Nobody can be identified"),
    ("Es enthält keine personenbezogenen Daten.", "keine personenbezogenen Daten"),
    ("Le fichier ne contient aucune donnée personnelle.", "aucune donnée personnelle"),
]


@pytest.mark.parametrize("phrase", PHRASES)
def test_each_claim_is_found_where_it_stands(phrase: str) -> None:
    (found,) = findings(f"The data are {phrase}, we say.")
    assert found.phrase == phrase
    assert found.position == 13


@pytest.mark.parametrize(("text", "phrase"), SENTENCES)
def test_claims_that_are_sentences_are_found(text: str, phrase: str) -> None:
    assert [found.phrase for found in findings(text)] == [phrase]


@pytest.mark.parametrize(
    "text",
    [
        "Synthetic data are not anonymous by themselves.",
        "They aren't anonymous.",
        "It is never anonymous.",
        "Synthetisch ist nicht anonym.",
        "Whether the real data hold personal or sensitive information.",
        "A promise not to re-identify anybody.",
        "whether the GDPR applies is for a lawyer",
        "The re-identification risk is 0.02 [0.00, 0.05].",
        "No person rated the rows.",
        "safe to run twice",
    ],
)
def test_denials_and_plain_questions_are_no_claims(text: str) -> None:
    assert findings(text) == []


@pytest.mark.parametrize("text", ["an anonymiser", "privacy", "a private matter", "compliance is for the reader to judge", "synthetic"])
def test_plain_words_are_left_alone(text: str) -> None:
    assert findings(text) == []


def test_a_line_may_name_the_words_on_purpose() -> None:
    text = f'Refused: "anonymous" <!-- {MARKER} -->\nThese data are anonymous.'
    assert [found.position for found in findings(text)] == [text.rindex("anonymous")]


def test_a_person_is_told_what_to_write_instead() -> None:
    (warning,) = warnings("They are anonymous.")
    assert warning == "“anonymous” claims more than can be shown here. Say which attack was run, with its result and interval."


KINDS = (".cff", ".css", ".ipynb", ".j2", ".js", ".json", ".md", ".py", ".tex", ".toml", ".ts", ".tsx", ".txt", ".yaml", ".yml")
FOLDERS = ("docs", "labextension/schema", "labextension/src", "notebooks", "synthnb")
NAMING = {
    "synthnb/disclosure/lint.py": "it names the words to find them",
    "synthnb/disclosure/crates/contexts": "vocabularies of others, as they were published",
}
"""What may name the words, and why."""


def documents() -> list[Path]:
    """Every text that is shipped or published: what is new is found by itself."""
    found = [path for path in ROOT.iterdir() if path.suffix in {".md", ".cff"}]
    found += [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in KINDS and path.is_file()]
    return sorted(
        path for path in found if not any(path.relative_to(ROOT).as_posix().startswith(name) for name in NAMING) and not _is_built(path)
    )


def _is_built(path: Path) -> bool:
    """Whether a file is made from others, by a build or a program."""
    return any(
        part in {"node_modules", "lib", "labextension_built", ".ipynb_checkpoints", "__pycache__"}
        for part in path.parts[len(ROOT.parts) + 1 :]
    )


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_our_texts_and_templates_claim_nothing(path: Path) -> None:
    text = re.sub(r"[A-Za-z0-9+/=]{400,}", "", path.read_text(encoding="utf-8"))
    assert [(found.phrase, text.count("\n", 0, found.position) + 1) for found in findings(text)] == []


@pytest.mark.parametrize(
    "text", ["from /home/ada/secret/data.csv", "in C:\\Users\\ada\\x.csv.", "(~/x.csv)", "file:///srv/x", "\\\\server\\share\\x"]
)
def test_a_place_on_a_machine_is_told(text: str) -> None:
    assert len(places(text)) == 1
    said = entry_for_statements({"biases": f"biased, {text}"})
    assert "every export tells it" in said["detail"]["warnings"][0]


@pytest.mark.parametrize(
    "text", ["and/or", "3/4 of it", "https://example.org/a/b", "doi:10.1136/bmj/x", "5 mg /day", "a / b", "data/x.csv"]
)
def test_what_is_no_place_is_left_alone(text: str) -> None:
    assert places(text) == []
