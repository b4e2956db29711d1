"""Optional packages: import one when it is needed, or say which extra brings it."""

from __future__ import annotations

import importlib
from types import ModuleType

from synthnb.errors import MissingExtraError


def need(module: str, *, extra: str) -> ModuleType:
    """Import an optional module, or raise an error that names the extra to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError.from_extra(module, extra) from error
