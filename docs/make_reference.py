"""Write docs/reference.md from the code: verbs and options, commands, settings, metrics, plug-ins.

Run it after a change of any of these: ``python docs/make_reference.py``. A test
fails while the page and the code differ.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click

import synthnb
from synthnb import plugins
from synthnb.cli.main import cli
from synthnb.config import Config
from synthnb.evaluation.profiles import built_in, find_profile
from synthnb.jupyter.parser import VERBS, needed

PAGE = Path(__file__).parent / "reference.md"
GROUPS = ("synthnb.engines", "synthnb.models", "synthnb.displays")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"
    yield ""


def _verbs() -> Iterator[str]:
    for verb in VERBS.values():
        yield f"### `%synth {verb.name}`\n\n{verb.summary}\n"
        if verb.options:
            yield from _table(
                ("option", "what it does"),
                [(f"`{option.name}`", option.help + needed(option)) for option in verb.options],
            )
        if verb.body:
            yield f"The cell's body: {verb.body}\n"
        yield f"```\n{verb.example}\n```\n"


def _commands(group: click.Group, prefix: str) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _commands(command, f"{prefix} {name}")
            continue
        usage = " ".join([prefix, name, *command.collect_usage_pieces(click.Context(command))])
        yield f"### `{prefix} {name}`\n\n{' '.join((command.help or '').split())}\n\n```\n{usage}\n```\n"
        options = [option for option in command.params if isinstance(option, click.Option)]
        if options:
            yield from _table(("option", "what it does"), [(f"`{option.opts[0]}`", option.help or "") for option in options])


def _settings() -> Iterator[str]:
    source = inspect.getsource(Config)
    rows = []
    for field in fields(Config):
        said = re.search(rf"{field.name}: \\w+ = .*?\"\"\"(.*?)\"\"\"", source, re.DOTALL)
        text = said[1].split("``SYNTHNB_")[0] if said else ""
        rows.append((f"`{field.name}`", f"`SYNTHNB_{field.name.upper()}`", f"`{field.default!r}`", text))
    yield from _table(("setting", "environment variable", "default", "what it sets"), rows)


def _metrics() -> Iterator[str]:
    for profile in map(find_profile, built_in()):
        yield f"### `{profile.name}`\n\n`{profile.digest}`\n"
        given = [definition for step in profile.steps for definition in step.gives]
        rows = [(one.dimension, f"`{one.metric}` v{one.version}", one.label, one.direction, one.reference) for one in given]
        yield from _table(("dimension", "metric", "label", "better", "definition and reference"), rows)
        yield from _table(("not evaluated", "why"), [(name, reason) for name, reason in profile.left_out])


def _names() -> Iterator[str]:
    rows = [
        (f"`synthnb.{name}`", (inspect.getdoc(getattr(synthnb, name)) or "").split("\n\n")[0]) for name in synthnb.__all__ if name[0] != "_"
    ]
    yield from _table(("name", "what it is"), rows)


def page() -> str:
    """The whole page."""
    registered = [(f"`{group}`", ", ".join(f"`{name}`" for name in plugins.available(group))) for group in GROUPS]
    parts = [
        "# Reference\n\nMade from the code by `docs/make_reference.py`.\n",
        "## Magics\n",
        *_verbs(),
        "## Commands\n",
        *_commands(cli, "synthnb"),
        "## Python\n",
        *_names(),
        "## Settings\n",
        "`synthnb.config_context(minimum_cell=5)` changes some for a while.\n",
        *_settings(),
        "## Metrics\n",
        *_metrics(),
        "## Plug-ins\n",
        "Entry-point groups, and what is registered here. `synthnb/plugins.py` says what each expects.\n",
        *_table(("group", "registered"), registered),
    ]
    return "\n".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
