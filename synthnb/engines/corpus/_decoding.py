"""From a file's bytes to its text: encodings, HTML and PDF. What can't be read is an `Unreadable` with the reason."""

from __future__ import annotations

import io
import logging
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from synthnb._optional import need
from synthnb.engines.corpus._html import html_text

__all__ = ["KINDS", "Decoded", "Unreadable", "decode", "normalise"]

KINDS = {
    ".txt": "text",
    ".text": "text",
    ".md": "text",
    ".markdown": "text",
    ".rst": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
}
"""How files are read, by suffix."""

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_CONTROLS = dict.fromkeys((*range(9), *range(14, 32), *range(127, 160)), " ") | {
    0x0B: "\n",
    0x0C: "\n",
    0x85: "\n",
    0x2028: "\n",
    0x2029: "\n",
}
_GONE = dict.fromkeys((173, 8203, 8288, 65279))
_MOST_CONTROLS = 0.02


class Unreadable(Exception):
    """Why a file gives no text, in a few words."""


class Decoded(NamedTuple):
    """A file's text, and how it was had."""

    text: str
    """Normalised; what offsets refer to."""
    encoding: str
    """The encoding its bytes were read in; ``pdf`` for a PDF."""
    remark: str = ""
    """What the reader should know, such as a guess."""


def decode(data: bytes, suffix: str) -> Decoded:
    """Return the text of a file.

    Raises
    ------
    Unreadable
        It is empty, binary, encrypted or damaged.
    MissingExtraError
        It is a PDF, and pypdf isn't installed.
    """
    if not data.strip():
        raise Unreadable("it is empty")
    kind = KINDS[suffix]
    if kind == "pdf":
        with _told() as told:
            found = Decoded(_pdf_text(data), "pdf")
        found = found._replace(remark="its PDF isn't well-formed; what could be read of it was" if told else "")
    else:
        text, encoding, remark = _characters(data, html=kind == "html")
        found = Decoded(html_text(text) if kind == "html" else text, encoding, remark)
    text = normalise(found.text)
    if not text:
        raise Unreadable("it holds no text" if kind != "pdf" else "it holds no text, only pictures perhaps")
    return found._replace(text=text)


def normalise(raw: str) -> str:
    """The text that offsets refer to.

    Unicode in form NFC, lines ending in a line feed and without blanks at their end, at most one empty line in a row,
    none around the whole; control characters are blanks, zero-width ones are left out, a lone surrogate is ``?``.
    """
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS).translate(_GONE))
    text = text.encode("utf-8", "replace").decode()
    lines = [line.rstrip() for line in text.split("\n")]
    kept = [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]
    return "\n".join(kept).strip()


def _characters(data: bytes, *, html: bool) -> tuple[str, str, str]:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _as(data, encoding), encoding, ""
    _refuse_binary(data)
    declared = _CHARSET.search(data[:2048]) if html else None
    if declared is not None:
        name = declared.group(1).decode("ascii").lower()
        try:
            return data.decode(name), name, ""
        except (LookupError, ValueError):
            pass
    try:
        return data.decode("utf-8"), "utf-8", ""
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1", "its bytes aren't UTF-8 and were read as Latin-1, a guess"


def _as(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except ValueError as error:
        raise Unreadable(f"its mark says {encoding}, which its bytes aren't") from error


def _refuse_binary(data: bytes) -> None:
    start = data[:65_536]
    controls = sum(start.count(bytes([code])) for code in (*range(1, 9), *range(14, 27), *range(28, 32)))
    if b"\x00" in start or controls > _MOST_CONTROLS * len(start):
        raise Unreadable("it is binary")


class _Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        self.told.append(record.getMessage())


@contextmanager
def _told() -> Iterator[list[str]]:
    """What pypdf logs of a damaged file, kept from the user's error stream."""
    logger, kept = logging.getLogger("pypdf"), _Kept()
    before = logger.propagate
    logger.addHandler(kept)
    logger.propagate = False
    try:
        yield kept.told
    finally:
        logger.propagate = before
        logger.removeHandler(kept)


def _pdf_text(data: bytes) -> str:
    pypdf: Any = need("pypdf", extra="corpus")
    try:
        reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("it is encrypted")
        return "\n\n".join(page.extract_text() or "" for page in reader.pages)
    except Unreadable:
        raise
    except Exception as error:
        encrypted = "crypt" in f"{type(error).__name__} {error}".lower()
        raise Unreadable("it is encrypted" if encrypted else f"its PDF is damaged ({type(error).__name__})") from error
