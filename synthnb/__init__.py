"""Synthetic data in notebooks that you can defend.

Three verbs give three nouns: `generate` → `Synthesis`, `evaluate` → `Report`,
`disclose` → `Record`. The other names write, check and list what these leave
behind. In a notebook, ``%load_ext synthnb`` adds ``%synth``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from synthnb._api import (
        assess_risk,
        budgets,
        check,
        compare,
        compile_recipe,
        depth_of,
        diff,
        disclose,
        disclose_notebook,
        evaluate,
        generate,
        impute,
        judge,
        label,
        load_generator,
        mark,
        mix,
        open_budget,
        origin_of,
        profile,
        read_table,
        replay,
        review,
        runs,
        sign,
        sign_off,
        state_in,
        venue_text,
        verify,
        write_column,
        write_questions,
        write_table,
        write_texts,
    )
    from synthnb.config import config_context, get_config
    from synthnb.disclosure.record import Record
    from synthnb.engines.base import Synthesis
    from synthnb.engines.compile import Compiled
    from synthnb.engines.generator import Generator
    from synthnb.engines.replicates import Replicates, agreement, combine
    from synthnb.evaluation.human import Review, Rubric, export_review, open_review
    from synthnb.evaluation.report import Report
    from synthnb.evaluation.scaling import fit_scaling
    from synthnb.jupyter.exporting import export_notebook
    from synthnb.models.limits import Limits
    from synthnb.recipes.profile import Profile
    from synthnb.recipes.recipe import Recipe
    from synthnb.recipes.tables import Relation
    from synthnb.recipes.timing import Panel, Survival

__all__ = [
    "Compiled",
    "Generator",
    "Limits",
    "Panel",
    "Profile",
    "Recipe",
    "Record",
    "Relation",
    "Replicates",
    "Report",
    "Review",
    "Rubric",
    "Survival",
    "Synthesis",
    "__version__",
    "agreement",
    "assess_risk",
    "budgets",
    "check",
    "combine",
    "compare",
    "compile_recipe",
    "config_context",
    "depth_of",
    "diff",
    "disclose",
    "disclose_notebook",
    "evaluate",
    "export_notebook",
    "export_review",
    "fit_scaling",
    "generate",
    "get_config",
    "impute",
    "judge",
    "label",
    "load_generator",
    "mark",
    "mix",
    "open_budget",
    "open_review",
    "origin_of",
    "profile",
    "read_table",
    "replay",
    "review",
    "runs",
    "sign",
    "sign_off",
    "state_in",
    "venue_text",
    "verify",
    "write_column",
    "write_questions",
    "write_table",
    "write_texts",
]

__version__ = "0.1.0"

_HOMES = {
    "Compiled": "synthnb.engines.compile",
    "Generator": "synthnb.engines.generator",
    "Limits": "synthnb.models.limits",
    "Panel": "synthnb.recipes.timing",
    "Profile": "synthnb.recipes.profile",
    "Recipe": "synthnb.recipes.recipe",
    "Record": "synthnb.disclosure.record",
    "Relation": "synthnb.recipes.tables",
    "Replicates": "synthnb.engines.replicates",
    "Report": "synthnb.evaluation.report",
    "Review": "synthnb.evaluation.human",
    "Rubric": "synthnb.evaluation.human",
    "Survival": "synthnb.recipes.timing",
    "Synthesis": "synthnb.engines.base",
    "agreement": "synthnb.engines.replicates",
    "assess_risk": "synthnb._api",
    "budgets": "synthnb._api",
    "check": "synthnb._api",
    "combine": "synthnb.engines.replicates",
    "compare": "synthnb._api",
    "compile_recipe": "synthnb._api",
    "config_context": "synthnb.config",
    "depth_of": "synthnb._api",
    "diff": "synthnb._api",
    "disclose": "synthnb._api",
    "disclose_notebook": "synthnb._api",
    "evaluate": "synthnb._api",
    "export_notebook": "synthnb.jupyter.exporting",
    "export_review": "synthnb.evaluation.human",
    "fit_scaling": "synthnb.evaluation.scaling",
    "generate": "synthnb._api",
    "get_config": "synthnb.config",
    "impute": "synthnb._api",
    "judge": "synthnb._api",
    "label": "synthnb._api",
    "load_generator": "synthnb._api",
    "mark": "synthnb._api",
    "mix": "synthnb._api",
    "open_budget": "synthnb._api",
    "open_review": "synthnb.evaluation.human",
    "origin_of": "synthnb._api",
    "profile": "synthnb._api",
    "read_table": "synthnb._api",
    "replay": "synthnb._api",
    "review": "synthnb._api",
    "runs": "synthnb._api",
    "sign": "synthnb._api",
    "sign_off": "synthnb._api",
    "state_in": "synthnb._api",
    "venue_text": "synthnb._api",
    "verify": "synthnb._api",
    "write_column": "synthnb._api",
    "write_questions": "synthnb._api",
    "write_table": "synthnb._api",
    "write_texts": "synthnb._api",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'synthnb' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add the magics to a shell (``%load_ext synthnb``)."""
    from synthnb.jupyter.magics import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics out again (``%unload_ext synthnb``)."""
    from synthnb.jupyter.magics import unload

    unload(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "synthnb"}]
