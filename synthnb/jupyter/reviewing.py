"""``%synth review``: a blinded sample to rate in the cell's output; results are asked for apart."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synthnb._api.reviewing import record_review, review
from synthnb.disclosure.session import session
from synthnb.errors import OptionError
from synthnb.jupyter import _words
from synthnb.jupyter._views import rows_view
from synthnb.jupyter.mime import RECORD_MIME, _record, _table_bundle
from synthnb.jupyter.namespace import look_up
from synthnb.jupyter.publish import publish_bundle

if TYPE_CHECKING:
    from synthnb.evaluation.human import Review

__all__ = ["results_bundle", "review_as_asked", "show_review"]

Json = dict[str, Any]

SAMPLE = ".review.json"
"""How the file of a review that is handed to other notebooks ends."""
NEEDS_KERNEL = "Items to rate; they need the running notebook. Run the cell again to go on: what was rated is kept."


def review_as_asked(given: Namespace, variables: Mapping[str, Any]) -> Review:
    """Begin or go on with the review that a line names, and show the widget, or the results with ``--results``.

    In place of a frame, a line may name the file that another notebook wrote with ``--export``.

    Raises
    ------
    OptionError
        ``--text`` and ``--columns`` are both given, or an option's value isn't allowed.
    """
    if given.qualification is not None and given.rater is None:
        raise OptionError("--qualification is about a rater; none was named.", fix="Add --rater.")
    from synthnb.evaluation.human import export_review, open_review

    reviewed = open_review(given.frame) if given.frame.endswith(SAMPLE) else _begun(given, variables)
    for path in given.add or ():
        reviewed.add(path)
    if given.qualification is not None:
        reviewed.qualify(given.rater, given.qualification)
    if given.export is not None:
        path = export_review(reviewed, given.export)
        publish_bundle({"text/plain": f"{path.name} holds {len(reviewed.items)} items as they are, real ones among them, and no key."})
    elif given.results:
        publish_bundle(show_review(reviewed)[0])
    else:
        show_widget(reviewed, given.rater)
    return reviewed


def _begun(given: Namespace, variables: Mapping[str, Any]) -> Review:
    if given.text is not None and given.columns:
        raise OptionError("--columns is about rows; --text reviews the texts of one column.", fix="Leave one of them out.")
    return review(
        look_up(given.frame, variables),
        None if given.real is None else look_up(given.real, variables),
        n=60 if given.n is None else given.n,
        raters=2 if given.raters is None else given.raters,
        text=given.text,
        columns=given.columns or None,
        rubric=_rubric(given.rubric or "discrimination", variables),
        names=(given.frame, given.real or "none"),
        seed=given.seed,
    )


def _rubric(words: str, variables: Mapping[str, Any]) -> Any:
    """A rubric in a variable, or the words as they are."""
    found = variables.get(words)
    return found if type(found).__name__ == "Rubric" and type(found).__module__.startswith("synthnb.") else words


def show_widget(reviewed: Review, rater: str | None) -> None:
    """Show the widget, and the results' place below it, which stays empty until a rater has finished.

    No item is in what is published: a saved notebook holds the widget's code and
    what `NEEDS_KERNEL` says.
    """
    from synthnb.widgets.review import ReviewWidget

    widget = ReviewWidget(reviewed, rater)
    shape: Any = widget._repr_mimebundle_()
    bundle, metadata = shape if isinstance(shape, tuple) else (shape, None)
    publish_bundle(dict(bundle or {}) | {"text/plain": NEEDS_KERNEL}, metadata=metadata)
    place = publish_bundle({"text/plain": _state(reviewed)}, updatable=True)

    def finished() -> None:
        if place is not None:
            place.update({"text/plain": _state(reviewed)}, raw=True)

    widget.on_finished(finished)


def _state(reviewed: Review) -> str:
    """How far raters are; nothing of what they answered, which would unblind those to come."""
    done = [f"{rater} {reviewed.progress(rater)[0]} of {len(reviewed.items)}" for rater in reviewed.raters]
    whole = sum(reviewed.progress(rater)[0] == len(reviewed.items) for rater in reviewed.raters)
    said = f"Review {reviewed.id}: {len(reviewed.items)} {reviewed.kind}s, {whole} of {reviewed.planned} raters finished"
    each = f" ({', '.join(done)})" if done else ""
    return f"{said}{each}.{' Add --results to the line for the results.' if whole >= reviewed.planned else ''}"


def show_review(reviewed: Review) -> tuple[Json, Json]:
    """A review as a table of its scores (the entry point ``review``); before anybody rated, how far it is."""
    if not reviewed.raters:
        return {"text/plain": _state(reviewed)}, {}
    entry = record_review(reviewed)
    bundle = results_bundle(reviewed) | {RECORD_MIME: _record([entry])}
    return session.mark_shown([entry], bundle), {}


def results_bundle(reviewed: Review) -> Json:
    """The scores, what to know about them, and the items that raters are furthest apart on, by id."""
    results = reviewed.results()
    rows = [_row(score.to_dict()) for score in results.scores]
    title = f"Review of {_words.clean(reviewed.name)}: {len(reviewed.items)} {reviewed.kind}s, {_words.clean(reviewed.rubric.title)}"
    bundle = _table_bundle(title, rows_view(rows), "Nobody has rated an item yet.", headed=True)
    pooled = [score for score in results.scores if score.metric == "discrimination_accuracy" and score.value is not None]
    notes = [score.parameters["reading"] for score in pooled]
    apart = [f"{one.item} {one.question} by {one.apart}" for one in results.disagreements[:10]]
    more = [f"Furthest apart: {'; '.join(apart)} ({len(results.disagreements)} disagreements in all)."] if apart else []
    return bundle | {"text/plain": "\n".join([bundle["text/plain"], *notes, *results.notes, *more])}


def _row(score: Json) -> Json:
    value = "not computed" if score["value"] is None else f"{score['value']:.3f}"
    interval = "" if score["low"] is None else f"{score['low']:.3f} to {score['high']:.3f}"
    ceiling = "" if score["ceiling"] is None else f"real items {score['ceiling']:.3f}. "
    said = score["reason"] or f"{ceiling}{score['parameters'].get('reading', '')}"
    about = f" ({', '.join(score['subject'])})" if score["subject"] else ""
    return {"metric": f"{score['label']}{about}", "value": value, "95 % interval": interval, "n": f"{score['n']:,}", "reading": said}
