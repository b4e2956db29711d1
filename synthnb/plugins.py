"""Entry-point groups, and what an object found in each must offer.

============================  =====================================================
group                         expected object
============================  =====================================================
``synthnb.engines``           a class with the methods of `synthnb.engines.base.Engine`
``synthnb.models``            a function ``open(name) -> synthnb.models.base.Model``
``synthnb.metrics``           a `synthnb.evaluation.base.Step`, which a profile names
``synthnb.displays``          a function ``show(result) -> (mime bundle, metadata)``;
                              ``review-widget``: ``(review, rater) -> widget``
============================  =====================================================

synthnb's own engines, models and metrics register in the same way as third parties'.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from synthnb.errors import OptionError, SynthnbError

__all__ = ["available", "load"]


@cache
def _points(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=group)}


def available(group: str) -> list[str]:
    """Names registered in a group, sorted."""
    return sorted(_points(group))


def load(group: str, name: str) -> Any:
    """Return the object registered under a name.

    Raises
    ------
    OptionError
        Nothing of that name is registered; the message lists what is.
    SynthnbError
        The plug-in is registered but fails to import.
    """
    points = _points(group)
    if name not in points:
        raise OptionError.from_choice(f"A name in {group}", name, sorted(points))
    try:
        return points[name].load()
    except SynthnbError:
        raise
    except Exception as error:
        raise SynthnbError(
            f"The plug-in {name!r} ({points[name].value}) failed to load: {error}.", fix="Update or uninstall the package that brings it."
        ) from error
