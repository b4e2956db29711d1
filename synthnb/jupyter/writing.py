"""``%synth column``, ``text`` and ``corpus``: from the words of the line to what a language model writes."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synthnb._api.calling import rest_of
from synthnb._api.words import read_choices, read_labels
from synthnb.errors import Interrupted, OptionError, shown
from synthnb.jupyter.generating import Keep, keeping_partial, ways_of
from synthnb.jupyter.namespace import look_up
from synthnb.jupyter.progress import CellProgress
from synthnb.jupyter.publish import publish, publish_bundle
from synthnb.jupyter.verbs import VERBS

if TYPE_CHECKING:
    from synthnb.models.limits import Estimate

__all__ = ["announce", "show_preview", "write_column_as_asked", "write_questions_as_asked", "write_texts_as_asked"]

_WORTH_TELLING = 10.0
_MANY_TOKENS = 20_000

_AS_THEY_ARE = ("per_call", "language", "must_show", "max_tokens", "temperature", "identifiers")


def announce(estimate: Estimate) -> None:
    """Show what the calls are going to use, where that is more than a moment and costs nothing."""
    if estimate.money or (estimate.seconds or 0) > _WORTH_TELLING or estimate.tokens_in + estimate.tokens_out > _MANY_TOKENS:
        publish_bundle({"text/plain": f"Before the first call: {estimate}."})


def _body(cell: str | None, verb: str, what: str) -> str:
    if cell is None or not cell.strip():
        raise OptionError(f"%%synth {verb} needs {what} in the cell's body.", fix=f"For example:\n{VERBS[verb].example}\nOne sentence …")
    return cell


def _variety(given: Namespace) -> dict[str, Any]:
    """How texts are to differ, and how they are drawn, where the line says."""
    choices = {"styles": given.style, "lengths": given.length, "personas": given.persona}
    found: dict[str, Any] = {name: read_choices(text) for name, text in choices.items() if text is not None}
    plain = {name: getattr(given, name) for name in _AS_THEY_ARE}
    return found | {name: value for name, value in plain.items() if value is not None}


def write_column_as_asked(given: Namespace, cell: str | None, variables: Mapping[str, Any], keep: Keep) -> None:
    """Write a column into the frame named, or preview it; what was written before an interrupt is kept."""
    from synthnb._api import write_column

    instruction = _body(cell, "column", "what to write")
    if not given.into.isidentifier():
        raise OptionError(f"--into needs a variable's name; got {shown(given.into)}.", fix="Assign the frame to a variable first.")
    frame = look_up(given.into, variables)
    options = _variety(given) | ({} if given.given is None else {"given": given.given})
    if given.preview is not None:
        options["rows"] = min(given.preview, len(frame)) if given.preview > 0 else given.preview
    try:
        with CellProgress("Writing") as progress:
            made = write_column(
                frame,
                given.name,
                instruction,
                frame_name=given.into,
                overwrite=given.overwrite,
                random_state=given.seed,
                announce=announce,
                progress=progress,
                **ways_of(given),
                **options,
            )
    except Interrupted as stopped:
        partial = getattr(stopped, "partial", None)
        if given.preview is None and partial is not None and _texts(partial.frame, given.name) >= _texts(frame, given.name):
            keep(given.into, partial.frame)
            publish(partial)
        raise
    if given.preview is not None:
        show_preview(made, len(frame), f"{given.into} is as it was.")
        return
    keep(given.into, made.frame)
    publish(made)


def show_preview(made: Any, rows: int, unchanged: str) -> None:
    """Show what was written, and tell what the others are going to use."""
    publish(made)
    publish_bundle({"text/plain": " ".join(filter(None, [unchanged, rest_of(made, rows, spell="--")]))})


def _texts(frame: Any, column: str) -> int:
    """How many texts a frame's column holds; a stopped run must not replace more by fewer."""
    import narwhals as nw

    table = nw.from_native(frame, eager_only=True)
    return int(table[column].drop_nulls().len()) if column in table.columns else 0


def write_texts_as_asked(given: Namespace, cell: str | None, name: str, keep: Keep) -> None:
    """Write a corpus of texts into a variable; what was written before an interrupt is kept."""
    from synthnb._api import write_texts

    description = _body(cell, "text", "what the texts are about")
    keeping = keeping_partial(None if given.preview is not None else name, keep)
    with keeping, CellProgress("Writing") as progress:
        made = write_texts(
            description,
            n=given.n,
            preview=given.preview,
            labels=read_labels(given.labels) or None,
            kind=given.kind or "text",
            name=name,
            random_state=given.seed,
            announce=announce,
            progress=progress,
            **ways_of(given),
            **_variety(given),
        )
    if given.preview is not None:
        show_preview(made, given.n, f"{name} isn't assigned.")
        return
    keep(name, made.frame)
    publish(made)


def write_questions_as_asked(given: Namespace, variables: Mapping[str, Any], name: str, keep: Keep) -> None:
    """Write questions from documents into a variable; what was written before an interrupt is kept."""
    from synthnb._api import write_questions

    holdout = None if given.holdout is None else look_up(given.holdout, variables)
    keeping = keeping_partial(None if given.preview is not None else name, keep)
    with keeping, CellProgress("Asking") as progress:
        made = write_questions(
            given.folder,
            questions=given.questions,
            level=1 if given.level is None else given.level,
            answers=not given.no_answers,
            verify=given.verify or "span",
            verifier=given.verifier,
            holdout=holdout,
            holdout_name=given.holdout or "",
            language=given.language,
            include=given.include,
            exclude=given.exclude,
            licence=given.licence or "",
            public=given.public,
            identifiers=given.identifiers,
            name=name,
            preview=given.preview,
            random_state=given.seed,
            announce=announce,
            progress=progress,
            **ways_of(given),
        )
    if given.preview is not None:
        show_preview(made, given.questions, f"{name} isn't assigned.")
        return
    keep(name, made.frame)
    publish(made)
