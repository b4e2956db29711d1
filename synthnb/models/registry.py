"""Names to models: what can be pulled, files on this machine, servers, vendors, and plug-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synthnb import plugins
from synthnb.errors import ModelError, OptionError, SynthnbError, shown
from synthnb.models.downloads import DOWNLOADS
from synthnb.models.listing import FORMS, rows_of, vendor_rows

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.models.base import Model

__all__ = ["list_models", "model_names", "open_model"]

_GROUP = "synthnb.models"


def open_model(name: str) -> Model:
    """Return a model that is ready to write; close it after use.

    Parameters
    ----------
    name : str
        ``local``, a model that was pulled, or the path of a ``.gguf`` file; ``ollama/MODEL``, ``vllm/MODEL``,
        ``llama-server/MODEL``, ``lmstudio/MODEL``, ``server/MODEL`` (at the address of the setting ``server``) or
        ``MODEL@http://host:port/v1``; ``openai/MODEL``, ``anthropic/MODEL`` or ``google/MODEL``; ``replay:FILE``, ``echo``,
        or a plug-in's name. Some take options, as in ``ollama/MODEL?at_once=8``.

    Raises
    ------
    OptionError
        No model has that name; the message lists those there are.
    ModelMissingError
        Its weights aren't on this machine, or its server doesn't answer; the message says what to do.
    ModelFileError
        Its file is cut off, altered or not a model.
    ModelError
        Its provider doesn't accept the key.
    MissingExtraError
        The package it needs isn't installed.
    """
    name = str(name)
    if not name.strip():
        raise OptionError(f"A model's name or a path was expected; got {shown(name)}.", fix=f"Choose one of {', '.join(model_names())}.")
    kind = _kind(name)
    if kind is None:
        raise OptionError.from_choice("A model", name, [*model_names(), "MODEL@http://host:port/v1", "the path of a .gguf file"])
    if kind == "gguf":
        from synthnb.models.local import open_local

        return open_local(name)
    return _opened(kind, name)


def _kind(name: str) -> str | None:
    """The entry point that opens a name; ``gguf`` for a file, None if nothing does."""
    plain = name.partition("?")[0]
    known = plugins.available(_GROUP)
    if "@http://" in name or "@https://" in name:
        return "server"
    for sign in ("/", ":"):
        first = plain.partition(sign)[0]
        if sign in plain and first in known and f"{first}{sign}" in {form.partition(sign)[0] + sign for form in FORMS.values()}:
            return first
    if name.lower().endswith(".gguf") or plain.lower().endswith(".gguf") or plain in DOWNLOADS:
        return "gguf"
    return plain if plain in known else None


def _opened(kind: str, name: str) -> Model:
    opener = plugins.load(_GROUP, kind)
    try:
        model: Model = opener(name)
    except SynthnbError:
        raise
    except Exception as error:
        raise ModelError(
            f"The model {shown(name)} couldn't be opened: {type(error).__name__}: {error}.",
            fix="Update or uninstall the package that brings it.",
        ) from error
    return model


def model_names() -> list[str]:
    """Every name that `open_model` takes, besides paths and addresses; capitals stand for what is to be filled in."""
    return sorted({FORMS.get(name, name) for name in plugins.available(_GROUP)} | set(DOWNLOADS))


def list_models(*, provider: str | None = None) -> list[dict[str, Json]]:
    """A row for each model there is.

    Parameters
    ----------
    provider : str, optional
        ``openai``, ``anthropic`` or ``google``: list what that vendor offers, with prices, as far as the snapshot of
        prices that is installed knows it. Nothing is asked over the network.

    Returns
    -------
    list of dict
        ``name``, ``title``, ``installed``, ``size`` (bytes), ``licence``, ``locality``, ``context`` (the tokens that a model
        reads as it is opened), ``price_in`` and ``price_out`` (US dollars for a million tokens), ``key`` (where its key
        was found, empty if it wasn't, None if it needs none) and ``note``. What isn't known without opening it is None. ``installed``
        looks at a file's size only; opening it checks the digest. Servers are asked on this machine only, on the ports they
        usually listen on, for at most a third of a second.

    Raises
    ------
    OptionError
        There is no such provider.
    """
    if provider is not None:
        return vendor_rows(provider)
    return rows_of(model_names())
