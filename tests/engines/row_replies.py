"""A model's replies for rows: lines as they were asked for, and what may happen to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb.engines.rows import write_rows
from synthnb.models.calls import Calls

from .scripted import Answer, Scripted

if TYPE_CHECKING:
    from synthnb.engines.base import Synthesis
    from synthnb.models.base import Request

LINES = re.compile(r"Write (\d+) new rows")
QUOTA = re.compile(r"the (?:first|next) (\d+) with ([^;]*?)(?=;|\.$)", re.MULTILINE)


def fixed_of(prompt: str) -> list[dict[str, str]]:
    """What a prompt fixes for each line, as a reader of it would understand."""
    found: list[dict[str, str]] = []
    for count, told in QUOTA.findall(prompt):
        pairs = [part.rsplit(" ", 1) for part in told.split(", ") if " from " not in part]
        found += [dict(pairs)] * int(count)
    return found or [{}] * int(LINES.findall(prompt)[0])


def one_row(request: Request, number: int, fixed: dict[str, str]) -> dict[str, Any]:
    rng = np.random.default_rng([request.seed, number])
    return {
        "age": rng.integers(18, 90),
        "sex": rng.choice(["female", "male"]),
        "arm": rng.choice(["placebo", "drug"]),
        "weight_kg": f"{rng.normal(75, 10):.1f}",
        "admitted": f"2024-0{rng.integers(1, 10)}-1{rng.integers(0, 10)}",
        "event": rng.choice(["yes", "no"]),
        "weight_later": rng.choice(["", "70.5"]),
    } | fixed


def honest(_count: int, request: Request) -> str:
    """Lines as they were asked for."""
    rows = [one_row(request, number, fixed) for number, fixed in enumerate(fixed_of(request.prompt))]
    return "\n".join(",".join(map(str, row.values())) for row in rows)


def changed(change: Callable[[int, list[str]], list[str]]) -> Answer:
    """Honest lines that something happened to, given the number of the call."""
    return lambda count, request: "\n".join(change(count, honest(count, request).splitlines()))


def write(frame: Any, model: Any = None, **options: Any) -> Synthesis:
    given: dict[str, Any] = {"rows": 40, "calls": Calls(model or Scripted(honest)), "seed": 1, "source_name": "trial"}
    return write_rows(frame, **(given | options))
