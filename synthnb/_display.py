"""How a result shows itself: it names its display, and the notebook's edge draws it.

Results live below the edges and must not import them, so the bundle is found
by name in the entry-point group ``synthnb.displays``.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any, ClassVar


class Shown:
    """A result that shows itself through one mime bundle wherever it is the last value of a cell."""

    display_name: ClassVar[str]
    """The entry point in ``synthnb.displays`` that turns the result into a bundle."""

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        from synthnb.plugins import load

        bundle, metadata = load("synthnb.displays", self.display_name)(self)
        return {
            kind: data for kind, data in bundle.items() if (not include or kind in include) and (not exclude or kind not in exclude)
        }, metadata
