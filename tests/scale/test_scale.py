"""`synthnb.scale`: the same rows inline, in processes and on a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
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
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as made:
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
