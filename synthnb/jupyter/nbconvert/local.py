"""HTML from a notebook as a page may hold it: nothing runs, nothing is fetched, text stays text.

Elements that run or fetch, handlers and addresses of scripts are left out. A picture lies
in the page or isn't there: a file in the notebook's folder is put in, one from
elsewhere becomes a sentence with its address. What a browser might still read another
way is stopped by the page's security policy. A piece stays within its place: each element that it begins
ends in it, and its style sheets are for what lies in it.
"""

from __future__ import annotations

import base64
import re
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from synthnb._canonical import digest_bytes
from synthnb.disclosure.embedded.hiding import VOID_TAGS, OpenElements
from synthnb.disclosure.render import BEGIN, END
from synthnb.jupyter.nbconvert.scoping import FIXED, scoped

__all__ = ["local_html", "picture_file"]

_DROPPED = {
    "applet",
    "base",
    "body",
    "embed",
    "frame",
    "frameset",
    "head",
    "html",
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
_OPTIONAL_END = re.compile("p|li|dt|dd|tr|td|th|thead|tbody|tfoot|option|optgroup|colgroup|caption|rb|rt|rtc|rp")
_FOREIGN = {"svg": True, "math": True, "foreignobject": False, "desc": False, "annotation-xml": False}
_BREAKS_OUT = re.compile(
    "b|big|blockquote|br|center|code|dd|div|dl|dt|em|font|h1|h2|h3|h4|h5|h6|hr|i|img|li|menu|nobr|ol|p|"
    "pre|ruby|s|small|span|strong|strike|sub|sup|table|tt|u|ul|var"
)
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
    page = _Local(folder, f"synthnb-within-{digest_bytes(html.encode('utf-8', 'surrogatepass'))[7:19]}")
    page.feed(html)
    page.close()
    return page.whole()


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

    def __init__(self, folder: str | Path | None, scope: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._folder = folder
        self._scope = scope
        self._open = OpenElements()
        self._style: str | None = None
        self._is_styled = False
        self._skipping = ""

    def whole(self) -> str:
        """Everything that was read, with what is still open ended."""
        self._end_style()
        for tag in self._open.tags[:1]:
            self._end(tag)
        text = "".join(self.parts)
        return f'<div class="{self._scope}">{text}</div>' if self._is_styled else text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipping:
            return
        if tag in _DROPPED:
            self._skipping = tag if tag in _WITH_CONTENT else ""
        elif tag == "style":
            self._style = ""
        else:
            self._begin(tag, attrs, self._start(tag, attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipping or tag in _DROPPED or tag == "style":
            return
        start = self._start(tag, attrs)
        # Within SVG the slash ends the element: without it the next ones would lie inside it, and not be drawn.
        if self._is_foreign(tag) and start.startswith(f"<{tag}"):
            self.parts.append(f"{start[:-1]}/>")
        else:
            self._begin(tag, attrs, start)

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            self._skipping = "" if tag == self._skipping else self._skipping
        elif tag == "style":
            self._end_style()
        else:
            self._end(tag)

    def handle_data(self, data: str) -> None:
        if self._skipping:
            return
        if self._style is None:
            self.parts.append(escape(data, quote=False))
        else:
            self._style += data

    def _is_foreign(self, tag: str) -> bool:
        """Whether an element is one of SVG or MathML."""
        inside = next((_FOREIGN[name] for name in reversed(self._open.tags) if name in _FOREIGN), False)
        return tag in {"svg", "math"} or (inside and not _BREAKS_OUT.fullmatch(tag))

    def _begin(self, tag: str, attrs: list[tuple[str, str | None]], start: str) -> None:
        self.parts.append(start)
        if start.startswith(f"<{tag}") and tag not in VOID_TAGS:
            self._open.start(tag, attrs)

    def _end(self, tag: str) -> None:
        """End an element that is open, with those in it; what ends by itself isn't told."""
        ended = self._open.end(tag)
        self.parts += [f"</{name}>" for at, name in enumerate(ended, 1) if at == len(ended) or not _OPTIONAL_END.fullmatch(name)]

    def _end_style(self) -> None:
        css, self._style = self._style, None
        if css and (text := _CSS.sub("", scoped(css, self._scope))):
            self.parts.append(f"<style>{text}</style>")
            self._is_styled = True

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
            return name, FIXED.sub("", _CSS.sub("", value or ""))
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
