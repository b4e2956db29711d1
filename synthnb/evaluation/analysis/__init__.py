"""The user's own analysis, run on the real and on the synthetic rows.

::

    function ──► real rows ─────────► estimates with errors ──┐
             ├─► synthetic rows ────► …                       ├──► per term: overlap, difference, sign, decision
             ├─► hold-out rows ─────► …   (what is possible)  │
             └─► each replicate ────► …   (how often it decides so)

`Analysis` says what is run, `estimates` reads what a function gives, `running` runs
it, `comparing` holds two results against each other, `results` makes scores of it.
"""

from __future__ import annotations

from synthnb.evaluation.analysis.analysis import Analysis
from synthnb.evaluation.analysis.results import ANALYSES_STEP, compare_analyses

__all__ = ["ANALYSES_STEP", "Analysis", "compare_analyses"]
