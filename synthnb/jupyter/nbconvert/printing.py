"""A page printed by a browser that is on this machine: Chromium, Chrome or Edge, without network, profile or scripts."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from synthnb.errors import SynthnbError

__all__ = ["find_browser", "print_page"]

_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
    "microsoft-edge-stable",
)
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-sync",
    "--disable-breakpad",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=127.0.0.1:9",
    "--generate-pdf-document-outline",
    "--no-pdf-header-footer",
)
SECONDS = 120.0
"""How long printing may take."""


def find_browser() -> str | None:
    """Return where Chromium, Chrome or Edge is, or None."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return found or next((place for place in _PLACES if Path(place).is_file()), None)


def print_page(html: str, browser: str, *, seconds: float = SECONDS) -> bytes:
    """Return a page as a PDF file, printed by a browser in a folder of its own.

    Parameters
    ----------
    html : str
        The page.
    browser : str
        The browser's file.
    seconds : float
        How long it may take.

    Raises
    ------
    SynthnbError
        The browser doesn't start, takes too long, or prints nothing.
    """
    with tempfile.TemporaryDirectory(prefix="synthnb-", ignore_cleanup_errors=True) as place:
        page, out = Path(place) / "page.html", Path(place) / "page.pdf"
        page.write_text(html, encoding="utf-8", errors="backslashreplace")
        said = _run(browser, page, out, Path(place), seconds, sandbox=not _is_root())
        if not out.is_file() and "sandbox" in said.lower() and not _is_root():
            # In containers the sandbox can't be set up. The page runs no script and fetches nothing.
            said = _run(browser, page, out, Path(place), seconds, sandbox=False)
        if not out.is_file() or not out.stat().st_size:
            last = " ".join(said.split())[-300:] or "nothing"
            raise SynthnbError(f"{Path(browser).name} should have printed the page; it printed nothing and said: {last}.", fix=_INSTEAD)
        return out.read_bytes()


_INSTEAD = "Export it as .html, and print that from a browser; or leave it to Typst: --SynthPDFExporter.way=typst"


def _run(browser: str, page: Path, out: Path, place: Path, seconds: float, *, sandbox: bool) -> str:
    """Run the browser to its end and return what it said; it and its children are gone afterwards."""
    flags = [*_FLAGS, *([] if sandbox else ["--no-sandbox"]), f"--user-data-dir={place / 'profile'}", f"--print-to-pdf={out}"]
    env = os.environ | {name: str(place) for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR")}
    log = place / "log"
    null = subprocess.DEVNULL
    try:
        with log.open("wb") as errors:
            # A group of its own, so that the browser's children can be ended with it.
            running = subprocess.Popen(  # noqa: S603  # the browser found on this machine, with a page of ours
                [browser, *flags, page.as_uri()], stdin=null, stdout=null, stderr=errors, cwd=place, env=env, start_new_session=True
            )
    except OSError as error:
        raise SynthnbError(
            f"{Path(browser).name} should have printed the page; it doesn't start: {error.strerror or error}.", fix=_INSTEAD
        ) from error
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired as error:
        raise SynthnbError(
            f"{Path(browser).name} should have printed the page within {seconds:g} s; it was stopped.", fix=_INSTEAD
        ) from error
    finally:
        _end(running)
    return log.read_text(encoding="utf-8", errors="replace")


def _end(running: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        running.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
