r"""Records in LaTeX sources, and values as LaTeX text: no sign keeps a meaning of its own.

``\ { } $ & # % _ ^ ~`` and the signs that fonts join or that packages make active
become commands or characters by number, always followed by an empty group or a
space, so that the inverse is unique.
"""

from __future__ import annotations

import re

from synthnb.disclosure.embedded.found import Embedded, only
from synthnb.disclosure.embedded.lines import line_record, without_lines

__all__ = ["escape_tex", "from_tex"]

_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
}
_ESCAPES = {ord(sign): command for sign, command in _SIGNS.items()}
_BACK = {command: sign for sign, command in _SIGNS.items()} | {r"-{}": "-"}
_COMMAND = re.compile("|".join(re.escape(command) for command in sorted(_BACK, key=len, reverse=True)))
_DASHES = re.compile("-(?=-)")
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")
_MARKUP = re.compile(r"\\(?:begin|end)\{[a-z*]+\}(?:\{[^{}]*\})*|\\\\|\\[a-zA-Z]+\*?(?:\[[^\[\]]*\])?(?:\{\})?|[{}&]")


def escape_tex(text: str) -> str:
    """Return a value as LaTeX text."""
    return _DASHES.sub("-{}", _UNSAFE.sub("\ufffd", text).translate(_ESCAPES))


def from_tex(text: str) -> Embedded | str:
    """Return the record and the visible text of a LaTeX file, or a sentence saying why there is none."""
    kept = without_lines(text)
    pieces: list[str] = []
    at = 0
    for found in _COMMAND.finditer(kept):
        pieces += [_MARKUP.sub(" ", kept[at : found.start()]), _BACK[found[0]]]
        at = found.end()
    pieces.append(_MARKUP.sub(" ", kept[at:]))
    return only(line_record(text), "".join(pieces), "file", "text")
