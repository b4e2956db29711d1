"""Write the tables of docs/benchmarks.md from results of tests/benchmarks.

Run it after a benchmark: ``python docs/make_benchmarks.py engines.json scale.json``, with the
files that ``tests/benchmarks/engines.py --json`` and ``tests/benchmarks/scale.py --json`` wrote.
Only the text between the page's markers is replaced.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.benchmarks.report import markdown_of, scale_markdown_of

PAGE = Path(__file__).parent / "benchmarks.md"


def filled(page: str, name: str, text: str) -> str:
    """The page with the text between the markers of this name."""
    marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not marked.search(page):
        raise SystemExit(f"{PAGE.name} has no markers for {name}: <!-- {name} --> and <!-- /{name} -->.")
    return marked.sub(lambda found: f"{found[1]}\n{text}\n{found[2]}", page)


def main(engines: str, scale: str) -> None:
    """Write the page."""
    found: dict[str, Any] = {path: json.loads(Path(path).read_text(encoding="utf-8")) for path in (engines, scale)}
    page = filled(PAGE.read_text(encoding="utf-8"), "engines", markdown_of(found[engines]))
    PAGE.write_text(filled(page, "scale", scale_markdown_of(found[scale])), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
