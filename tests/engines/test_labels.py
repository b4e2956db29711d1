from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from synthnb.engines.llm.labels import Values

LEVELS = ["married", "not married", "widowed"]


@pytest.mark.parametrize(
    ("value", "text", "said"),
    [
        (45, "A man aged 45.", "said"),
        (45.0, "A 45-year-old man.", "said"),
        (45, "Aged 450, or 4.5, or 45.2.", "unsaid"),
        (71.2346, "She weighs 71.2 kg.", "said"),
        (71.2346, "She weighs 71.3 kg.", "unsaid"),
        (-3, "It was -3 degrees.", "said"),
        (12500, "It cost 12,500 dollars.", "said"),
        (350, "Aged 45, 350 cells.", "said"),
        (date(2024, 3, 1), "Seen on 2024-03-01.", "said"),
        (True, "No matter.", "unverifiable"),
        (None, "No matter.", "unverifiable"),
        (pd.NA, "No matter.", "unverifiable"),
        ("!", "No matter.", "unverifiable"),
        ("married", "She is MARRIED now.", "said"),
        ("married", "She is not married.", "contradicted"),
        ("not married", "She is not  married.", "said"),
        ("married", "She is widowed.", "contradicted"),
        ("married", "She lives alone.", "unsaid"),
        ("widowed", "She was married and is widowed.", "said"),
    ],
)
def test_what_a_text_says_of_a_value(value: Any, text: str, said: str) -> None:
    assert Values.of({"it": [*LEVELS, value]}).said({"it": value}, text) == {"it": said}


def test_a_column_of_very_many_texts_has_no_levels_to_contradict() -> None:
    values = Values.of({"it": [f"level {i}" for i in range(300)]})
    assert values.said({"it": "level 1"}, "This is level 2.") == {"it": "unsaid"}
