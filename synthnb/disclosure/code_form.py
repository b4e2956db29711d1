"""What a code cell says, apart from how it is laid out.

Formatters change white space, quotes, brackets and line breaks. The syntax tree
stays, and so do the words of comments. The form here is both: two sources with the
same form were formatted differently, no more than that.

The tree is written out by hand, because `ast.dump` differs between versions of
Python: for each node its type and those fields that hold something, strings,
numbers and names by value, docstrings without their indentation. Magics (``%…``,
``!…``, ``%%…``) are taken as IPython takes them, a cell magic's body as a text.
Other languages, and cells that can't be parsed, have no form.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
import warnings
from typing import Any

from synthnb._canonical import digest

__all__ = ["comments_digest", "form_digest"]

_LONGEST = 1_000_000
_MAGIC = re.compile(r"(?m)^\s*[%!?]|\?\s*$|=\s*[%!]")
_LEFT_OUT = {"ctx", "kind", "type_comment", "type_ignores", "type_params"}


def form_digest(source: str) -> str | None:
    r"""The digest of a cell's syntax tree; None if it has none.

    Examples
    --------
    >>> form_digest("a = 'x'  # why") == form_digest('a = (\n    "x"\n)')
    True
    >>> form_digest("a = 1") == form_digest("a = 2")
    False
    """
    if len(source) > _LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(_plain_python(source))
        return digest(_written(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def comments_digest(source: str) -> str | None:
    """The digest of a cell's comments in order, without their white space; None if it can't be cut into tokens."""
    if len(source) > _LONGEST:
        return None
    try:
        tokens = tokenize.generate_tokens(io.StringIO(_plain_python(source)).readline)
        return digest([" ".join(token.string.lstrip("#").split()) for token in tokens if token.type == tokenize.COMMENT])
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        return None


def _plain_python(source: str) -> str:
    """A cell's source with its magics as calls."""
    if not _MAGIC.search(source):
        return source
    from IPython.core import inputtransformer2

    transformers: Any = inputtransformer2
    return str(transformers.TransformerManager().transform_cell(source))


def _written(node: object) -> Any:
    """A tree as JSON."""
    if isinstance(node, ast.AST):
        shaped = {name: _written(value) for name, value in ast.iter_fields(node) if name not in _LEFT_OUT and value not in (None, [])}
        doc = _docstring(node)
        if doc is not None:
            shaped["body"][0] = ["docstring", doc]
        return [type(node).__name__, shaped]
    if isinstance(node, list):
        return [_written(item) for item in node]
    return repr(node)  # so that 'True' isn't True


def _docstring(node: ast.AST) -> str | None:
    """The docstring that a formatter may indent anew."""
    if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    text = ast.get_docstring(node, clean=False)
    return None if text is None else "\n".join(line.rstrip() for line in inspect.cleandoc(text).split("\n")).strip()
