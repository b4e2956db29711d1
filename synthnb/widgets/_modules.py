"""One ES module from a folder of them, for hosts that can't resolve a second one.

The lab extension bundles a widget's parts itself. anywidget and exported pages
take one text, so the parts are put one after another, each in a function of its
own, so that their names can't clash::

    // dom.js                                const from_dom = (() => {
    import { clean } from './text.js';   ──►   const { clean } = from_text;
    export const h = …                         const h = …
                                               return { h };
                                             })();

Only what the parts use is understood: named imports of neighbours, a JSON file's
default import, and exports in front of a declaration. Anything else is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from synthnb.errors import OptionError, shown

__all__ = ["join_module", "join_styles", "module", "styles"]

_HERE = Path(__file__).parent
_ENTRY = "index.js"
_IMPORT = re.compile(
    r"^import (?:\{(?P<names>[^}]*)\}|(?P<data>\w+)) from '\./(?P<file>[\w.-]+)'(?: with \{ type: 'json' \})?;\n", re.MULTILINE
)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:const|let|function|class) (?P<name>\w+))", re.MULTILINE)
_STYLE = re.compile(r"^@import url\('\./(?P<file>[\w.-]+)'\);\n", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*/\*(?:(?!\*/).)*\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
_LEFT = re.compile(r"^(?:import|export)\b|\bimport\(", re.MULTILINE)


@cache
def module(name: str) -> str:
    """A widget's module as one text, from its file or its folder."""
    folder = _HERE / name
    return join_module(folder) if folder.is_dir() else (_HERE / f"{name}.js").read_text(encoding="utf-8")


@cache
def styles(name: str) -> str:
    """A widget's style sheet as one text, from its file or its folder."""
    folder = _HERE / name
    return join_styles(folder) if folder.is_dir() else (_HERE / f"{name}.css").read_text(encoding="utf-8")


def join_module(folder: Path) -> str:
    """Return the parts of a folder as one module that has the default export of its ``index.js``.

    Comments on lines of their own are left out. The same folder gives the same text.

    Raises
    ------
    OptionError
        A part can't be read, is imported by itself in the end, lacks what another
        imports, or uses another form of import or export.
    """
    parts: dict[str, str] = {}
    _add(folder, _ENTRY, parts, ())
    return "".join(parts.values())


def join_styles(folder: Path) -> str:
    """Return the style sheets that a folder's ``index.css`` imports, and its own rules, as one text."""
    text = _read(folder, "index.css")
    return _COMMENT.sub("", _STYLE.sub(lambda found: _read(folder, found["file"]), text))


def _add(folder: Path, file: str, parts: dict[str, str], within: tuple[str, ...]) -> None:
    """Add what a part imports, then the part."""
    if file in within:
        raise OptionError(f"Modules must not import one another in a circle; got {' → '.join((*within, file))}.")
    if file in parts:
        return
    text = _read(folder, file)
    if file.endswith(".json"):
        parts[file] = f"const {_variable(file)} = {json.dumps(json.loads(text))};\n"
        return
    for found in _IMPORT.finditer(text):
        _add(folder, found["file"], parts, (*within, file))
        _check(folder, file, found)
    parts[file] = _wrapped(file, _COMMENT.sub("", text).removeprefix("// @ts-check\n"))


def _check(folder: Path, file: str, found: re.Match[str]) -> None:
    """Whether what is imported is exported."""
    exported = [] if found["data"] else _exports(_read(folder, found["file"]))
    for name in _names(found["names"] or ""):
        if name not in exported:
            raise OptionError(f"{found['file']} must export what {file} imports of it; it doesn't export {shown(name)}.")


def _wrapped(file: str, text: str) -> str:
    """A part as a function's result; the entry as it is."""
    names = _exports(text)
    body = _EXPORT.sub("", _IMPORT.sub(_local, text))
    ends = body.removesuffix("\n").rpartition("\n")
    code = ends[0] + "\n" if file == _ENTRY and ends[2].startswith("export default ") else body
    if left := _LEFT.search(code):
        line = code[left.start() :].partition("\n")[0]
        raise OptionError(f"{file} must import and export by name, each on a line that begins with it; got {shown(line)}.")
    if file == _ENTRY:
        return body
    return f"const {_variable(file)} = (() => {{\n{body.strip()}\nreturn {{ {', '.join(names)} }};\n}})();\n"


def _local(found: re.Match[str]) -> str:
    names = found["data"] or f"{{ {', '.join(_names(found['names']))} }}"
    return f"const {names} = {_variable(found['file'])};\n"


def _names(listed: str) -> Iterator[str]:
    return (name.strip() for name in listed.split(",") if name.strip())


def _exports(text: str) -> list[str]:
    return [found["name"] for found in _EXPORT.finditer(text)]


def _variable(file: str) -> str:
    return f"from_{re.sub(r'[^0-9A-Za-z]', '_', file.removesuffix('.js'))}"


def _read(folder: Path, file: str) -> str:
    try:
        return (folder / file).read_text(encoding="utf-8")
    except OSError as error:
        raise OptionError(f"{shown(file)} must be in the folder {folder.name}; it can't be read.") from error
