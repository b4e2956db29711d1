"""The verbs. Here, and only here, engines, evaluation and disclosure meet; each gets the others' results as plain data."""

from synthnb._api.comparing import compare
from synthnb._api.describing import compile_recipe
from synthnb._api.judging import evaluate
from synthnb._api.keeping import disclose, disclose_notebook, entry_of, refuse_to_lose, runs, verify, write_table
from synthnb._api.making import budgets, generate, impute, load_generator, open_budget, profile
from synthnb._api.replaying import diff, replay
from synthnb._api.reviewing import review
from synthnb._api.verdicts import judge
from synthnb._api.writing import write_column, write_questions, write_texts

__all__ = [
    "budgets",
    "compare",
    "compile_recipe",
    "diff",
    "disclose",
    "disclose_notebook",
    "entry_of",
    "evaluate",
    "generate",
    "impute",
    "judge",
    "load_generator",
    "open_budget",
    "profile",
    "refuse_to_lose",
    "replay",
    "review",
    "runs",
    "verify",
    "write_column",
    "write_questions",
    "write_table",
    "write_texts",
]
