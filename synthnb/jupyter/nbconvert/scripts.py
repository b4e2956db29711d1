"""A script in the percent format, which runs as Python; prose and record are comments.

Lines for IPython (``%synth …``, ``!ls``) become calls of its shell, whose
variables are the script's own. A cell that isn't Python then, such as one that awaits
at its top, is kept as comments.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from nbconvert.exporters import Exporter

from synthnb.disclosure.embedded import comment_lines, unlike_record
from synthnb.disclosure.render import shown_digest
from synthnb.jupyter.nbconvert.preparing import Carrying, disclosed, record_of

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["SynthScriptExporter"]

_SHELL = """# %% The lines for IPython need its shell, which works on this script's variables.
import sys

from IPython.core.interactiveshell import InteractiveShell


def get_ipython():
    return InteractiveShell.instance(user_module=sys.modules[__name__])

"""


class SynthScriptExporter(Carrying, Exporter):
    """A Python script with the disclosure and the record as comments."""

    export_from_notebook = "Script with disclosure (synthnb)"
    output_mimetype = "text/x-python"

    def _file_extension_default(self) -> str:
        return ".py"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **more: Any) -> Any:
        """Return the script and its resources."""
        stock: Any = super()
        ready, resources = stock.from_notebook_node(disclosed(nb), resources, **more)
        record = record_of(ready)
        cells = [_cell(cell) for cell in ready.cells]
        shell = [_SHELL] if any("get_ipython()" in cell for cell in cells) else []
        head = ["# Written by synthnb from a notebook."]
        head += [f"# The disclosure's record: {shown_digest(record)}"] if record else []
        end = ["# %% The record\n" + comment_lines(record, "#") + "\n"] if record else []
        return "\n".join(["\n".join(head) + "\n", *shell, *cells, *end]), resources


def _cell(cell: NotebookNode) -> str:
    if cell.cell_type == "markdown":
        return f"# %% [markdown]\n{_commented(cell.source)}\n"
    if cell.cell_type == "raw":
        return f"# %% [raw]\n{_commented(cell.source)}\n"
    code = _as_python(cell.source)
    if code is None:
        return f"# %% This cell isn't plain Python.\n{_commented(cell.source)}\n"
    return f"# %%\n{code.rstrip()}\n"


def _commented(text: str) -> str:
    # Whatever a reader of Python takes for the end of a line would end the comment too.
    return "\n".join(f"# {line}".rstrip() for line in unlike_record(text).replace("\x00", "\ufffd").splitlines() or [""])


def _as_python(source: str) -> str | None:
    """A cell's source with calls of the shell for IPython's lines, or None if that isn't Python."""
    from IPython.core.inputtransformer2 import TransformerManager

    if "\x00" in source:
        return None
    manager: Any = TransformerManager
    try:
        code = manager().transform_cell(source)
        compile(code, "cell", "exec", flags=ast.PyCF_ONLY_AST)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return None if _has_marker(code) or _is_bare(code) else code


def _has_marker(code: str) -> bool:
    """Whether a line of the code, such as one in a long text, would be read as a part of the record."""
    return unlike_record(code) != code


def _is_bare(code: str) -> bool:
    """Whether the code stands only inside a function: it awaits, returns or yields at its top."""
    try:
        compile(code, "cell", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return False
