"""The part of llama.cpp's GBNF that synthnb writes, as a regular expression: what a grammar lets through, without a model."""

from __future__ import annotations

import re

_TOKEN = re.compile(r'"((?:\\.|[^"\\])*)"|(\[[^\]]+\])|([a-z][a-z0-9]*)|([()|?])|\s+')


def as_regex(grammar: str) -> re.Pattern[str]:
    """A grammar without recursion as a regular expression."""
    rules = dict(line.split(" ::= ", 1) for line in grammar.splitlines() if line)
    return re.compile(_body(rules["root"], rules))


def _body(text: str, rules: dict[str, str]) -> str:
    at, made = 0, ""
    while at < len(text):
        token = _TOKEN.match(text, at)
        assert token, f"not GBNF: {text[at : at + 20]!r}"
        literal, among, rule, sign = token.groups()
        if literal is not None:
            made += f"(?:{re.escape(_plain(literal))})"
        made += among or sign or ""
        made += f"(?:{_body(rules[rule], rules)})" if rule else ""
        at = token.end()
    return made


def _plain(literal: str) -> str:
    return re.sub(r"\\(?:x(..)|u(....)|U(.{8}))", lambda found: chr(int(next(filter(None, found.groups())), 16)), literal)
