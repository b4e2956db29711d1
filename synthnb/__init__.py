"""Synthetic data in notebooks that you can defend.

Three verbs give three nouns: `generate` → `Synthesis`, `evaluate` → `Report`,
`disclose` → `Record`. The other names write, check and list what these leave
behind. In a notebook, ``%load_ext synthnb`` adds ``%synth``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from synthnb._api import disclose, disclose_notebook, evaluate, generate, runs, verify, write_column, write_table
    from synthnb.config import config_context, get_config
    from synthnb.disclosure.record import Record
    from synthnb.engines.base import Synthesis
    from synthnb.evaluation.report import Report
    from synthnb.jupyter.exporting import export_notebook

__all__ = [
    "Record",
    "Report",
    "Synthesis",
    "__version__",
    "config_context",
    "disclose",
    "disclose_notebook",
    "evaluate",
    "export_notebook",
    "generate",
    "get_config",
    "runs",
    "verify",
    "write_column",
    "write_table",
]

__version__ = "0.1.0"

_HOMES = {
    "Record": "synthnb.disclosure.record",
    "Report": "synthnb.evaluation.report",
    "Synthesis": "synthnb.engines.base",
    "config_context": "synthnb.config",
    "disclose": "synthnb._api",
    "disclose_notebook": "synthnb._api",
    "evaluate": "synthnb._api",
    "export_notebook": "synthnb.jupyter.exporting",
    "generate": "synthnb._api",
    "get_config": "synthnb.config",
    "runs": "synthnb._api",
    "verify": "synthnb._api",
    "write_column": "synthnb._api",
    "write_table": "synthnb._api",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'synthnb' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add the magics to a shell (``%load_ext synthnb``)."""
    from synthnb.jupyter.magics import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics out again (``%unload_ext synthnb``)."""
    from synthnb.jupyter.magics import unload

    unload(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "synthnb"}]
