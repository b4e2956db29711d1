"""An output can't hide the disclosure, and a disclosure that an element hides isn't taken for one that is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthnb.disclosure.embedded import visible_text
from synthnb.disclosure.embedded.hiding import without_hidden
from synthnb.disclosure.verify import all_ok, verify_path
from synthnb.jupyter.nbconvert import export_notebook
from synthnb.jupyter.nbconvert.local import local_html
from synthnb.jupyter.nbconvert.scoping import scoped

from .samples import code, notebook, shows


@pytest.mark.parametrize(
    ("css", "is_kept"),
    [
        ("section, .jp-MarkdownCell { display: none !important }", True),
        ("@media screen { section { display: none } }", True),
        ("~ section { display: none }", False),
        ("} section { display: none }", False),
        ("@media screen { } } section { display: none }", False),
        ("& ~ section { display: none }", False),
        ("p { position: \\66ixed }", False),
        ("p { :not(&) { display: none } }", False),
        ("@page { size: 0 }", False),
    ],
)
def test_a_style_sheet_is_for_its_own_output(css: str, is_kept: bool) -> None:
    rules = [line for line in scoped(css, "own").splitlines() if "display" in line or "fixed" in line or "size" in line]
    assert bool(rules) is is_kept
    assert all(part.strip().startswith(":where(.own) ") for line in rules for part in line.split("{")[0].split(","))


def test_an_output_with_a_style_lies_in_its_own_element() -> None:
    html = local_html("<style>p > a { top: 0 } </style><p>x</p>")
    name = html.split('"')[1]
    assert html == f'<div class="{name}"><style>:where(.{name}) p > a {{ top: 0 }}\n</style><p>x</p></div>'.replace("0 }", "0  }")


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<div hidden>x", "<div hidden>x</div>"),
        ("</div></main>x", "x"),
        ("<b><div>x</b>", "<b><div>x</div></b>"),
        ('<body style="display:none"><html hidden>x', "x"),
        ("<div hidden/>x", "<div hidden>x</div>"),
        ('<p style="position:fixed;top:0">x</p>', '<p style=";top:0">x</p>'),
        ("<svg><path/><g></svg>", "<svg><path/><g></g></svg>"),
        ("<textarea>x", "<textarea>x</textarea>"),
    ],
)
def test_an_output_stays_in_its_place(html: str, kept: str) -> None:
    assert kept in local_html(html)


@pytest.mark.parametrize(
    "start",
    [
        "<div hidden>",
        '<div style="display:none">',
        '<p style="color:red; DISPLAY : n\\6fne!important">',
        '<div style="opacity:0">',
        '<div style="font-size: 0px;">',
        "<dialog>",
        "<template>",
        "<div hidden/>",
    ],
)
def test_what_an_element_hides_isnt_seen(start: str) -> None:
    assert visible_text(f"a{start}<b>b</b>") == "a"
    assert "b" not in without_hidden(f"a\n\n{start}\nb\n")


def test_code_hides_nothing() -> None:
    text = "a `<div hidden>` b\n\n```html\n<template>\n```\n\n    c\n"
    assert without_hidden(text) == text
    assert visible_text('<div style="opacity:0.5" data-hidden>a</div><p hidden>b<div>c</div>') == "ac"


@pytest.mark.parametrize("name", ["x.html", "x.slides.html", "x.md"])
def test_a_file_that_was_wrapped_is_changed(tmp_path: Path, name: str) -> None:
    output = shows(text_html="<style>section, .synthnb-record { display: none }</style><div hidden>unclosed")
    export_notebook(notebook(cells=(code("x", output, name="c"),)), tmp_path / name)
    assert all_ok(verify_path(tmp_path / name))
    text = (tmp_path / name).read_text(encoding="utf-8")
    start = text.index("<body") + text[text.index("<body") :].index(">") + 1 if "<body" in text else text.index("\n---\n") + 5
    (tmp_path / name).write_text(f"{text[:start]}\n<div hidden>\n{text[start:]}", encoding="utf-8")
    assert "changed" in {finding.status for finding in verify_path(tmp_path / name)}
