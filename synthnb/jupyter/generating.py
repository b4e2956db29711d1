"""``%synth generate``: from the words of the line to a call of ``generate``."""

from __future__ import annotations

import ast
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from synthnb.errors import OptionError, shown
from synthnb.jupyter.namespace import look_up, look_up_source
from synthnb.jupyter.progress import CellProgress
from synthnb.jupyter.publish import publish_bundle

__all__ = ["generate_as_asked", "read_options", "with_epsilon"]


def read_options(words: Sequence[str]) -> dict[str, Any]:
    """Read ``name=value`` words; a value is a Python constant, list or mapping, else text.

    Raises
    ------
    OptionError
        A word isn't of that form.
    """
    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name.strip().isidentifier():
            raise OptionError(f"An engine's option reads name=value; got {shown(word)}.", fix="For example: --option leaf=50")
        try:
            found[name.strip()] = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError):
            found[name.strip()] = text.strip()
    return found


def with_epsilon(options: dict[str, Any], epsilon: float | None) -> dict[str, Any]:
    """Return options with the budget among them.

    Raises
    ------
    OptionError
        It is among them already.
    """
    if epsilon is None:
        return options
    if "epsilon" in options:
        raise OptionError("epsilon was given twice, by itself and as an option.", fix="Leave one of them out.")
    return {**options, "epsilon": epsilon}


def _check_save(given: Namespace) -> None:
    """Refuse what couldn't be saved before anything is fitted or spent."""
    from synthnb.engines.saving import checked_path

    path = checked_path(given.save)
    if path.exists() and not given.overwrite:
        raise OptionError(f"{shown(str(path))} exists.", fix="Choose another name, or add --overwrite.")
    if (given.replicates or 1) > 1 or given.subject is not None:
        raise OptionError("Only the generator of one table can be saved.", fix="Leave --save out, or make one synthesis of one table.")


def generate_as_asked(given: Namespace, name: str, variables: Mapping[str, Any]) -> Any:
    """Generate what a parsed line asks for; the privacy budget's split is shown before it is spent."""
    from synthnb._api import generate
    from synthnb.jupyter.mime import split_bundle

    source = look_up_source(given.frame, variables)
    options = with_epsilon(read_options(given.option), given.epsilon)
    if given.save is not None:
        _check_save(given)
    with CellProgress("Generating") as progress:
        made = generate(
            source,
            recipe=None if given.recipe is None else _recipe(given.recipe, variables),
            rows=given.rows,
            engine=given.engine or "auto",
            options=options,
            rules=given.rule,
            where=given.where or "",
            given=None if given.given is None else look_up(given.given, variables),
            balance=given.balance or (),
            replicates=1 if given.replicates is None else given.replicates,
            decision=None if given.decision is None else _function(given.decision, variables),
            relations=given.relation or None,
            on=given.on or "inline",
            groups=given.groups or (),
            panel=_panel(given),
            survival=[_survival(words) for words in given.survival],
            merge_below=given.merge_below,
            source_name=given.frame,
            name=name,
            random_state=given.seed,
            announce=lambda split: publish_bundle(split_bundle(split)),
            progress=progress,
        )
    if given.save is not None:
        _save(made, given.save, overwrite=given.overwrite)
    return made


def _recipe(expression: str, variables: Mapping[str, Any]) -> Any:
    return variables.get(expression) if expression in variables else look_up_source(expression, variables)


def _function(name: str, variables: Mapping[str, Any]) -> Any:
    if not callable(variables.get(name)):
        raise OptionError(f"--decision needs a variable that holds a function; got {shown(name)}.", fix="Define it in a cell above.")
    return variables[name]


def _panel(given: Namespace) -> Any:
    if given.subject is None and given.time is None:
        return None
    if given.subject is None or given.time is None:
        raise OptionError("Repeated visits need both --subject and --time.", fix="Name both columns.")
    from synthnb.recipes.timing import Panel

    return Panel(subject=given.subject, time=given.time)


def _survival(words: str) -> dict[str, str]:
    time, comma, event = words.partition(",")
    if not comma:
        raise OptionError(f"A time to an event reads time,event; got {shown(words)}.", fix="For example: --survival days,died")
    return {"time": time.strip(), "event": event.strip()}


def _save(made: Any, path: str, *, overwrite: bool) -> None:
    if getattr(made, "generator", None) is None:
        raise OptionError("Only the generator of one table can be saved.", fix="Leave --save out, or make one synthesis of one table.")
    made.generator.save(path, overwrite=overwrite)
    kept = "It may hold values of real rows: keep it as you keep them." if made.generator.holds_real_values else ""
    publish_bundle({"text/plain": f"The generator is in {path}. {kept}".strip()})
