"""Python and TypeScript do the same to any notebook, not only to those in the fixtures."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthnb._canonical import digest
from synthnb.disclosure.folding import is_readable
from synthnb.disclosure.notebook import MIME, apply, harvest, upsert
from synthnb.disclosure.render import BEGIN, END

LABEXTENSION = Path(__file__).parents[2] / "labextension"
NOW = "2026-11-23T16:00:00Z"
SCRIPT = """
import { createInterface } from 'node:readline';
import { apply, harvest, upsert } from './lib/notebook.js';
for await (const line of createInterface({ input: process.stdin })) {
  const { notebook, restore } = JSON.parse(line);
  const edits = upsert(notebook, { now: '%s', restore });
  console.log(JSON.stringify({ harvest: harvest(notebook), edits, after: apply(edits, notebook) }));
}
"""

Json = dict[str, Any]

pieces = st.sampled_from(
    [
        BEGIN,
        END,
        "\n",
        "\n\n",
        " ",
        "words",
        "w|x_y",
        "$a$",
        "\\",
        "é",
        "😀",
        "www.a",
        "://",
        "\u202e",
        "\x00",
        "z" * 310,
        "- ",
        "1. ",
        "\xa0",
        f"sha256:{'a' * 64}",
    ]
)
texts = st.lists(pieces, max_size=6).map("".join)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
keys = st.sampled_from(["a", "b", "é", "😀", "__proto__", "constructor", "length"])
anything = st.recursive(
    st.none() | st.booleans() | numbers | texts | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    [
        "isSynthetic",
        "humanReadableStatement",
        "madeInBrief",
        "limitations",
        "seed",
        "name",
        "license",
        "intent",
        "reviewerSignOff",
        "residualRisk",
        "unheardOf",
        "__proto__",
    ]
)
values = texts | st.lists(texts | anything, max_size=8) | anything


def signed(entry: Json) -> Json:
    return entry | {"digest": digest(entry)} if is_readable(entry) else entry


def mostly(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Usually what is expected, sometimes anything at all."""
    return st.integers(0, 19).flatmap(lambda chance: anything if chance == 13 else usual)


details = st.sampled_from([{}, {"n": 1}, {"n": True}, {"n": 1.0}, {"n": 0}, {"n": False}, {"n": -0.0}]) | st.dictionaries(
    keys, anything, max_size=3
)
plain_entries = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["run-1", "run-2", "run-3", "run-4"]),
        "kind": st.sampled_from(["generate", "evaluate", "disclose", "sign-off", "risk", "export", "mix"]),
        "slot": st.sampled_from(["generate:a", "generate:b", "evaluate:a"]),
        "created": st.sampled_from(["2026-11-23T15:00:00Z", "2026-11-23T15:00:00.5Z", "2026-11-23T15:00:01Z"]),
        "fields": st.dictionaries(names, values, max_size=4),
    },
    optional={"detail": mostly(details), "digest": st.just("sha256:wrong"), "frame": st.sampled_from(["a", "b"]), "content": anything},
)
odd_entries = st.tuples(plain_entries, st.sampled_from(["id", "kind", "slot", "created", "fields"]), anything).map(
    lambda it: it[0] | {it[1]: it[2]}
)
entries = st.one_of(plain_entries.map(signed), plain_entries.map(signed), plain_entries, odd_entries)
records = st.fixed_dictionaries(
    {"schema": st.just("synthnb.record/1"), "entries": mostly(st.lists(mostly(entries), min_size=1, max_size=3))}
)
payloads = st.one_of(records, records, records.map(json.dumps), records.map(lambda it: json.dumps(it, indent=1).splitlines(keepends=True)))
outputs = mostly(
    st.fixed_dictionaries({"output_type": st.just("display_data"), "data": mostly(st.fixed_dictionaries({MIME: mostly(payloads)}))})
)
code = st.fixed_dictionaries({"cell_type": st.just("code"), "source": texts, "outputs": mostly(st.lists(outputs, min_size=1, max_size=2))})
markdown = st.fixed_dictionaries(
    {"cell_type": st.just("markdown"), "source": texts | st.lists(texts, max_size=3)},
    optional={
        "metadata": st.sampled_from(
            [{}, {"synthnb": {"role": "disclosure"}}, {"tags": ["synthnb-disclosure"]}, {"tags": "x", "synthnb": []}]
        ),
        "id": st.sampled_from(["synthnb-disclosure", "synthnb-disclosure-2", "other"]),
    },
)
own = st.fixed_dictionaries(
    {},
    optional={
        "schema": st.sampled_from(["synthnb.record/1", "synthnb.record/2", "synthnb.record/x", 3]),
        "entries": mostly(st.lists(mostly(entries), max_size=3)),
        "unreadable": anything,
        "cell": anything,
        "opt_out": anything,
        "stale": anything,
        "others": anything,
    },
)
cells = st.lists(code | markdown, min_size=1, max_size=5)
notebooks = st.builds(
    lambda cells, metadata, minor: {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": minor},
    cells,
    st.fixed_dictionaries({"kernelspec": st.just({"name": "python3"})}, optional={"synthnb": mostly(own)}),
    st.sampled_from([4, 5]),
)


def form(value: object) -> str:
    """One text for each value: to Python's ``==``, true is 1.

    JavaScript has one kind of number and one zero, and writes large numbers as integers that aren't exact.
    """

    def number(text: str) -> float:
        return float(text) + 0.0

    return json.dumps(json.loads(json.dumps(value), parse_int=number, parse_float=number), sort_keys=True)


@pytest.fixture(scope="module")
def typescript() -> Iterator[Callable[..., Json]]:
    """Ask the compiled TypeScript what it does to a notebook."""
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None or not (LABEXTENSION / "lib" / "notebook.js").exists():
        pytest.fail("The lab extension is not compiled: run `jlpm install && jlpm build` in labextension/, with Node 20 or later.")
    command = [node, "--no-warnings", "--input-type=module", "--eval", SCRIPT % NOW]
    with subprocess.Popen(command, cwd=LABEXTENSION, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def ask(notebook: Json, *, restore: bool) -> Json:
            stdin.write(json.dumps({"notebook": notebook, "restore": restore}) + "\n")
            stdin.flush()
            answer: Json = json.loads(stdout.readline())
            return answer

        yield ask
        stdin.close()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(notebook=notebooks, restore=st.booleans())
def test_both_languages_agree(typescript: Callable[..., Json], notebook: Json, restore: bool) -> None:
    answer = typescript(notebook, restore=restore)
    assert form(answer["harvest"]) == form(harvest(notebook["cells"], notebook["metadata"]))
    edits = upsert(notebook["cells"], notebook["metadata"], now=NOW, restore=restore)
    assert form(answer["edits"]) == form(edits)
    assert form(answer["after"]) == form(apply(edits, notebook))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(notebook=notebooks)
def test_a_second_time_changes_nothing(typescript: Callable[..., Json], notebook: Json) -> None:
    after = typescript(notebook, restore=False)["after"]
    assert typescript(after, restore=False)["edits"] == []
