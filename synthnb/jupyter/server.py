"""An extension of Jupyter's server: what its stock exporters write keeps the disclosure, as in *Save and Export Notebook As*."""

from __future__ import annotations

from typing import Any

__all__: list[str] = []

_PREPROCESSOR = "synthnb.jupyter.nbconvert.DisclosurePreprocessor"


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "synthnb.jupyter.server"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Add the preprocessor to every exporter; a list that somebody configured stays as it is."""
    added = server.web_app.settings["config"].Exporter.default_preprocessors
    if not isinstance(added, list):
        added.append(_PREPROCESSOR)
