"""Texts of a record as other formats may hold them, and the licences and addresses among them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from synthnb.disclosure.crates.needs import is_address

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["IPTC", "LICENCES", "clean", "contents", "joined", "licence_address", "reference"]

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
"""The namespace of IPTC's digital source types."""
LICENCES = (
    "Apache-2.0",
    "BSD-3-Clause",
    "CC-BY-4.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-ND-4.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-ND-4.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "MIT",
    "ODC-By-1.0",
    "ODbL-1.0",
    "PDDL-1.0",
)
"""Identifiers of licences that are known by their address; others are written as they were stated."""

_LONGEST = 20_000
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def clean(text: str) -> str:
    """A text without control characters and direction overrides, cut to 20,000 characters."""
    found = _UNSAFE.sub("�", text).strip()
    return found if len(found) <= _LONGEST else f"{found[:_LONGEST]}… ({len(found):,} characters)"


def contents(texts: Sequence[str]) -> list[str]:
    """Several texts, cleaned."""
    return [clean(text) for text in texts]


def joined(texts: Sequence[str]) -> str:
    """Several texts as one."""
    return clean(" ".join(part if part.rstrip().endswith((".", "!", "?")) else f"{part.rstrip()}." for part in texts))


def licence_address(text: str) -> str:
    """The address of a licence that was stated; empty if it has none that is known."""
    given = text.strip()
    if is_address(given):
        return given
    wanted = re.sub(r"[\s_]+", "-", given).casefold()
    found = [name for name in LICENCES if name.casefold() == wanted]
    return f"https://spdx.org/licenses/{found[0]}.html" if found else ""


def reference(kind: str, *parts: str) -> str:
    """A local identifier such as ``#run-0123``; whatever is in the parts, it stays one."""
    return f"#{'-'.join([kind, *(quote(part, safe='') for part in parts)])}"
