"""Records in PDF files: an attachment that stands beside the text."""

from __future__ import annotations

import io
import zlib

from synthnb.disclosure.embedded.found import Embedded, only

__all__ = ["ATTACHMENT", "from_pdf"]

ATTACHMENT = "synthnb-record.json"
"""The name of the attachment."""


def from_pdf(data: bytes) -> Embedded | str:
    """Return the record and the text of a PDF file, or a sentence saying why there is none."""
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError:
        return "A PDF can't be read here; install what reads it: pip install 'synthnb[pdf]'"
    # What a broken file does to a reader of PDF has many names.
    broken = (PyPdfError, ValueError, LookupError, TypeError, AttributeError, AssertionError, ArithmeticError, RecursionError, OSError)
    try:
        reader = PdfReader(io.BytesIO(data))
        records = [content.decode("utf-8-sig") for content in reader.attachments.get(ATTACHMENT, [])]
        text = "\n".join(page.extract_text() for page in reader.pages) if records else ""
    except (*broken, NotImplementedError, zlib.error) as error:
        return f"The PDF can't be read: {' '.join(str(error).split())[:200]}."
    return only(records, text, "PDF", "text")
