"""A page runs nothing but our script and fetches nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from synthnb.jupyter.nbconvert import SynthHTMLExporter, disclosed, export_notebook
from synthnb.jupyter.nbconvert.local import local_html

from .samples import HOSTILE, code, hostile, notebook, png, shows

FETCHES = [
    '<img src="https://example.org/a.png" alt="A">',
    '<img srcset="https://example.org/a.png 2x">',
    '<video poster="//example.org/a"></video>',
    '<svg><image xlink:href="https://example.org/a"/></svg>',
    '<svg><use href="https://example.org/a#b"/></svg>',
    '<link rel="stylesheet" href="https://example.org/a.css">',
    '<style>@import "https://example.org/a.css"; p { background: url(https://example.org/b) }</style>',
    "<p style=\"background: url('https://example.org/a')\">p</p>",
    '<iframe src="https://example.org"></iframe>',
    '<object data="https://example.org/a"></object><embed src="https://example.org/a">',
    '<meta http-equiv="refresh" content="0;url=https://example.org">',
    '<base href="https://example.org/">',
    '<table background="https://example.org/a"></table>',
]
HTML: Any = SynthHTMLExporter


class _Fetches(HTMLParser):
    """The addresses that a page would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = re.findall(r"@import[^;]*|url\(\s*['\"]?(?!data:|#)[^)]*", re.sub(r"(?s)<script.*?</script>", "", text))
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            fetching = name in {"src", "srcset", "poster", "data", "background", "xlink:href"} or (
                name == "href" and tag not in {"a", "area"}
            )
            if fetching and not re.match(r"data:|#", value or ""):
                self.found.append(f"{tag} {name}={value}")


@pytest.mark.parametrize("html", FETCHES)
def test_what_would_fetch_is_left_out(html: str) -> None:
    assert "example.org" not in re.sub(r"\[picture left out: [^]]*\]", "", local_html(html))


@pytest.mark.parametrize(
    "html",
    [
        "<script>x()</script>",
        '<script src="data:text/javascript,x()"></script>',
        "<p onclick=x()>p</p>",
        '<a href="javascript:x()">p</a>',
        '<a href=" java\nscript:x()">p</a>',
        '<a href="data:text/html,x()">p</a>',
        "<!--><script>x()</script>-->",
        '<svg onload="x()"></svg>',
        '<noscript><p title="</noscript><img src=x onerror=x()>"></noscript>',
        '<form action="x()"><button formaction="x()">p</button></form>',
    ],
)
def test_what_would_run_is_left_out(html: str) -> None:
    assert "x()" not in local_html(html)


def test_other_html_stays_as_it_is() -> None:
    text = '<table border="1"><tr><td>a &lt; b</tr></table><details open><a href="b.html">b</a></details>'
    assert local_html(text) == text


@pytest.mark.parametrize("name", ["x.html", "x.slides.html"])
def test_no_page_fetches_anything(tmp_path: Path, name: str) -> None:
    cells = (code("x", *(shows(text_html=html) for html in [*FETCHES, *HOSTILE.values()]), shows(**{"image/png": png()}), name="all"),)
    export_notebook(notebook(cells=cells), tmp_path / name)
    assert _Fetches((tmp_path / name).read_text(encoding="utf-8")).found == []


def test_the_policy_names_only_our_scripts(tmp_path: Path) -> None:
    export_notebook(hostile(HOSTILE["html"]), tmp_path / "x.html")
    text = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert "default-src 'none'; script-src 'none';" in text
    assert text.index("Content-Security-Policy") < text.index("<script")


def test_a_picture_in_the_notebooks_folder_is_put_into_the_page(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.svg").write_text("<svg/>", encoding="utf-8")
    (tmp_path / "secret.png").write_bytes(b"outside")
    html = local_html('<img src="a.svg"><img src="../secret.png"><img src="/etc/passwd">', tmp_path / "in")
    assert "data:image/svg+xml;base64,PHN2Zy8+" in html
    assert "b3V0c2lkZQ" not in html
    assert html.count("picture left out") == 2


def test_sizes_of_pictures_are_numbers(tmp_path: Path) -> None:
    output = shows(**{"image/png": png()}) | {"metadata": {"image/png": {"width": "1 onerror=x()", "height": 40}}}
    text, _ = HTML().from_notebook_node(disclosed(notebook(cells=(code("x", output, name="c"),))), {})
    assert "onerror" not in text
    assert 'height="40"' in text
