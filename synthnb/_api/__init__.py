"""The verbs. Here, and only here, engines, evaluation and disclosure meet; each gets the others' results as plain data."""

from synthnb._api.comparing import compare
from synthnb._api.declaring import state_in
from synthnb._api.describing import compile_recipe
from synthnb._api.judging import evaluate
from synthnb._api.keeping import disclose, disclose_notebook, entry_of, refuse_to_lose, runs, write_table
from synthnb._api.labelling import label
from synthnb._api.making import budgets, generate, impute, load_generator, open_budget, profile
from synthnb._api.mixing import mix
from synthnb._api.origins import depth_of, mark, origin_of, read_table
from synthnb._api.policing import check
from synthnb._api.replaying import diff, replay
from synthnb._api.reviewing import review
from synthnb._api.risking import assess_risk
from synthnb._api.signing import sign, sign_off
from synthnb._api.venues import venue_text
from synthnb._api.verdicts import judge
from synthnb._api.verifying import verify
from synthnb._api.writing import write_column, write_questions, write_texts

__all__ = [
    "assess_risk",
    "budgets",
    "check",
    "compare",
    "compile_recipe",
    "depth_of",
    "diff",
    "disclose",
    "disclose_notebook",
    "entry_of",
    "evaluate",
    "generate",
    "impute",
    "judge",
    "label",
    "load_generator",
    "mark",
    "mix",
    "open_budget",
    "origin_of",
    "profile",
    "read_table",
    "refuse_to_lose",
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
