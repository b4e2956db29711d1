"""The picture: well-formed, in words too, laid out from left to right, nothing over anything else."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from synthnb.disclosure.crates.prov import graph
from synthnb.disclosure.crates.prov_picture import _flow, _laid_out, prov_picture
from synthnb.disclosure.entries import entry_for_run
from tests.disclosure.samples import made

from .conftest import STATED, account_of, entries_of, table

ACCOUNT = account_of(*entries_of(table()), stated=STATED)
SVG = "{http://www.w3.org/2000/svg}"


def test_it_is_well_formed_and_has_a_title_and_words() -> None:
    root = ET.fromstring(prov_picture(ACCOUNT))
    assert root.attrib["role"] == "img"
    title, words = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None and words is not None and words.text is not None  # noqa: PT018
    assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {words.attrib['id']}"
    assert "Generate “synthetic” by trees: used “actg175”, Recipe; made “synthetic”" in words.text


def test_kinds_differ_in_shape_and_not_only_in_colour() -> None:
    picture = prov_picture(ACCOUNT)
    assert re.search(r'class="entity"[^>]*rx="22"', picture)
    assert re.search(r'class="activity"[^>]*rx="0"', picture)
    assert '<polygon class="agent"' in picture


def test_it_holds_no_script_and_loads_nothing() -> None:
    picture = prov_picture(ACCOUNT)
    assert not re.search(r"<script|href|url\((?!#)|<image|<foreignObject|@import", picture)


def test_what_is_made_stands_right_of_what_it_is_made_of() -> None:
    found = graph(ACCOUNT)
    layout = _laid_out(found, _flow(found))
    assert all(layout.at[one][0] < layout.at[other][0] for one, other in _flow(found))


def test_no_two_boxes_overlap() -> None:
    found = graph(ACCOUNT)
    layout = _laid_out(found, _flow(found))
    at = [layout.at[name] for name in found.nodes]
    pairs = [(one, other) for number, one in enumerate(at) for other in at[:number]]
    assert all(abs(one[0] - other[0]) >= 190 or abs(one[1] - other[1]) >= 64 for one, other in pairs)


def test_hundreds_of_runs_are_cut_and_said_so() -> None:
    runs = [
        entry_for_run(
            made(id=f"run-{number:012x}", output={"name": f"t{number}", "rows": 1, "columns": [], "digest": f"sha256:{number:064x}"})
        )
        for number in range(200)
    ]
    picture = prov_picture(account_of(*runs))
    assert re.search(r"\d+ more aren't drawn", picture)
    ET.fromstring(picture)


def test_a_circle_in_a_record_is_drawn_all_the_same() -> None:
    digest = f"sha256:{'c' * 64}"
    run = made(inputs=[{"name": "a", "rows": 1, "digest": digest}], output={"name": "a", "rows": 1, "columns": [], "digest": digest})
    words = ET.fromstring(prov_picture(account_of(entry_for_run(run)))).find(f"{SVG}desc")
    assert words is not None
    assert words.text == "Generate “a” by trees: used “a”, Recipe; made “a”; with synthnb 0.1.0."
