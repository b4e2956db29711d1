"""Nothing that a notebook's metadata, an export or a sidecar may hold breaks what reads it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import mistune
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthnb.disclosure.embedded import comment
from synthnb.disclosure.fields import brief
from synthnb.disclosure.files import disclose_file
from synthnb.disclosure.jsonld import json_ld
from synthnb.disclosure.page import page_part, text_part
from synthnb.disclosure.render import BEGIN, END, render_block
from synthnb.disclosure.sidecar import sidecar_of
from synthnb.disclosure.verify import verify_path

from .test_parity import anything, cells, names, plain_entries

Json = dict[str, Any]

PAGE = re.compile("section|style|h3|p|d[ltd]|ul|li|strong|small|table|caption|thead|tbody|t[rhd]|details|summary|code")
"""The elements that a page's part is made of."""
known = st.sampled_from(["output", "synthetic", "path", "sha256", "inputs", "model", "versions", "name", "digest", "started", "engine"])
parts = st.recursive(anything, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(known, inner, max_size=5), max_leaves=8)
kinds = st.sampled_from(["generate", "column", "evaluate", "export", "disclose"])
entries = st.tuples(plain_entries, st.dictionaries(known, parts, max_size=8), kinds).map(
    lambda it: it[0] | {"detail": it[1], "kind": it[2], "slot": it[0]["id"]}
)
records = st.fixed_dictionaries(
    {"schema": st.just("synthnb.record/1"), "entries": st.lists(entries | anything, min_size=1, max_size=4)},
    optional={
        "fields": anything | st.dictionaries(names, anything),
        "stale": anything,
        "unreadable": anything,
        "opt_out": anything | st.dictionaries(st.just("at"), anything),
        "digest": anything,
        "cell": anything,
    },
)
often = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@often
@given(record=records, cells=cells)
def test_a_notebook_is_verified_disclosed_and_verified_again(folder: Path, record: Json, cells: list[Json]) -> None:
    path = folder / "n.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {"synthnb": record}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    assert verify_path(path)
    disclose_file(path)
    assert not disclose_file(path).changed
    assert verify_path(path)


@often
@given(record=records)
def test_an_export_and_a_sidecar_are_verified(folder: Path, record: Json) -> None:
    (folder / "x.md").write_bytes(comment(record).encode("utf-8", "backslashreplace"))
    (folder / "t.csv").write_text("a", encoding="utf-8")
    sidecar_of(folder / "t.csv").write_text(json.dumps(record), encoding="utf-8")
    assert verify_path(folder / "x.md")
    assert verify_path(folder / "t.csv")


signs = st.text("-+12.)>#`~=|[](x)!<b/>&;$\\*_ \n\t:é\u202e\x00", max_size=10)
words = st.sampled_from(
    [BEGIN, END, "---", "===", "```", "    ", "<!--", "</ul>", "![i](j)", "[ ] ", "www.a", "http://b", f"sha256:{'a' * 64}"]
)
nasty = st.lists(signs | words, max_size=4).map("".join)
stated = st.lists(st.fixed_dictionaries({"value": nasty}, optional={"proposed": st.booleans()}), min_size=1, max_size=14)
shown = st.dictionaries(st.sampled_from([name for line in brief() for name in line.fields]), st.builds(lambda v: {"values": v}, stated))


class _Seen(HTMLParser):
    """The tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


@often
@given(fields=shown)
def test_no_value_makes_markup_of_its_own_in_the_cell(fields: Json) -> None:
    block = render_block({"fields": fields})
    assert block.count(END) == 1
    tags = _Seen(str(mistune.html(block))).tags
    assert set(tags) <= {"h3", "p", "ul", "li", "strong", "code", "br", "span"}
    assert tags.count("li") == sum(line.lstrip().startswith("- ") for line in block.split("\n"))
    assert tags.count("h3") == 1


@often
@given(fields=shown)
def test_the_page_holds_what_the_cell_tells(fields: Json) -> None:
    record = {"fields": fields, "entries": [{"id": 3}], "digest": fields}
    assert all(PAGE.fullmatch(tag) for tag in _Seen(page_part(record)).tags)


@often
@given(record=records | anything)
def test_a_record_is_shown(record: Any) -> None:
    json_ld(record)
    assert "Synthetic data disclosure" in text_part(record)
    assert page_part(record)
