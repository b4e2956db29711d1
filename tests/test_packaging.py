"""The wheel and the sdist carry everything, so that installing needs no Node."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*words: str, **environment: str) -> str:
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=ROOT, env={**os.environ, **environment})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both distributions, built without a network and without Node: the lab extension is there already."""
    folder = tmp_path_factory.mktemp("dist")
    run("-m", "build", "--no-isolation", "--outdir", str(folder), SKIP_JUPYTER_BUILDER="1")
    return folder


def test_the_wheel_carries_the_lab_extension_once_and_the_widgets(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    entries = [name for name in names if "/remoteEntry." in name]
    assert len(entries) == 1
    assert ".data/data/share/jupyter/labextensions/synthnb/static/" in entries[0]
    assert {
        "synthnb/py.typed",
        "synthnb/widgets/report/index.js",
        "synthnb/widgets/report/index.css",
        "synthnb/widgets/report/words.json",
        "synthnb/templates/report.html.j2",
    } <= set(names)
    assert not [name for name in names if "node_modules" in name or name.startswith("tests/")]


def test_the_sdist_carries_the_built_lab_extension_and_its_sources(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    assert any("/synthnb/labextension/static/remoteEntry." in name for name in names)
    assert any(name.endswith("/labextension/src/index.ts") for name in names)
    assert not [name for name in names if "node_modules" in name]


def test_the_installed_wheel_works_and_the_lab_knows_its_extension(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    run("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--ignore-installed", "--prefix", str(tmp_path), str(wheel))
    (packages,) = tmp_path.glob("lib/python*/site-packages")
    code = "import synthnb; from synthnb.jupyter import mime, nbconvert; print(synthnb.__file__)"
    assert str(packages) in run("-P", "-c", code, PYTHONPATH=str(packages))
    listed = run("-m", "jupyter", "labextension", "list", JUPYTER_PATH=str(tmp_path / "share" / "jupyter"), JUPYTER_NO_CONFIG="1")
    assert "synthnb v0.1.0" in listed
    assert "OK" in next(line for line in listed.splitlines() if "synthnb v" in line)
