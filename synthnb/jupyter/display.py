"""Results as mime bundles, each with its entry, so that the disclosure travels with the output.

These functions are the entry points of the group ``synthnb.displays``: each takes
a result and returns the bundle and its metadata.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from synthnb._api import entry_of
from synthnb.disclosure.session import session

if TYPE_CHECKING:
    from synthnb.disclosure.differences import Differences
    from synthnb.disclosure.record import Record
    from synthnb.engines.base import Synthesis
    from synthnb.engines.compile import Compiled
    from synthnb.engines.replicates import Replicates
    from synthnb.evaluation.comparing import SynthesesComparison
    from synthnb.evaluation.judge import Judgement
    from synthnb.evaluation.report import Report
    from synthnb.evaluation.scaling import ScalingLaw
    from synthnb.recipes.profile import Profile

__all__ = [
    "show_compiled",
    "show_differences",
    "show_profile",
    "show_record",
    "show_replicates",
    "show_report",
    "show_scaling",
    "show_synthesis",
]

Shown = tuple[dict[str, Any], dict[str, Any]]

_NO_LAB_EXTENSIONS = ("COLAB_RELEASE_TAG", "VSCODE_PID", "VSCODE_CWD")
"""Variables of front ends that draw widgets but can't run the lab extension."""


def _with_exceptions(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """An entry, and those of rules that were gone past for its sake."""
    rules = [other for other in session.entries() if other["kind"] == "override" and other["detail"].get("export") == entry["id"]]
    return [entry, *rules]


def show_synthesis(synthesis: Synthesis) -> Shown:
    """What was made and how, a preview, and the run's entry."""
    from synthnb.jupyter.mime import synthesis_bundle

    entries = _with_exceptions(session.remember(entry_of(synthesis)))
    return session.mark_shown(entries, synthesis_bundle(synthesis.frame, synthesis.run.to_dict(), entries)), {}


def show_replicates(replicates: Replicates) -> Shown:
    """The same for several syntheses: the first one's preview, and the run over all of them."""
    from synthnb.jupyter.mime import synthesis_bundle

    entries = _with_exceptions(session.remember(entry_of(replicates)))
    return session.mark_shown(entries, synthesis_bundle(replicates.frame, replicates.run.to_dict(), entries)), {}


def show_profile(profile: Profile) -> Shown:
    """What each column is taken for, as a table."""
    from synthnb.jupyter.mime import profile_bundle

    return profile_bundle(profile.to_dict()), {}


def show_report(report: Report) -> Shown:
    """The report as static HTML and as JSON, from which the lab extension draws the dashboard.

    A widget is added only where no lab extension can run: in a saved notebook
    a widget's view hides the static form from most viewers.
    """
    from synthnb.jupyter.mime import report_bundle, widget_metadata

    entries = _with_exceptions(session.remember(entry_of(report)))
    shape = report.to_dict()
    bundle = session.mark_shown(entries, report_bundle(shape, entries))
    if any(name in os.environ for name in _NO_LAB_EXTENSIONS):
        return report_bundle(shape, entries, widget=True), widget_metadata()
    return bundle, {}


def show_compiled(compiled: Compiled) -> Shown:
    """The recipe that a description came to. It makes no data, so it adds nothing to the record."""
    from synthnb._api.describing import shape_of
    from synthnb.jupyter.mime import compiled_bundle

    return compiled_bundle(shape_of(compiled)), {}


def show_scaling(law: ScalingLaw) -> Shown:
    """A scaling law with its curve."""
    from synthnb.jupyter.mime import scaling_bundle

    return scaling_bundle(law.to_dict()), {}


def show_differences(differences: Differences) -> Shown:
    """What changed between two runs, as a table."""
    from synthnb.jupyter.mime import differences_bundle

    return differences_bundle(differences.to_dict()), {}


def show_comparison(comparison: SynthesesComparison) -> Shown:
    """Several syntheses side by side, with the entry of each one's report."""
    from synthnb.jupyter import _comparison_view

    return _comparison_view.show_comparison(comparison)


def show_judgement(judgement: Judgement) -> Shown:
    """What a language model said of synthetic items, under a line that says no person did."""
    from synthnb.jupyter._judgement_view import judgement_bundle

    entries = _with_exceptions(session.remember(entry_of(judgement)))
    return session.mark_shown(entries, judgement_bundle(judgement.to_dict(), entries)), {}


def show_record(record: Record) -> Shown:
    """The label, and under it the whole record, every field with who may fill it."""
    from synthnb.disclosure.label import label_part
    from synthnb.disclosure.page import page_part, text_part
    from synthnb.disclosure.render import render_block
    from synthnb.jupyter.mime import record_bundle

    entries, shape = list(record.entries), record.to_dict()
    return session.mark_shown(
        entries, record_bundle(label_part(shape) + page_part(shape), render_block(shape), text_part(shape), entries)
    ), {}
