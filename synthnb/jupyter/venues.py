"""``%synth disclose --for``: a venue's text, as an output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synthnb._api.venues import record_of_notebook, venue_text
from synthnb.errors import SynthnbError

if TYPE_CHECKING:
    from synthnb._api.venues import VenueText

__all__ = ["show_for", "show_venue_text"]


def show_venue_text(text: VenueText) -> tuple[dict[str, Any], dict[str, Any]]:
    """The paragraph and the checklist; it adds nothing to the record."""
    return {"text/html": text.render("html"), "text/markdown": text.render("md"), "text/plain": text.render("text")}, {}


def show_for(venue: str) -> None:
    """Show what a venue asks, answered from this notebook's record."""
    from synthnb.jupyter.publish import publish_bundle

    publish_bundle(show_venue_text(venue_text(_this_notebook(), venue))[0])


def _this_notebook() -> Mapping[str, Any] | None:
    """What this session did, and what the notebook's file holds from earlier kernels; the session alone where no file is known."""
    from synthnb.disclosure.session import session
    from synthnb.jupyter.where import find_notebook

    path = find_notebook(None, {})
    try:
        kept = {} if path is None else record_of_notebook(path)
    except SynthnbError:  # not saved yet, or not readable: the session is all there is
        kept = {}
    done = session.entries()
    known = {entry["id"] for entry in done}
    earlier = [entry for entry in kept.get("entries", []) if entry["id"] not in known]
    gone = [name for name in kept.get("stale", []) if name not in known]
    return {"entries": [*earlier, *done], "stale": gone} if earlier else None
