"""Names to models: what can be pulled, files on this machine, and plug-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synthnb import plugins
from synthnb.errors import ModelError, OptionError, SynthnbError, shown
from synthnb.models.base import LARGEST_CONTEXT
from synthnb.models.downloads import DEFAULT, DOWNLOADS

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
        ``local``, ``echo``, a model that was pulled, the path of a ``.gguf`` file, or a plug-in's name.

    Raises
    ------
    OptionError
        No model has that name; the message lists those there are.
    ModelMissingError
        Its weights aren't on this machine; the message says how to get them.
    ModelFileError
        Its file is cut off, altered or not a model.
    """
    if not str(name).strip():
        raise OptionError(f"A model's name or a path was expected; got {shown(name)}.", fix=f"Choose one of {', '.join(model_names())}.")
    if name in DOWNLOADS or name.lower().endswith(".gguf"):
        from synthnb.models.local import open_local

        return open_local(name)
    if name not in plugins.available(_GROUP):
        raise OptionError.from_choice("A model", name, [*model_names(), "the path of a .gguf file"])
    model: Model = _opened(name)
    return model


def _opened(name: str) -> Model:
    opener = plugins.load(_GROUP, name)
    try:
        model: Model = opener(name)
    except SynthnbError:
        raise
    except Exception as error:
        raise ModelError(
            f"The model {name!r} couldn't be opened: {type(error).__name__}: {error}.",
            fix="Update or uninstall the package that brings it.",
        ) from error
    return model


def model_names() -> list[str]:
    """Every name that `open_model` takes, besides paths."""
    return sorted({*plugins.available(_GROUP), *DOWNLOADS})


def list_models() -> list[dict[str, Json]]:
    """A row for each model: ``name``, ``title``, ``installed``, ``size``, ``licence``, ``locality``, ``context``.

    ``size`` is in bytes, and ``context`` the tokens that a model reads as it is opened; what isn't
    known without opening it is None. ``installed`` looks at the file's size only; opening it checks
    the digest.
    """
    return [_row(name) for name in model_names()]


def _row(name: str) -> dict[str, Json]:
    if name in DOWNLOADS or name == "local":
        known = DOWNLOADS.get(name, DOWNLOADS[DEFAULT])
        pinned = known.pinned
        installed = pinned.path.is_file() and pinned.path.stat().st_size == pinned.member_size
        title = f"the same as {DEFAULT}" if name == "local" else pinned.title
        return _listed(
            name, title, installed=installed, size=pinned.member_size, licence=pinned.licence, context=min(known.context, LARGEST_CONTEXT)
        )
    if name == "echo":
        from synthnb.models.echo import Echo

        return _listed(name, Echo.info.name, installed=True, size=0, licence=Echo.info.licence, context=None)
    return _listed(name, "from a plug-in", installed=True, size=None, licence=None, context=None) | {"locality": None}


def _listed(name: str, title: str, *, installed: bool, size: int | None, licence: str | None, context: int | None) -> dict[str, Json]:
    return {
        "name": name,
        "title": title,
        "installed": installed,
        "size": size,
        "licence": licence,
        "locality": "in-process",
        "context": context,
    }
