"""What stands in for the synthetic rows where a score is held against its ceiling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthnb.disclosure.reading import mapping

__all__ = ["ceiling_words"]

Score = Mapping[str, Any]

_CEILINGS = {
    "range_adherence": "hold-out rows",
    "category_adherence": "hold-out rows",
    "exact_copies_share": "hold-out rows",
    "uncommon_copies_share": "hold-out rows",
    "tstr": "trained on real rows",
    "tstr_mcc": "trained on real rows",
    "text_tstr": "trained on real rows",
    "c_index_tstr": "trained on real rows",
    "equalised_odds_score": "trained on real rows",
    "fpr_equality_difference": "trained on real rows",
    "fnr_equality_difference": "trained on real rows",
    "f1_difference": "trained on real rows",
    "statistical_parity_difference": "in the real rows",
    "disparate_impact": "in the real rows",
    "near_copies_share": "hold-out rows",
    "disclosure_protection": "hold-out rows",
    "identity_disclosure_risk": "hold-out rows",
    "subgroup_utility_gap": "trained on real rows",
}
"""By metric, where it isn't real against real."""


def ceiling_words(score: Score) -> str:
    """What stands in for the synthetic rows in a ceiling."""
    said = str(mapping(score.get("parameters")).get("ceiling_from") or "")
    return _CEILINGS.get(score["metric"]) or (said if said.startswith("trained") else "real against real")
