"""`synthnb.scale`: the same rows inline, in processes and on a Dask cluster."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import synthnb
from synthnb.engines.base import BLOCK
from synthnb.errors import OptionError
from synthnb.scale import INLINE, open_runner
from synthnb.scale.processes import Processes


@pytest.fixture(scope="module")
def real() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.integers(20, 80, 300)
    return pd.DataFrame({"age": age, "sex": rng.choice(["f", "m"], 300), "score": np.round(age / 9 + rng.normal(0, 1, 300), 2)})


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    import distributed

    start: Any = distributed.LocalCluster
    with start(n_workers=2, threads_per_worker=1, dashboard_address=None) as made:
        yield made.scheduler_address.removeprefix("tcp://")


ENGINES: dict[str, dict[str, Any]] = {
    "trees": {},
    "copula": {},
    "arf": {},
}


@pytest.mark.parametrize("engine", ENGINES)
def test_processes_and_a_cluster_give_the_bytes_of_inline(engine: str, real: pd.DataFrame, cluster: str) -> None:
    rows = BLOCK + 300
    digests = {
        on: synthnb.generate(real, rows=rows, engine=engine, options=ENGINES[engine], random_state=4, on=on).run.output["digest"]
        for on in ("inline", "processes:2", f"dask://{cluster}")
    }
    assert len(set(digests.values())) == 1, digests


@pytest.mark.parametrize("engine", ["dp", "sampler"])
def test_a_fitted_generator_draws_the_same_bytes_anywhere(engine: str, real: pd.DataFrame, cluster: str) -> None:
    if engine == "dp":
        domain = {"age": [18, 90], "sex": ["f", "m"], "score": [0, 20, 0.1]}
        generator = synthnb.generate(real, engine="dp", options={"epsilon": 1.0, "domain": domain}).generator
    else:
        generator = synthnb.generate(declared()).generator
    assert generator is not None
    inline, processes, dask = (
        generator.sample(BLOCK + 300, random_state=4, on=on) for on in ("inline", "processes:2", f"dask://{cluster}")
    )
    pd.testing.assert_frame_equal(inline, processes)
    pd.testing.assert_frame_equal(inline, dask)


def declared() -> Any:
    """A recipe without data."""
    return synthnb.Recipe.from_dict(
        {
            "table": "declared",
            "rows": 50,
            "seed": 3,
            "columns": [
                {"name": "age", "kind": "integer", "dtype": "int64", "distribution": {"family": "integers", "low": 18, "high": 90}},
                {"name": "score", "kind": "real", "dtype": "float64", "distribution": {"family": "normal", "mean": 5, "sd": 2}},
            ],
        }
    )


SCRIPT = """
import sys, numpy as np, pandas as pd, synthnb
rng = np.random.default_rng(0)
age = rng.integers(20, 80, 300)
real = pd.DataFrame({"age": age, "sex": rng.choice(["f", "m"], 300), "score": np.round(age / 9 + rng.normal(0, 1, 300), 2)})
child = pd.DataFrame({"person": rng.integers(0, 300, 600), "cost": rng.integers(0, 90, 600)})
tables = {"people": real.assign(person=range(300)), "visits": child}
for engine in ("trees", "copula", "arf"):
    print(engine, synthnb.generate(real, rows=500, engine=engine, random_state=4).run.output["digest"])
print("tables", synthnb.generate(tables, random_state=4).run.output["digest"])
"""


def test_two_processes_give_the_same_bytes_for_a_seed(tmp_path: Path) -> None:
    said = []
    for threads, salt in (("1", "0"), ("2", "7")):
        environment = os.environ | {"OMP_NUM_THREADS": threads, "PYTHONHASHSEED": salt, "SYNTHNB_LEDGER": "off"}
        done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[0].count("sha256:") == 4
    assert said[0] == said[1]


def test_results_come_in_order_and_a_worker_s_error_is_raised() -> None:
    assert list(Processes(2).map(pow, 2, range(20))) == [2**power for power in range(20)]
    assert list(INLINE.map(pow, 3, [1, 2])) == [3, 9]
    with pytest.raises(ZeroDivisionError):
        list(Processes(2).map(divmod, 1, [1, 0]))


@pytest.mark.parametrize("on", ["", "threads", "processes:", "processes:0", "processes:x", "dask:host", "dask://"])
def test_an_unknown_place_is_refused(on: str, real: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="Where to run must be inline, processes"):
        synthnb.generate(real, on=on)


def test_a_scheduler_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synthnb.scale.dask._PATIENCE", "1s")
    with pytest.raises(OptionError, match=r"No Dask scheduler answers at '127\.0\.0\.1:9'"):
        list(open_runner("dask://127.0.0.1:9").map(pow, 2, [1]))
