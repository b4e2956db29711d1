"""The build function of `pyproject.toml`: builds the lab extension where there is Node, and goes on without where there is none."""

from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path

BUILT = Path("synthnb/labextension")


def build(target_name: str, version: str) -> None:
    """Build the lab extension into the package.

    Parameters
    ----------
    target_name : str
        What is built: ``wheel`` or ``sdist``.
    version : str
        How it is built: ``standard`` or ``editable``.
    """
    from hatch_jupyter_builder.utils import npm_builder

    # The wheel names this folder, so it has to be there even if it stays empty.
    BUILT.mkdir(parents=True, exist_ok=True)
    if shutil.which("node") is None and shutil.which("nodejs") is None:
        warnings.warn(
            "Node.js was not found, so the lab extension is not built: expected Node.js 20 or later on the PATH. Everything else works; "
            "in JupyterLab the disclosure is then written by `synthnb disclose NOTEBOOK.ipynb` instead of by itself.",
            stacklevel=2,
        )
        return
    os.environ.setdefault("YARN_ENABLE_IMMUTABLE_INSTALLS", "true")
    npm_builder(target_name, version, path="labextension", npm="jlpm", build_cmd="build:prod")
