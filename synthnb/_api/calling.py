"""What every verb that uses a language model does first: open the model, the store of replies and the limits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from synthnb._api.governing import model_named, model_opened
from synthnb.config import get_config
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from synthnb.engines.base import Run
    from synthnb.models.base import Model
    from synthnb.models.calls import Calls
    from synthnb.models.limits import Estimate, Limits

__all__ = ["calls_to", "estimate_rest", "limits_of", "rest_of"]


@contextmanager
def calls_to(model: str | Model | None, *, limits: Limits | Mapping[str, Any] | None = None, sensitive: bool = False) -> Iterator[Calls]:
    """Give the calls of one run to a model, by name or open already; what is opened here is closed again.

    Parameters
    ----------
    model : str or Model, optional
        A name that `synthnb.models.registry.open_model` takes, or an open model; the setting ``model`` by default.
    limits : Limits or mapping, optional
        What the run may use at most.
    sensitive : bool
        Keep prompts out of the store and the run; their digests stay.

    Raises
    ------
    OptionError
        No model has that name, a limit isn't one, or the policy doesn't allow the model.
    ModelMissingError
        The model isn't on this machine; the message says how to get it.
    StorageError
        The store of replies can't be opened.
    """
    from synthnb.models.calls import Calls
    from synthnb.models.registry import open_model
    from synthnb.models.store import open_store

    allowed = limits_of(limits)
    named = get_config().model if model is None else model
    if not isinstance(named, str) and not hasattr(named, "write"):
        raise OptionError(f"A model's name or an open model was expected; got {shown(named)}.", fix="Pass a name, such as 'local'.")
    if isinstance(named, str):
        model_named(named)
    opened = open_model(named) if isinstance(named, str) else named
    try:
        model_opened(named if isinstance(named, str) else opened.info.id, opened.info)
        store = open_store()
        try:
            yield Calls(opened, limits=allowed, store=store, sensitive=sensitive)
        finally:
            if store is not None:
                store.close()
    finally:
        if isinstance(named, str):
            opened.close()


def limits_of(limits: Limits | Mapping[str, Any] | None) -> Limits | None:
    """Return limits given as such or as a mapping of theirs.

    Raises
    ------
    OptionError
        There is no such limit, or its value isn't a number from 0 on.
    """
    from synthnb.models.limits import Limits

    if limits is None or isinstance(limits, Limits):
        return limits
    names = [item.name for item in fields(Limits)]
    if not isinstance(limits, Mapping):
        raise OptionError(f"Limits are a mapping of {', '.join(names)}; got {shown(limits)}.", fix="For example: {'tokens': 100_000}")
    for name in limits:
        if name not in names:
            raise OptionError.from_choice("A limit", name, names)
    return Limits(**limits)


def estimate_rest(run: Run, rows: int) -> Estimate:
    """Return what the rest of some rows is going to use, judged by a run that wrote the first of them.

    Parameters
    ----------
    run : Run
        Of the first rows, such as a preview's.
    rows : int
        How many rows there are in all.
    """
    from synthnb.models.limits import Estimate

    calls, model = run.calls or {}, run.model or {}
    share = max(0, rows - run.requested) / max(1, run.requested)
    read, written = (calls.get(name, 0) + calls.get(f"kept_{name}", 0) for name in ("tokens_in", "tokens_out"))
    made, prices = calls.get("calls", 0), (model.get("price_in"), model.get("price_out"))
    a_call = calls["seconds"] / made if made else None
    number = math.ceil((made + calls.get("kept", 0)) * share)
    return Estimate(
        calls=number,
        tokens_in=round(read * share),
        tokens_out=round(written * share),
        money=None if None in prices else share * (read * prices[0] + written * prices[1]) / 1e6,
        seconds=None if a_call is None else a_call * number,
        watt_hours=None if not made or calls.get("watt_hours") is None else calls["watt_hours"] / made * number,
    )


def rest_of(made: Any, rows: int, *, spell: str = "") -> str:
    """Return what is left to write after a preview, and what it is going to use, in a sentence or two; empty where nothing is left.

    Parameters
    ----------
    made : Synthesis
        The preview.
    rows : int
        How many there are to be in all.
    spell : str
        What stands before a word of the magic and the command.
    """
    left = rows - made.run.requested
    if left <= 0:
        return ""
    again = f"With {spell}seed {made.run.seed} instead of {spell}preview, what was written is taken over."
    return f"The other {left:,}: {estimate_rest(made.run, rows)}. {again}"
