"""HTML from a notebook as a page may hold it: nothing runs, nothing is fetched, text stays text.

Elements that run or fetch, handlers and addresses of scripts are left out. A picture lies
in the page or isn't there: a file in the notebook's folder is put in, one from
elsewhere becomes a sentence with its address. What a browser might still read another
way is stopped by the page's security policy.
"""

from __future__ import annotations

import base64
import re
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from synthnb.disclosure.render import BEGIN, END

__all__ = ["local_html", "picture_file"]

_DROPPED = {
    "applet",
    "base",
    "embed",
    "frame",
    "frameset",
    "iframe",
    "link",
    "meta",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "plaintext",
    "portal",
    "script",
    "template",
    "title",
    "xmp",
}
_WITH_CONTENT = {"script", "iframe", "object", "template", "noscript", "noembed", "noframes", "title", "xmp"}
_FETCHING = {"src", "srcset", "poster", "background", "data", "lowsrc", "dynsrc", "ping", "xlink:href"}
_SENDING = {"action", "formaction", "srcdoc", "manifest", "http-equiv"}
_LINKS = {"a", "area"}
_SAFE_LINK = re.compile(r"(?:https?:|mailto:|#|\.{0,2}/|[^:/?#]*(?:[/?#]|$))", re.IGNORECASE)
_CSS = re.compile(r"@import\b[^;]*;?|url\(\s*(?!['\"]?\s*(?:data:|#))[^)]*\)?|expression\s*\(|-moz-binding", re.IGNORECASE)
_PICTURES = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".webp": "webp", ".svg": "svg+xml"}
_LARGEST = 20_000_000


def local_html(html: str, folder: str | Path | None = None) -> str:
    """Return a piece of HTML that neither runs nor fetches anything.

    Parameters
    ----------
    html : str
        What an output or a Markdown cell gave.
    folder : str or Path, optional
        The notebook's folder, from which pictures are taken.
    """
    if "<" not in html:
        return html
    page = _Local(folder)
    page.feed(html)
    page.close()
    return "".join(page.parts)


def picture_file(address: str, folder: str | Path | None) -> Path | None:
    """Return the picture that a relative address names inside a folder, or None."""
    if not folder or not address or re.match(r"[a-z][a-z0-9+.-]*:|//|#", address, re.IGNORECASE) or "\x00" in address:
        return None
    try:
        root = Path(folder).resolve()
        file = (root / unquote(address.partition("?")[0].partition("#")[0])).resolve()
        fits = file.suffix.lower() in _PICTURES and file.is_relative_to(root) and file.is_file() and file.stat().st_size <= _LARGEST
    except (OSError, ValueError, RuntimeError):
        return None
    return file if fits else None


class _Local(HTMLParser):
    """Writes a piece of HTML again, without what isn't kept."""

    def __init__(self, folder: str | Path | None) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._folder = folder
        self._style = False
        self._skipping = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipping:
            return
        if tag in _DROPPED:
            self._skipping = tag if tag in _WITH_CONTENT else ""
            return
        self._style = tag == "style"
        self.parts.append(self._start(tag, attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._skipping and tag not in _DROPPED:
            self.parts.append(self._start(tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            self._skipping = "" if tag == self._skipping else self._skipping
            return
        self._style = False
        if tag not in _DROPPED:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.parts.append(_CSS.sub("", data) if self._style else escape(data, quote=False))

    def handle_comment(self, data: str) -> None:
        # Browsers and Python don't agree on where every comment ends; only our own two are kept.
        if f"<!--{data}-->" in {BEGIN, END}:
            self.parts.append(f"<!--{data}-->")

    def _start(self, tag: str, attrs: list[tuple[str, str | None]]) -> str:
        kept: list[tuple[str, str | None]] = []
        for name, value in attrs:
            shown = self._attribute(tag, name, value)
            if shown is None and name == "src" and tag == "img":
                return _left_out(dict(attrs))
            kept += [] if shown is None else [shown]
        if tag == "img" and "src" not in dict(kept):
            return _left_out(dict(attrs))
        words = "".join(f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in kept)
        return f"<{tag}{words}>"

    def _attribute(self, tag: str, name: str, value: str | None) -> tuple[str, str | None] | None:
        if not re.fullmatch(r"[a-z_][a-z0-9_.:-]*", name) or name.startswith("on") or name in _SENDING:
            return None
        text = (value or "").strip()
        if name == "style":
            return name, _CSS.sub("", value or "")
        if name == "href" and tag in _LINKS:
            return (name, value) if _SAFE_LINK.match(re.sub(r"[\x00-\x20]+", "", text)) else None
        if name in _FETCHING or name == "href":
            return self._resource(tag, name, text)
        return name, value and _CSS.sub("", value)

    def _resource(self, tag: str, name: str, text: str) -> tuple[str, str] | None:
        if text.startswith("#") or (re.match(r"data:(?:image|audio|video|font)/", text, re.IGNORECASE) and name != "srcset"):
            return name, text
        file = picture_file(text, self._folder) if (tag, name) == ("img", "src") else None
        if file is None:
            return None
        try:
            data = base64.b64encode(file.read_bytes()).decode()
        except OSError:
            return None
        return name, f"data:image/{_PICTURES[file.suffix.lower()]};base64,{data}"


def _left_out(attrs: dict[str, str | None]) -> str:
    words = ": ".join(filter(None, [attrs.get("alt") or "", (attrs.get("src") or "")[:300]]))
    return f'<span class="synthnb-left-out">[picture left out: {escape(words) or "no address"}]</span>'
