"""What a journal, a conference or a guideline asks, answered from the record.

```text
NAME.toml ──reading──► Venue ─┐
                              ├─filling──► Filled ──rendering──► Markdown, HTML, text, LaTeX, JSON
record ────stating──► Statements ┘            └──writing──► the paragraph
```
"""

from __future__ import annotations
