"""Style sheets that somebody's output brings, so that they style this output and nothing else of the page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import tinycss2

__all__ = ["FIXED", "scoped"]

FIXED = re.compile(r"(?<![\w-])position\s*:\s*(?:fixed|sticky)\b", re.IGNORECASE)
"""A place on the screen instead of in the page, where an output would lie over others."""
_NESTING = {"media", "supports", "container", "layer"}
_KEPT = {"keyframes", "-webkit-keyframes", "font-face"}
_BEGINS_OUTSIDE = {">", "+", "~", "|", "||"}


def scoped(css: str, name: str) -> str:
    """Return a style sheet of which each rule is for what lies in the element of one class.

    Parameters
    ----------
    css : str
        A style sheet, as wrong as it likes.
    name : str
        The class.
    """
    text = "".join(_rules(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), name))
    return text.replace("<", "\\3c ")


def _rules(rules: Iterable[Any], name: str) -> Iterator[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = ", ".join(f":where(.{name}) {selector}" for selector in _selectors(rule.prelude))
            said = "; ".join(_declarations(rule.content))
            yield f"{selectors} {{ {said} }}\n" if selectors and said else ""
        elif rule.type == "at-rule" and rule.content is not None and not _has_error(rule.prelude):
            before = f"@{rule.lower_at_keyword} {tinycss2.serialize(rule.prelude).strip()}"
            if rule.lower_at_keyword in _NESTING:
                inner = "".join(_rules(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True), name))
                yield f"{before} {{\n{inner}}}\n"
            elif rule.lower_at_keyword in _KEPT:
                yield f"{before} {{{tinycss2.serialize(rule.content)}}}\n"


def _selectors(prelude: list[Any]) -> Iterator[str]:
    """The selectors of a rule, without those that begin beside the element instead of within it."""
    found: list[list[Any]] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            found.append([])
        elif token.type != "comment":
            found[-1].append(token)
    for selector in found:
        tokens = [token for token in selector if token.type != "whitespace"]
        signs = [token.value for token in tokens if token.type == "literal"]
        begins_outside = bool(tokens) and tokens[0].type == "literal" and tokens[0].value in _BEGINS_OUTSIDE
        if tokens and not begins_outside and "&" not in signs and not _has_error(tokens):
            yield tinycss2.serialize(selector).strip()


def _declarations(content: list[Any]) -> Iterator[str]:
    for item in tinycss2.parse_declaration_list(content, skip_comments=True, skip_whitespace=True):
        text = item.serialize() if item.type == "declaration" else ""
        if text and not FIXED.search(text):
            yield text


def _has_error(tokens: Iterable[Any]) -> bool:
    return any(token.type == "error" for token in tokens)
