"""One server and one browser for all tests; a folder, a page and a notebook for each."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .pages import Json, NotebookPage, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Playwright

BUILT = Path(__file__).parents[2] / "synthnb" / "labextension"
SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
START_SECONDS = 60

SERVER_CONFIG = """
c.ServerApp.allow_root = True
c.ServerApp.open_browser = False
c.IdentityProvider.token = ""
c.LabApp.expose_app_in_browser = True
c.JupyterNotebookApp.expose_app_in_browser = True
"""
SETTINGS: dict[str, Json] = {
    "apputils-extension/notification": {"checkForUpdates": False, "fetchNews": "false"},
    "docmanager-extension/plugin": {"autosave": False},
}
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Server:
    """A Jupyter server that has JupyterLab, Notebook 7 and the extension as it is built here."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.root = folder / "notebooks"
        self.settings = folder / "settings"
        self.log = folder / "server.log"
        self._write(folder, port)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_server"], cwd=folder, env=self._environment(folder), stdout=log, stderr=subprocess.STDOUT
            )

    def _write(self, folder: Path, port: int) -> None:
        for name in ("config", "data", "notebooks", "share/labextensions"):
            (folder / name).mkdir(parents=True)
        config = f"{SERVER_CONFIG}c.ServerApp.port = {port}\nc.ServerApp.root_dir = {str(self.root)!r}\n"
        (folder / "config" / "jupyter_server_config.py").write_text(config, encoding="utf-8")
        (folder / "share" / "labextensions" / "synthnb").symlink_to(BUILT)
        for name, value in SETTINGS.items():
            self.set(f"@jupyterlab/{name}", value)

    def _environment(self, folder: Path) -> dict[str, str]:
        places = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTER_PATH": "share",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
        }
        return {**os.environ, **{name: str(folder / place) for name, place in places.items()}}

    def set(self, plugin: str, value: Json) -> None:
        """Write a plugin's settings as a user would have them."""
        path = self.settings / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value), encoding="utf-8")

    def wait(self) -> None:
        """Wait until the server answers."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/api", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        pytest.fail(f"The Jupyter server did not answer within {START_SECONDS} s:\n{self.log.read_text(encoding='utf-8')}")

    def stop(self) -> None:
        """End the server and its kernels."""
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not list(BUILT.glob("static/remoteEntry.*.js")):
        pytest.fail("The lab extension is not built: run `make .make/labextension`, or `jlpm install && jlpm build` in labextension/.")
    running = Server(tmp_path_factory.mktemp("server"))
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    if CHROMIUM is None:
        pytest.fail("No Chromium was found: install it, on Debian with `apt-get install chromium`.")
    context = playwright.chromium.launch_persistent_context(
        tmp_path_factory.mktemp("browser"),
        executable_path=CHROMIUM,
        headless=True,
        args=BROWSER_FLAGS,
        viewport={"width": 1200, "height": 900},
    )
    context.set_default_timeout(20_000)
    yield context
    context.close()


Opener = Callable[..., NotebookPage]


@pytest.fixture
def opened(server: Server, browser: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Opener]:
    """Open a notebook: ``opened([cell, …], app="lab", metadata={})``; a text stands for a code cell."""
    pages: list[NotebookPage] = []
    name = request.node.name.replace("[", "-").replace("]", "")

    def opener(cells: list[Any], *, app: str = "lab", metadata: Json | None = None) -> NotebookPage:
        path = server.root / name / "analysis.ipynb"
        write_notebook(path, cells, metadata or {})
        page = NotebookPage(browser.new_page(), server.url, path, f"{name}/{path.name}")
        pages.append(page)
        page.open(app)
        return page

    yield opener
    for page in pages:
        page.close()


@pytest.fixture
def settings(server: Server) -> Iterator[Callable[[Json], None]]:
    """Set the extension's settings for one test."""
    yield lambda value: server.set("synthnb/plugin", value)
    server.set("synthnb/plugin", {})


@pytest.fixture(scope="session")
def screenshots() -> Path:
    SCREENSHOTS.mkdir(exist_ok=True)
    return SCREENSHOTS
