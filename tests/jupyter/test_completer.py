"""What Tab offers after `%synth`."""

from __future__ import annotations

import pandas as pd
import pytest

from synthnb.jupyter.completer import suggest
from synthnb.jupyter.parser import VERBS

VARIABLES = {"trial": pd.DataFrame({"age": [1], "arm": ["a"], "cd4 count": [2]}), "made": pd.DataFrame({"sex": ["f"]}), "n": 3}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("%synth ev", ["evaluate"]),
        ("%synth generate ", ["made", "trial", *(option.name for option in VERBS["generate"].options[1:])]),
        ("%synth generate tr", ["trial"]),
        ("%synth generate trial --ro", ["--rows"]),
        ("%synth generate trial --rows 5 --ro", []),
        ("%synth generate trial --groups a", ["age", "arm"]),
        ("%synth generate trial --groups age,a", ["age,age", "age,arm"]),
        ("%synth evaluate made --against t", ["trial"]),
        ("%synth evaluate trial --target c", ['"cd4 count"']),
        ("%%synth column note --into m", ["made"]),
        ("%%synth column note --into made --model e", ["echo"]),
        ("%synth nothing ", []),
    ],
)
def test_the_line_decides_what_is_offered(line: str, offered: list[str]) -> None:
    assert suggest(line, VARIABLES) == offered


def test_every_verb_is_offered_first() -> None:
    assert {"generate", "evaluate", "disclose", "export", "verify", "runs", "help"} <= set(suggest("%synth ", VARIABLES))
