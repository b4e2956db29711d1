"""From what a call states about the data to `Facts`: words read, files opened, what the run knows filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._api.making import read_source
from synthnb.disclosure.session import session
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.evaluation.analysis import Analysis
    from synthnb.evaluation.facts import Facts

__all__ = ["gather_facts", "names_of"]


def gather_facts(stated: Mapping[str, Any], *, made: Any = None) -> Facts:
    """Return what is stated about the data.

    Parameters
    ----------
    stated : mapping
        By the names of `Facts`; lists of columns may be one name, files and folders paths.
    made : Synthesis, optional
        What a verb made: its run says how many texts were asked for.

    Raises
    ------
    OptionError
        A word isn't one of these, or has a value it can't have.
    """
    from synthnb.evaluation.facts import Facts

    readers: dict[str, Callable[[Any], Any]] = {
        "secrets": _columns,
        "known": _columns,
        "keys": _columns,
        "text": _columns,
        "survival": _survival,
        "population": _population,
        "recipe": _recipe,
        "analyses": _analyses,
        "replicates": _replicates,
        "label": _text,
        "attributes": _attributes,
        "examples": _columns,
        "sources": _sources,
    }
    for word in stated:
        if word not in readers and word != "relations":
            raise OptionError.from_choice("What is stated", word, sorted([*readers, "relations"]))
    found = {word: readers[word](value) for word, value in stated.items() if word in readers and value is not None}
    return Facts(**(_known_of(made) | found))


def _known_of(made: Any) -> dict[str, Any]:
    """What the run behind a frame says by itself: the rules it was to keep, and how many texts were asked for by label and level."""
    run = getattr(made, "run", None)
    found: dict[str, Any] = {}
    if (recipe := session.recipes.get(_run_of(made))) is not None:
        found["recipe"] = recipe
    if run is None or getattr(run, "kind", "") != "texts":
        return found
    labels = run.parameters.get("coverage", {}).get("by_label", {})
    counts = {str(name): {str(level): int(count["requested"]) for level, count in levels.items()} for name, levels in labels.items()}
    return found | {"text": ("text",)} | ({"attributes": counts} if counts else {})


def _run_of(made: Any) -> str:
    """The id of the run of this session that made a frame; empty if none is known."""
    if hasattr(made, "run"):
        return str(made.run.id)
    if not hasattr(made, "columns"):
        return ""
    origin = session.origins.whole(made)
    return "" if origin is None else origin.run


def names_of(value: object) -> str:
    """What somebody gave, as a message says it."""
    return "nothing" if value is None else shown(type(value).__name__)


def _columns(value: Any) -> tuple[str, ...]:
    named = (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(name, str) for name in named):
        raise OptionError(f"Names were expected; got {shown(value)}.", fix="Pass texts.")
    return tuple(dict.fromkeys(named))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise OptionError(f"One column was expected; got {shown(value)}.", fix="Name one.")
    return value


def _survival(value: Any) -> tuple[str, str]:
    if hasattr(value, "time") and hasattr(value, "event"):
        return str(value.time), str(value.event)
    if isinstance(value, Mapping) and {"time", "event"} <= set(value):
        return str(value["time"]), str(value["event"])
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        return str(value[0]), str(value[1])
    raise OptionError(f"A time to an event is two columns, time and event; got {shown(value)}.", fix='Pass ("days", "died").')


def _population(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise OptionError(f"population is a number of people from 1 on; got {shown(value)}.", fix="Leave it out if it isn't known.")
    return value


def _recipe(value: Any) -> Any:
    if isinstance(value, str | Path):
        from synthnb.recipes.io import read_recipe

        return read_recipe(value)
    return getattr(value, "recipe", value)


def _analyses(value: Any) -> tuple[Analysis, ...]:
    from synthnb.evaluation.analysis import Analysis

    if isinstance(value, Mapping):
        named = [value_ if isinstance(value_, Analysis) else Analysis(name=str(name), function=value_) for name, value_ in value.items()]
    else:
        listed = [value] if callable(value) or isinstance(value, Analysis) else list(value)
        named = [item if isinstance(item, Analysis) else Analysis(name=_called(item), function=item) for item in listed]
    if len({analysis.name for analysis in named}) < len(named):
        raise OptionError("Two analyses have the same name.", fix='Pass {"name": function, …}.')
    return tuple(named)


def _called(function: Any) -> str:
    if not callable(function):
        raise OptionError(f"An analysis is a function of a frame; got {shown(function)}.", fix="Define it with def.")
    return str(getattr(function, "__name__", type(function).__name__))


def _replicates(value: Any) -> tuple[pd.DataFrame, ...]:
    from synthnb._frames import to_pandas

    many: Iterable[Any] = getattr(value, "syntheses", value)
    return tuple(to_pandas(read_source(frame, "")[0], what="replicate")[0] for frame in many)


def _attributes(value: Any) -> dict[str, dict[str, int]]:
    try:
        return {str(name): {str(level): int(count) for level, count in levels.items()} for name, levels in value.items()}
    except (AttributeError, TypeError, ValueError):
        raise OptionError(
            f"attributes are counts by column and level; got {shown(value)}.", fix='Pass {"tone": {"calm": 250, "worried": 250}}.'
        ) from None


def _sources(value: Any) -> dict[str, str]:
    """Documents by name: a mapping as it is, or the files of a folder."""
    if isinstance(value, Mapping):
        return {str(name): str(text) for name, text in value.items()}
    from synthnb.engines.corpus.documents import read_documents

    return read_documents(value).texts
