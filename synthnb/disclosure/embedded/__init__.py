"""Records inside exported files: written so that no value can break out, and found again.

===========================  ==========================================================================
file                         where the record is
===========================  ==========================================================================
``.html``, ``.slides.html``  ``<script type="application/vnd.synthnb.record+json" id="synthnb-record">``
``.pdf``                     the attachment ``synthnb-record.json``
``.md``                      one comment ``<!-- synthnb:record JSON -->``
``.tex``, ``.py``            comment lines ``% synthnb:record PART``, ``# synthnb:record PART``
what stock nbconvert writes  the comment of Markdown, in a page or behind the comment sign of a script
===========================  ==========================================================================
"""

from __future__ import annotations

from pathlib import Path

from synthnb.disclosure.embedded.found import Embedded
from synthnb.disclosure.embedded.lines import comment, comment_lines, from_lines, from_markdown, unlike_record
from synthnb.disclosure.embedded.pages import ISLAND, from_html, island_json, visible_text
from synthnb.disclosure.embedded.pdf import ATTACHMENT, from_pdf
from synthnb.disclosure.embedded.tex import escape_tex, from_tex
from synthnb.disclosure.embedded.unseen import unseen
from synthnb.errors import StorageError

__all__ = [
    "ATTACHMENT",
    "ISLAND",
    "SUFFIXES",
    "Embedded",
    "comment",
    "comment_lines",
    "escape_tex",
    "from_html",
    "from_lines",
    "from_markdown",
    "from_pdf",
    "from_tex",
    "island_json",
    "read_embedded",
    "unlike_record",
    "unseen",
    "visible_text",
]

_READERS = {
    ".html": from_html,
    ".htm": from_html,
    ".md": from_markdown,
    ".markdown": from_markdown,
    ".tex": from_tex,
    ".py": from_lines,
    ".r": from_lines,
    ".jl": from_lines,
    ".txt": from_lines,
}
SUFFIXES = frozenset({".pdf", *_READERS})
"""The endings of files that a record is looked for in."""


def read_embedded(path: str | Path) -> Embedded | str:
    """Return the record in an exported file and what its readers see, or a sentence saying why there is none.

    The sentence has the word *read* if there may be a record that can't be read.

    Parameters
    ----------
    path : str or Path
        A file with one of the endings in `SUFFIXES`.

    Raises
    ------
    StorageError
        The system doesn't let it be read.
    """
    file = Path(path)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise StorageError(f"{file.name} can't be read: {error.strerror or error}.", fix="Check who may read it.") from error
    suffix = file.suffix.lower()
    if suffix == ".pdf":
        return from_pdf(data)
    if suffix not in _READERS:
        return f"Files that end in {suffix or 'nothing'} carry no record of synthnb."
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return f"The file can't be read: it isn't UTF-8 text, {error.reason} at byte {error.start:,}."
    return _READERS[suffix](text)
