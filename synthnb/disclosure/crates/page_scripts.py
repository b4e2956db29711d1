"""What the page in a crate runs and loads: nothing but synthnb's own script, which its policy names by digest."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

from synthnb.disclosure.render import plain
from synthnb.disclosure.verify.findings import Finding

__all__ = ["OURS", "check_scripts"]

OURS = ("jZN1T5PdYr0GHpXl0EO1PP+cRXbxzfYQ3iPKphPMbjQ=",)
"""SHA-256 of each script that an exporter has ever written into a page, as a page's policy has it: the report's dashboard."""
_DATA = {"application/json", "application/ld+json", "application/vnd.synthnb.record+json"}
_RUNS = {"applet", "base", "embed", "frame", "frameset", "iframe", "link", "object", "portal"}
_FETCHED = re.compile(r"\s*(?:https?:|//|javascript:|data:text/html|vbscript:)", re.IGNORECASE)
_SOURCES = {"src", "srcset", "action", "formaction", "background", "poster", "data"}
_POLICY = re.compile(
    r"default-src 'none'; style-src 'unsafe-inline'; img-src data:|"
    r"default-src 'none'; script-src (?:'none'|'sha256-[A-Za-z0-9+/=]{44}'); style-src 'unsafe-inline'; img-src data:; media-src data:; "
    r"font-src data:; base-uri 'none'; form-action 'none'"
)
_MOST_LISTED = 3


def check_scripts(place: str, page: bytes) -> Finding:
    """Check that a page or a picture runs no script but ours and loads nothing, and that a page has the policy of an exporter."""
    what = f"{place}: scripts"
    found = _Page()
    try:
        found.feed(page.decode("utf-8", "replace"))
        found.close()
    except AssertionError as error:  # what Python's parser raises for some declarations
        return Finding(what, "unreadable", f"The page can't be read: {plain(str(error))}.")
    wrong = list(found.wrong)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in found.scripts]
    wrong += [f"a script that no exporter writes ({digest})" for digest in digests if digest not in OURS]
    if not place.endswith(".svg") and not (len(found.policies) == 1 and _POLICY.fullmatch(found.policies[0])):
        wrong.append("another policy than an exporter writes")
    if wrong:
        return Finding(what, "changed", f"It runs or loads what no exporter writes: {'; '.join(map(plain, wrong[:_MOST_LISTED]))}.")
    return Finding(what, "ok", "It runs nothing but synthnb's own script" if digests else "It runs no script")


class _Page(HTMLParser):
    """Collects a page's scripts and policies, and what else would run or be fetched."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[str] = []
        self.policies: list[str] = []
        self.wrong: list[str] = []
        self._is_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name.lower(): value or "" for name, value in attrs}
        if tag == "script" and given.get("type", "").strip().lower() not in _DATA:
            self._is_script = True
            self.scripts.append("")
        elif tag in _RUNS:
            self.wrong.append(f"<{tag}>")
        elif tag == "meta" and "http-equiv" in given:
            self._policy(given)
        self.wrong += [f"{name} of <{tag}>" for name, value in given.items() if _acts(name, value)]

    def _policy(self, given: dict[str, str]) -> None:
        if given["http-equiv"].lower() == "content-security-policy" and not self.scripts:
            self.policies.append(given.get("content", ""))
        else:
            self.wrong.append(f"http-equiv={given['http-equiv']}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._is_script = False

    def handle_endtag(self, tag: str) -> None:
        self._is_script = self._is_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._is_script:
            self.scripts[-1] += data


def _acts(name: str, value: str) -> bool:
    """Whether an attribute runs something, or fetches from elsewhere; a link that a reader may follow doesn't."""
    if name.startswith("on") or name in {"srcdoc", "ping"}:
        return True
    is_link = name in {"href", "xlink:href"} and re.match(r"\s*(?:javascript|vbscript|data:text/html)", value, re.IGNORECASE)
    return bool(is_link) or (name in _SOURCES and _FETCHED.match(value) is not None)
