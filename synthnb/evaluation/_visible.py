"""Strings from data made fit to be read: cut, signs that can't be seen or turn the text around made visible."""

from __future__ import annotations

import re

__all__ = ["visible"]

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]")


def visible(value: object, longest: int, *, newline: str = "⏎") -> str:
    r"""A value as one line of text.

    Examples
    --------
    >>> visible("a\nb\x00", 80)
    'a⏎b[U+0000]'
    >>> visible("abcdef", 4)
    'abc…'
    """
    text = "" if value is None else str(value)
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return _UNSAFE.sub(lambda match: {"\n": newline, "\t": " "}.get(match.group(), f"[U+{ord(match.group()):04X}]"), cut)
