"""The methods compared, each peer in a virtual environment of its own, and what a run of one costs.

A peer is never imported here: its environment's interpreter runs ``driver.py`` on a file.
Rows that a peer made are kept per table and seed, with the seconds it took, so that a later
run of the benchmark repeats only our side. Our own engines run every time.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from tests.benchmarks.tables import Domain, Environments

__all__ = ["BASELINES", "ENGINES", "PEERS", "PRIVATE", "Failed", "Method", "Outcome", "make_environment", "run"]

DRIVER = Path(__file__).with_name("driver.py")
VERSION = 1
"""Raise it when the driver's way of calling a peer changes: what was kept is then made anew."""

DELTA = 1e-6
TORCH = "torch==2.13.0"
SYNTHCITY = ("synthcity", "opacus==1.4.1", "pyarrow<20")
"""The newest opacus doesn't fit the torch that synthcity asks for."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """One row of a table of results."""

    name: str
    driver: str
    """Which function of ``driver.py`` runs it."""
    environment: str | None = None
    """Name of its virtual environment; None is this interpreter."""
    requirements: tuple[str, ...] = ()
    """What pip installs there, one call each in this order; ``-name`` uninstalls."""
    options: dict[str, Any] = field(default_factory=dict)
    most_rows: int | None = None
    """Not run where more rows are to be learnt."""
    neural: bool = False
    private: bool = False
    """Takes a declared domain and a privacy budget."""

    @property
    def role(self) -> str:
        """What it is in the results."""
        if self.environment is None:
            return "private" if self.private else "ours" if self.ours else "baseline"
        return "private peer" if self.private else "neural peer" if self.neural else "peer"

    @property
    def ours(self) -> bool:
        """Whether it is an engine of this project."""
        return self.driver == "synthnb"


@dataclass(frozen=True)
class Outcome:
    """Rows made, and what making them cost."""

    made: pd.DataFrame
    cost: dict[str, Any]
    """``fit``, ``draw`` (seconds of wall time), ``cpu`` (of processor time, both), ``peak_mb``, ``versions``, ``threads``, ``kept``,
    and ``load``: how many processes wanted the machine at the end.
    """
    folder: Path


class Failed(Exception):
    """A method gave no rows; the message is the reason, in one line."""


def _engine(name: str, **options: Any) -> Method:
    return Method(name=name, driver="synthnb", options={"engine": name, **options})


def _sdv(name: str, kind: str, **more: Any) -> Method:
    return Method(name=name, driver="sdv", environment="sdv", requirements=(TORCH, "sdv"), options={"class": kind}, **more)


def _dpmm(name: str, kind: str) -> Method:
    options = {"class": kind, "epsilon": 1.0, "delta": DELTA}
    return Method(name=name, driver="dpmm", environment="dpmm", requirements=(TORCH, "dpmm", "pyarrow<20"), options=options, private=True)


BASELINES = (Method(name="bootstrap", driver="bootstrap"), Method(name="independent", driver="independent"))
ENGINES = tuple(_engine(name) for name in ("auto", "trees", "copula", "arf"))
PEERS = (
    _sdv("sdv-copula", "GaussianCopulaSynthesizer"),
    _sdv("ctgan", "CTGANSynthesizer", most_rows=6_000, neural=True),
    _sdv("tvae", "TVAESynthesizer", most_rows=6_000, neural=True),
    Method(
        name="mostlyai",
        driver="mostlyai",
        environment="mostlyai",
        # the newest torchvision doesn't fit this torch, and the engine works without it
        requirements=(TORCH, "mostlyai-engine", "-torchvision"),
        neural=True,
    ),
    Method(name="synthpop-py", driver="synthpop", environment="synthpop3", requirements=("synthpop-py",)),
    Method(
        name="python-synthpop",
        driver="synthpop-cart",
        environment="synthpop2",
        requirements=("python-synthpop", "scikit-learn<1.4", "numpy<2", "pyarrow<20"),
    ),
    Method(name="arfpy", driver="arfpy", environment="arfpy", requirements=("arfpy", "pandas<3", "numpy<2", "pyarrow<20"), most_rows=6_000),
    Method(name="syndiffix", driver="syndiffix", environment="syndiffix", requirements=("syndiffix", "pandas<3")),
    Method(
        name="synthcity-ddpm",
        driver="synthcity",
        environment="synthcity",
        requirements=SYNTHCITY,
        options={"plugin": "ddpm"},
        most_rows=6_000,
        neural=True,
    ),
    Method(
        name="synthcity-bayes",
        driver="synthcity",
        environment="synthcity",
        requirements=SYNTHCITY,
        options={"plugin": "bayesian_network"},
        most_rows=6_000,
    ),
    Method(name="forest-diffusion", driver="forest-diffusion", environment="forest", requirements=("ForestDiffusion",), most_rows=1_000),
)
PRIVATE = (
    Method(name="dp", driver="synthnb", options={"engine": "dp", "epsilon": 1.0, "delta": DELTA}, private=True),
    Method(name="dp-aim", driver="synthnb", options={"engine": "dp", "epsilon": 1.0, "delta": DELTA, "method": "aim"}, private=True),
    _dpmm("dpmm-mst", "MSTPipeline"),
    _dpmm("dpmm-aim", "AIMPipeline"),
    _dpmm("dpmm-privbayes", "PrivBayesPipeline"),
)


def make_environment(environments: Environments, name: str, requirements: tuple[str, ...], limit: float = 900) -> None:
    """Make a virtual environment unless it is there.

    Raises
    ------
    Failed
        It can't be made within ``limit`` seconds; the reason is kept, so the next run doesn't try again.
    """
    folder = environments.folder / name
    stamp, reason = folder / "made", folder / "failed"
    if reason.exists():
        raise Failed(reason.read_text(encoding="utf-8"))
    if stamp.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    print(f"making the environment {name}", file=sys.stderr, flush=True)
    until = time.monotonic() + limit
    try:
        _call([sys.executable, "-m", "venv", str(folder)], until)
        for requirement in (*requirements, *([] if any(item.startswith("pyarrow") for item in requirements) else ["pyarrow"])):
            pip = [str(environments.python(name)), "-m", "pip"]
            asked = ["uninstall", "--yes", requirement[1:]] if requirement.startswith("-") else ["install", "--quiet", requirement]
            _call([*pip, *asked], until)
    except Failed as failed:
        reason.write_text(f"its environment can't be made: {failed}", encoding="utf-8")
        raise Failed(reason.read_text(encoding="utf-8")) from failed
    stamp.touch()


def run(
    method: Method,
    train: Path,
    *,
    seed: int,
    domain: Domain,
    environments: Environments,
    folder: Path,
    limit: float,
    kept_only: bool = False,
    retry: bool = False,
    again: bool = False,
) -> Outcome:
    """Return the rows a method made from a file of rows to learn, kept ones if it is a peer and they are there.

    Raises
    ------
    Failed
        It isn't run on so many rows, stopped with an error, took too long, or isn't kept.
    """
    rows = len(pd.read_parquet(train, columns=[]))
    if method.most_rows is not None and rows > method.most_rows:
        raise Failed(f"not run on more than {method.most_rows:,} rows")
    order = {"rows": rows, "seed": seed, "options": method.options, "domain": domain if method.private else {}}
    key = hashlib.sha256(train.read_bytes() + json.dumps([VERSION, method.driver, order], sort_keys=True).encode()).hexdigest()
    place = folder / method.name
    kept = None if method.ours or again else _kept(place, key, retry=retry)
    if kept is not None:
        return kept
    if kept_only:
        raise Failed("not run on this seed")
    _carry_out(method, train, order, key, place, environments, limit)
    return _outcome(place, kept=False)


def _carry_out(method: Method, train: Path, order: dict[str, Any], key: str, place: Path, environments: Environments, limit: float) -> None:
    python = sys.executable
    if method.environment is not None:
        make_environment(environments, method.environment, method.requirements)
        python = str(environments.python(method.environment))
    place.mkdir(parents=True, exist_ok=True)
    for stale in place.glob("*.*"):
        stale.unlink()
    command = [python, "-W", "ignore", str(DRIVER), method.driver, str(place), "--train", str(train), "--order", json.dumps(order)]
    try:
        _call(command, time.monotonic() + limit, errors=place / "errors.txt")
    except Failed as failed:
        (place / "failed.json").write_text(json.dumps({"key": key, "reason": str(failed)}), encoding="utf-8")
        raise
    (place / "key.json").write_text(json.dumps({"key": key}), encoding="utf-8")


def _kept(place: Path, key: str, *, retry: bool) -> Outcome | None:
    failed, made = place / "failed.json", place / "key.json"
    if failed.exists() and not retry and (said := json.loads(failed.read_text(encoding="utf-8")))["key"] == key:
        raise Failed(said["reason"])
    if made.exists() and json.loads(made.read_text(encoding="utf-8"))["key"] == key:
        return _outcome(place, kept=True)
    return None


def _outcome(place: Path, *, kept: bool) -> Outcome:
    cost = json.loads((place / "run.json").read_text(encoding="utf-8"))
    return Outcome(pd.read_parquet(place / "made.parquet"), cost | {"kept": kept}, place)


def _call(command: list[str], until: float, errors: Path | None = None) -> None:
    """Run a command on one thread to its end; its last line of errors is the reason if it fails, the others go to a file."""
    numbers = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT"), "1")
    hidden = {"CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    limit = max(until - time.monotonic(), 1.0)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, env=os.environ | numbers | hidden, check=False)
    except subprocess.TimeoutExpired:
        raise Failed(f"stopped after {limit:,.0f} s") from None
    if errors is not None:
        errors.write_text(done.stderr, encoding="utf-8")
    if done.returncode < 0:
        raise Failed(f"ended by signal {-done.returncode}")
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith(("WARNING", "[notice]"))]
        named = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)]
        raise Failed([*lines, *named][-1][:200] if lines else f"ended with code {done.returncode}")
