"""Descriptions and packages for others: Croissant, RO-Crate, PROV, dataset cards; and how to check a crate.

::

    record ──► account ──► croissant   NAME.croissant.json
                  │   └──► prov ──► picture          NAME.prov.json, NAME.prov.svg
    data files ───┼──────► card                      NAME.card.md
                  └──────► rocrate ──► zipping       NAME.zip ──► checking, describing

Nothing here reaches out to the network. What only a person can state is taken from what a
person stated; where a format requires it and nobody did, nothing is written.
"""

from __future__ import annotations

from synthnb.disclosure.crates.checking import verify_crate
from synthnb.disclosure.crates.describing import describe_crate

__all__ = ["describe_crate", "verify_crate"]
