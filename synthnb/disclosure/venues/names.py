"""Names of the venues that come with synthnb, for completion and messages."""

from __future__ import annotations

__all__ = ["VENUES"]

VENUES = (
    "aip",
    "cdc",
    "elevate",
    "elsevier",
    "gamer",
    "icmje",
    "jama",
    "mi-claim-gen",
    "mi-clear-llm",
    "nature",
    "neurips",
    "pnas",
    "science",
    "tripod-llm",
)
"""Each is the name of a data file in this folder."""
