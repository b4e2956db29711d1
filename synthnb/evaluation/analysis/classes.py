"""Names of classes that a report may show: those of Python and of known libraries, since a user's own can be made of a cell."""

from __future__ import annotations

import sys

__all__ = ["class_name"]

_KNOWN = frozenset(
    {"builtins", "numpy", "pandas", "statsmodels", "lifelines", "scipy", "sklearn", "patsy", "formulaic", "polars", "pyarrow", "synthnb"}
)


def class_name(kind: type) -> str | None:
    """The class's name if it is Python's or a known library's; None for any other.

    That a class says it comes from a library isn't enough: the library must have it under that name.

    Examples
    --------
    >>> class_name(ValueError), class_name(type("Ann", (Exception,), {}))
    ('ValueError', None)
    """
    if kind is type(None):
        return "NoneType"
    module, name = getattr(kind, "__module__", None), kind.__name__
    if not isinstance(module, str) or module.split(".")[0] not in _KNOWN:
        return None
    return name if getattr(sys.modules.get(module), name, None) is kind else None
