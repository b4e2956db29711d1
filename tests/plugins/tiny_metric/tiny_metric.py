"""A metric from a package of its own: synthetic rows for each real one."""

from __future__ import annotations

from typing import Any

from synthnb.evaluation.base import Comparison, Definition, Findings, Step

RATIO = Definition(metric="row_ratio", label="Rows for each real one", dimension="fidelity", direction="none", reference="n_s / n_r")


def ratio(comparison: Comparison, parameters: Any) -> Findings:
    """How many synthetic rows there are for each real one, times a factor."""
    return Findings(
        scores=[RATIO.score(parameters["factor"] * comparison.synthetic.rows / comparison.real.rows, n=comparison.synthetic.rows)]
    )


STEP = Step(name="rows for each real one", run=ratio, gives=(RATIO,), parameters={"factor": 1.0})
