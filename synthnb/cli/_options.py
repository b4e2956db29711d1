"""Options that several commands share: the model, what it may use, and what may leave this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from synthnb._api.words import read_choices, read_limits

__all__ = [
    "FILE",
    "OVERRIDE",
    "column_names",
    "evaluate_options",
    "model_options",
    "read_words",
    "variety_of",
    "variety_options",
    "ways_of",
]

FILE = click.Path(path_type=Path, dir_okay=False)


def _overriding(context: click.Context, _option: click.Parameter, reason: str | None) -> None:
    """Give the verbs of this command a reason to go past rules of the policy; the file it makes is still to be evaluated."""
    from synthnb._api.governing import overriding

    context.with_resource(overriding(reason, to_be_evaluated=True))


_AS_THEY_ARE = ("per_call", "language", "must_show", "identifiers", "max_tokens", "temperature")

_Command = TypeVar("_Command", bound=Callable[..., Any])


def read_words(path: Path) -> str:
    """The text of a file in which a person wrote statements or answers."""
    from synthnb.errors import OptionError, StorageError

    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise StorageError(f"{path.name} can't be read: {error.strerror or error}.", fix="Correct the path.") from error
    except UnicodeDecodeError as error:
        raise OptionError(f"{path.name} isn't UTF-8 text: {error.reason} at byte {error.start:,}.", fix="Save it as UTF-8.") from error


def column_names(_context: click.Context, _option: click.Parameter, text: str | None) -> list[str]:
    """Comma-separated names as a list."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]


_REASON = click.option(
    "--override",
    expose_value=False,
    callback=_overriding,
    help="Why it is done although a rule of the policy is broken, in words; the record states it.",
)


def _overridable(command: _Command) -> _Command:
    """Let a command go past rules with a reason, and ask the policies beside what it reads and writes."""

    @wraps(command)
    def asking(*given: Any, **asked: Any) -> Any:
        from synthnb._api.governing import looking_in

        with looking_in(*(path for path in asked.values() if isinstance(path, Path))):
            return command(*given, **asked)

    return cast("_Command", _REASON(asking))


OVERRIDE = _overridable
"""The option ``--override`` of a command that a policy may stop."""
_MODEL = (
    click.option("--model", help="Who writes, as `synthnb models list` tells, or the path of a GGUF file; the setting model, if left out."),
    click.option("--allow-hosted", is_flag=True, help="Let what goes into prompts leave this machine, to a hosted model."),
    click.option("--sensitive", is_flag=True, help="Keep prompts out of the record and the store of replies; their digests stay."),
    click.option("--limit-tokens", type=int, help="Most tokens that may be read and written together."),
    click.option("--limit-cost", type=float, help="Most US dollars that the calls may cost."),
    click.option("--limit-minutes", type=float, help="Most minutes that the calls may take."),
    click.option("--limit-watt-hours", type=float, help="Most energy that the calls may use, as estimated."),
    OVERRIDE,
)
_VARIETY = (
    click.option("--per-call", type=int, help="Texts asked for in one call; chosen by the model's ability, if left out."),
    click.option("--style", help="Styles, one drawn for each text, as a|b or with weights a:2|b:1."),
    click.option("--length", help="Lengths, likewise."),
    click.option("--persona", help="Who writes, likewise."),
    click.option("--language", help="The language of the texts; it is asked for and checked."),
    click.option("--must-show", callback=column_names, help="Labels, comma-separated, whose level must stand in the text."),
    click.option("--identifiers", help="What direct identifiers do that would go to a hosted model: block or warn."),
    click.option("--max-tokens", type=int, help="Longest text, in tokens."),
    click.option("--temperature", type=float, help="How freely the model chooses its words, 0 to 2."),
)
_EVALUATION = (
    click.option("--against", type=click.Path(path_type=Path), help="The real table SYNTHETIC was made from; texts can do without."),
    click.option("--holdout", type=click.Path(path_type=Path), help="Real rows the generator never saw; attacks and utility need them."),
    click.option("--target", help="The column a model would predict."),
    click.option("--groups", callback=column_names, help="Columns, comma-separated, whose subgroups are shown."),
    click.option("--profile", default="auto", show_default=True, help="The named set of metrics and gates, or a .toml file extending one."),
    click.option("--gate", multiple=True, help="Another limit for a gate of the profile, as metric=0.2; may be repeated."),
    click.option("--secrets", callback=column_names, help="Columns, comma-separated, that an attacker would guess."),
    click.option("--known", callback=column_names, help="Columns, comma-separated, that an attacker knows."),
    click.option("--keys", callback=column_names, help="Columns, comma-separated, of which each is different in every row."),
    click.option("--survival", help="A time and its event, as time,event."),
    click.option("--population", type=int, help="How many people the real rows are a sample of."),
    click.option("--recipe", type=FILE, help="A .recipe.json file with what was to be made; its rules are counted."),
    click.option("--text", callback=column_names, help="Columns, comma-separated, of texts; the profile is then text-core/1."),
    click.option("--label", help="The column that says what a text was to show."),
    click.option("--sources", type=click.Path(path_type=Path), help="The folder of documents that questions were written from."),
    click.option("--relation", "relations", multiple=True, help="How two tables of a folder hang together; may be repeated."),
    click.option("--seed", type=int, help="Whole number that makes the result repeatable."),
    OVERRIDE,
)


def _with(command: _Command, options: tuple[Callable[[_Command], _Command], ...]) -> _Command:
    for option in reversed(options):
        command = option(command)
    return command


def model_options(command: _Command) -> _Command:
    """Give a command the options of every verb that uses a language model."""
    return _with(command, _MODEL)


def evaluate_options(command: _Command) -> _Command:
    """Give a command the options of every verb that evaluates."""
    return _with(command, _EVALUATION)


def variety_options(command: _Command) -> _Command:
    """Give a command the options of every verb that has texts written."""
    return _with(command, _VARIETY)


def ways_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    """How a language model takes part, as the verbs take it."""
    limits = read_limits(
        tokens=asked["limit_tokens"], cost=asked["limit_cost"], minutes=asked["limit_minutes"], watt_hours=asked["limit_watt_hours"]
    )
    return {"model": asked["model"], "allow_hosted": asked["allow_hosted"], "sensitive": asked["sensitive"], "limits": limits}


def variety_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    """How texts are to differ, where the command says."""
    choices = {"styles": asked["style"], "lengths": asked["length"], "personas": asked["persona"]}
    found: dict[str, Any] = {name: read_choices(text) for name, text in choices.items() if text is not None}
    plain = {name: asked[name] for name in _AS_THEY_ARE}
    return found | {name: value for name, value in plain.items() if value is not None}
