"""Which cell is running, and in which kernel: told to the session, so that each run's entry can say what code ran."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from synthnb.disclosure.session import session

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["unwatch", "watch"]


def watch(shell: InteractiveShell) -> None:
    """Tell the session of each cell that begins and ends, and of the one that is running now."""
    shell.events.register("pre_run_cell", _begin)
    shell.events.register("post_run_cell", _end)
    session.kernel = _kernel(shell)


def unwatch(shell: InteractiveShell) -> None:
    """Stop telling."""
    shell.events.unregister("pre_run_cell", _begin)
    shell.events.unregister("post_run_cell", _end)
    session.kernel = session.code = ""


def _begin(info: Any) -> None:
    session.code = str(getattr(info, "raw_cell", "") or "")


def _end(_result: Any) -> None:
    session.code = ""


def _kernel(shell: InteractiveShell) -> str:
    """The package of the shell with its version, and the system it runs on."""
    package = type(shell).__module__.partition(".")[0]
    try:
        release = f" {version(package)}"
    except PackageNotFoundError:
        release = ""
    return f"{package}{release} on {platform.system()} {platform.machine()}".strip()
