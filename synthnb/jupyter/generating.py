"""``%synth generate``: from the words of the line to a call of ``generate``."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from synthnb._api.words import read_limits, read_merging, read_options, read_panel, read_survival, with_named
from synthnb.errors import Interrupted, OptionError, shown
from synthnb.jupyter.namespace import look_up, look_up_source
from synthnb.jupyter.progress import CellProgress
from synthnb.jupyter.publish import publish, publish_bundle

__all__ = ["Keep", "arguments_of", "check_save", "generate_as_asked", "keeping_partial", "save", "ways_of"]


Keep = Callable[[str, Any], None]
"""Gives a value to one of the user's variables."""


@contextmanager
def keeping_partial(name: str | None, keep: Keep) -> Iterator[None]:
    """Give what was finished at an interrupt to a variable, if one was named, and show it."""
    try:
        yield
    except Interrupted as stopped:
        partial = getattr(stopped, "partial", None)
        if name is not None and partial is not None and len(partial.frame):
            keep(name, partial.frame)
            publish(partial)
        raise


def ways_of(given: Namespace) -> dict[str, Any]:
    """How a language model takes part, from the options that every verb with one shares."""
    limits = read_limits(tokens=given.limit_tokens, cost=given.limit_cost, minutes=given.limit_minutes, watt_hours=given.limit_watt_hours)
    return {"model": given.model, "allow_hosted": given.allow_hosted, "sensitive": given.sensitive, "limits": limits}


def check_save(given: Namespace) -> None:
    """Refuse what couldn't be saved before anything is fitted or spent."""
    from synthnb.engines.saving import checked_path

    path = checked_path(given.save)
    if path.exists() and not given.overwrite:
        raise OptionError(f"{shown(str(path))} exists.", fix="Choose another name, or add --overwrite.")
    if (given.replicates or 1) > 1 or given.subject is not None:
        raise OptionError("Only the generator of one table can be saved.", fix="Leave --save out, or make one synthesis of one table.")
    if given.engine == "llm":
        raise OptionError("A language model writes rows without a generator that could be saved.", fix="Leave --save out.")


def arguments_of(given: Namespace, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What a line asks of any source, be it a frame, a recipe or a description."""
    return {
        "rows": given.rows,
        "engine": given.engine or "auto",
        "options": with_named(
            read_options(given.option),
            epsilon=given.epsilon,
            examples=given.examples,
            share=given.share,
            target=given.target,
            curate=given.curate,
        ),
        "rules": given.rule,
        "where": given.where or "",
        "given": None if given.given is None else look_up(given.given, variables),
        "balance": given.balance or (),
        "replicates": 1 if given.replicates is None else given.replicates,
        "decision": None if given.decision is None else _function(given.decision, variables),
        "relations": given.relation or None,
        "on": given.on or "inline",
        "groups": given.groups or (),
        "panel": read_panel(given.subject, given.time, given.end),
        "survival": [read_survival(words) for words in given.survival],
        "merge_below": read_merging(given.merge_below),
        "random_state": given.seed,
        "announce": _announce,
    }


def _announce(told: Any) -> None:
    """Show how a privacy budget is about to be spent, or what calls to a model are going to use."""
    from synthnb.jupyter.mime import split_bundle
    from synthnb.jupyter.writing import announce

    if isinstance(told, Sequence):
        publish_bundle(split_bundle(told))
    else:
        announce(told)


def generate_as_asked(given: Namespace, name: str, variables: Mapping[str, Any]) -> Any:
    """Generate what a parsed line asks for; the privacy budget's split is shown before it is spent."""
    from synthnb._api import generate

    source = look_up_source(given.frame, variables)
    arguments = arguments_of(given, variables) | ways_of(given)
    if given.save is not None:
        check_save(given)
    with CellProgress("Generating") as progress:
        made = generate(
            source,
            recipe=None if given.recipe is None else _recipe(given.recipe, variables),
            source_name=given.frame,
            name=name,
            preview=given.preview,
            progress=progress,
            **arguments,
        )
    if given.save is not None:
        save(made, given.save, overwrite=given.overwrite)
    return made


def _recipe(expression: str, variables: Mapping[str, Any]) -> Any:
    return variables.get(expression) if expression in variables else look_up_source(expression, variables)


def _function(name: str, variables: Mapping[str, Any]) -> Any:
    if not callable(variables.get(name)):
        raise OptionError(f"--decision needs a variable that holds a function; got {shown(name)}.", fix="Define it in a cell above.")
    return variables[name]


def save(made: Any, path: str, *, overwrite: bool) -> None:
    """Write the fitted generator, and tell what it may hold."""
    if getattr(made, "generator", None) is None:
        raise OptionError("Only the generator of one table can be saved.", fix="Leave --save out, or make one synthesis of one table.")
    made.generator.save(path, overwrite=overwrite)
    kept = "It may hold values of real rows: keep it as you keep them." if made.generator.holds_real_values else ""
    publish_bundle({"text/plain": f"The generator is in {path}. {kept}".strip()})
