"""The words of ``%synth``: one table of verbs and options, read by the parser, the help and the completer."""

from __future__ import annotations

from synthnb.jupyter.verbs.base import Option, Verb
from synthnb.jupyter.verbs.disclosing import DISCLOSING
from synthnb.jupyter.verbs.judging import JUDGING
from synthnb.jupyter.verbs.making import MAKING
from synthnb.jupyter.verbs.models import MODELS

__all__ = ["VERBS", "Option", "Verb"]

VERBS: dict[str, Verb] = {verb.name: verb for verb in (*MAKING, *JUDGING, *DISCLOSING, *MODELS)}
"""Every verb by its name, in the order of the help."""
