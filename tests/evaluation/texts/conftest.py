"""Texts of a known kind, and the comparison that metrics of texts are given."""

from __future__ import annotations

import pydoc_data.topics
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.base import Comparison
from synthnb.evaluation.facts import Facts

Notes = Callable[..., pd.DataFrame]
Texting = Callable[..., Comparison]

_WORDS = np.array(re.findall(r"[a-z]{2,}", " ".join(pydoc_data.topics.topics.values()).lower()))
_MARKS = {"calm": ["gently", "resting", "settled"], "worried": ["afraid", "urgent", "sleepless"]}


def _notes(rows: int, seed: int) -> pd.DataFrame:
    """Texts of 20 to 60 words drawn from technical prose, with words that go with their label."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(list(_MARKS), rows)
    drawn = [[*rng.choice(_WORDS, rng.integers(20, 60)), *rng.choice(_MARKS[label], 2)] for label in labels]
    return pd.DataFrame({"text": [" ".join(rng.permutation(words)).capitalize() + "." for words in drawn], "label": labels})


@pytest.fixture(scope="session")
def notes() -> Notes:
    """Independent samples of one population of labelled texts: ``notes(rows, seed)``."""
    return _notes


@pytest.fixture(scope="session")
def texting(comparing: Any) -> Texting:
    """A comparison of texts, with or without real ones; keywords beyond the seed are facts."""

    def made(synthetic: pd.DataFrame, real: pd.DataFrame | None = None, holdout: pd.DataFrame | None = None, **facts: Any) -> Comparison:
        options = {"seed": facts.pop("seed")} if "seed" in facts else {}
        stated = Facts(**{"text": ("text",)} | facts)
        compared: Comparison = comparing(synthetic, synthetic.iloc[:0] if real is None else real, holdout, facts=stated, **options)
        return compared

    return made
