"""`synthnb.engines.base`: runs add up, and survive their mapping."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from synthnb.engines.base import Run, Synthesis, new_run_id, versions


def run(**changes: Any) -> Run:
    facts: dict[str, Any] = {
        "id": "run-0123456789ab",
        "kind": "generate",
        "engine": "trees",
        "engine_reason": "It was asked for.",
        "recipe_digest": "sha256:0",
        "seed": 7,
        "started": "2026-11-23T15:40:00Z",
        "ended": "2026-11-23T15:40:01Z",
        "seconds": {"fit": 0.5, "sample": 0.1},
        "requested": 10,
        "delivered": 8,
        "explained": [{"count": 2, "reason": "stopped by the user"}],
        "output": {"name": "synthetic", "rows": 8, "columns": ["a", "b"], "digest": "sha256:1"},
    }
    return Run(**(facts | changes))


def test_rows_that_add_up_are_accepted() -> None:
    assert run().requested == 10


@pytest.mark.parametrize("changes", [{"delivered": 7}, {"explained": ()}, {"requested": 11}])
def test_rows_that_do_not_add_up_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must add up: \d+ requested, but \d delivered and \d explained"):
        run(**changes)


def test_a_run_survives_json() -> None:
    data = json.loads(json.dumps(run().to_dict(), allow_nan=False))
    assert Run.from_dict(data).to_dict() == run().to_dict()


def test_keys_of_a_later_version_are_ignored() -> None:
    assert Run.from_dict(run().to_dict() | {"hue": "blue"}).id == run().id


def test_the_mapping_shares_nothing_with_the_run() -> None:
    kept = run()
    kept.to_dict()["output"]["columns"].append("c")
    assert kept.output["columns"] == ["a", "b"]


def test_a_synthesis_reads_as_one_line() -> None:
    text = repr(Synthesis(pd.DataFrame({"a": [1]}), run()))
    assert text == "<Synthesis 'synthetic': 8 of 10 rows × 2 columns by trees, seed 7, run-0123456789ab>"


def test_ids_differ() -> None:
    assert new_run_id() != new_run_id()
    assert len(new_run_id()) == len("run-") + 12


def test_versions_name_what_ran() -> None:
    assert {"python", "synthnb", "numpy", "pandas", "scikit-learn"} <= set(versions())
    assert "no-such-package" not in versions("no-such-package")
