"""Reading a line of ``%synth`` by the table of verbs, and the help that is written from it."""

from __future__ import annotations

import argparse
import csv
import difflib
import re
from typing import Any, NoReturn

from synthnb.errors import OptionError
from synthnb.jupyter.verbs import VERBS, Option, Verb

__all__ = ["VERBS", "Option", "Verb", "help_for", "help_overview", "needed", "parse"]


class _Parser(argparse.ArgumentParser):
    """argparse that raises one clear error instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        example = VERBS[self.prog.split()[-1]].example if self.prog.split()[-1] in VERBS else "%synth help"
        raise OptionError(f"{self.prog}: {message}.", fix=f"For example: {example}")


def _whole(text: str) -> int:
    try:
        return int(text.replace("_", "").replace(",", ""))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}") from None


def _decimal(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}") from None


def _names(text: str) -> list[str]:
    return [name.strip() for row in csv.reader([text], skipinitialspace=True) for name in row if name.strip()]


_TYPES: dict[str, Any] = {"number": _whole, "decimal": _decimal, "columns": _names}


def _parser_for(verb: Verb, *, has_body: bool) -> _Parser:
    parser = _Parser(prog=f"%synth {verb.name}", add_help=False, allow_abbrev=False)
    for option in verb.options:
        if option.takes == "flag":
            parser.add_argument(option.name, dest=option.key, action="store_true")
        elif option.repeats and not option.name.startswith("--"):
            parser.add_argument(option.key, metavar=option.name, type=str, nargs="+")
        elif option.repeats:
            parser.add_argument(option.name, dest=option.key, action="append", default=[])
        elif option.name.startswith("--"):
            parser.add_argument(option.name, dest=option.key, type=_TYPES.get(option.takes, str), required=option.required)
        else:
            parser.add_argument(
                option.key, metavar=option.name, type=str, nargs=None if option.required and not (option.or_body and has_body) else "?"
            )
    return parser


_WORD = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")
"""A run of signs and quoted parts without a space between."""


def _split(line: str) -> list[str]:
    """Words of a line; quotation marks around a whole word or option value go, those within one stay."""
    text = line.strip().removesuffix(";")
    if _WORD.sub("", text).strip():
        raise OptionError("%synth couldn't read the line: a quotation mark isn't closed.", fix="Close the quotation marks.")
    return [_unquoted(word) for word in _WORD.findall(text)]


def _unquoted(word: str) -> str:
    name, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    whole = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" and value[0] not in value[1:-1]
    return f"{name}{equals}{value[1:-1] if whole else value}"


def parse(line: str, *, has_body: bool = False) -> tuple[Verb | None, argparse.Namespace]:
    """Read the text after ``%synth``.

    Parameters
    ----------
    line : str
        The text.
    has_body : bool
        Whether the cell has a body, which may stand in for a position.

    Returns
    -------
    verb : Verb or None
        None when no verb was given.
    arguments : argparse.Namespace
        The verb's options by key; ``help`` is True when help is asked for.

    Raises
    ------
    OptionError
        The verb or one of its options isn't known, is missing or has the wrong form.
    """
    words = _split(line)
    if not words or words[0] in {"help", "--help", "-h"}:
        named = words[1:2]
        return (_verb(named[0]) if named else None), argparse.Namespace(help=True)
    verb = _verb(words[0])
    if {"--help", "-h"} & set(words[1:]):
        return verb, argparse.Namespace(help=True)
    arguments, rest = _parser_for(verb, has_body=has_body).parse_known_args(words[1:])
    if rest:
        raise OptionError(
            f"%synth {verb.name} doesn't take {rest[0]!r}.{_nearest_option(rest[0], verb)}", fix=f"For example: {verb.example}"
        )
    arguments.help = False
    return verb, arguments


def _verb(word: str) -> Verb:
    if word not in VERBS:
        raise OptionError.from_choice("A verb after %synth", word, list(VERBS))
    return VERBS[word]


def _nearest_option(word: str, verb: Verb) -> str:
    near = difflib.get_close_matches(word, [option.name for option in verb.options], n=1)
    return f" Did you mean {near[0]}?" if near else ""


def help_overview() -> str:
    """The help of ``%synth`` as a whole."""
    lines = ["%synth — generate, evaluate and disclose synthetic data, in the notebook.", ""]
    lines += [f"  %synth {verb.name:<9} {verb.summary}" for verb in VERBS.values()]
    return "\n".join([*lines, "", "%synth VERB --help, or %synth VERB?, shows what a verb takes."])


def needed(option: Option) -> str:
    """Whether a verb fails without the option, in a word."""
    return " Required, unless the cell has a body." if option.or_body else " Required." if option.required else ""


def help_for(verb: Verb) -> str:
    """The help of one verb: what it gives, what it takes, an example."""
    width = max([len(option.name) for option in verb.options], default=0)
    lines = [f"%synth {verb.name} — {verb.summary}", ""]
    lines += [f"  {option.name:<{width}}  {option.help}{needed(option)}" for option in verb.options]
    lines += ["", f"  The cell's body: {verb.body}"] if verb.body else []
    return "\n".join([*lines, "", f"Example: {verb.example}"])
