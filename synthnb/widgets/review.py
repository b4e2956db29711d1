"""Blinded items to be rated by keyboard or mouse. Items are no traits: each is sent when it is asked for, so no notebook can hold one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget

from synthnb.errors import SynthnbError

if TYPE_CHECKING:
    from synthnb.evaluation.human import Review

__all__ = ["ReviewWidget", "widget_of"]

_HERE = Path(__file__).parent
_LONGEST_VIEW = 40

Message = Mapping[str, Any]


class ReviewWidget(anywidget.AnyWidget):
    """A review for one rater at a time.

    The widget has no state of its own: what the browser shows it asks for, and what
    is rated is written to the rater's file before the browser is told that it is kept.

    Parameters
    ----------
    review : Review
        What is rated.
    rater : str or None
        Who rates; asked for, if None.
    """

    _esm = _HERE / "review.js"
    _css = _HERE / "review.css"

    def __init__(self, review: Review, rater: str | None = None, **traits: Any) -> None:
        super().__init__(**traits)
        self._review = review
        self._rater = rater
        self._finished: list[Callable[[], None]] = []
        self.on_msg(self._hear)

    def on_finished(self, call: Callable[[], None]) -> None:
        """Call a function each time a rater has answered the last question that was open."""
        self._finished.append(call)

    def _hear(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Answer a message of a view; what it doesn't know isn't answered."""
        if not isinstance(content, dict) or not isinstance(content.get("view"), str):
            return
        answer = _ANSWERS.get(str(content.get("type")))
        if answer is None:
            return
        try:
            said = answer(self, content)
        except SynthnbError as error:
            said = {"type": "failed", "text": str(error), "item": str(content.get("item", ""))[:40]}
        self.send(said | {"view": content["view"][:_LONGEST_VIEW]})

    def _describe(self, _: Message) -> dict[str, Any]:
        review = self._review
        return {
            "type": "review",
            "title": review.rubric.title,
            "instructions": review.rubric.instructions,
            "questions": [
                {
                    "id": question.id,
                    "text": question.text,
                    "answers": [{"value": answer.value, "label": answer.label} for answer in question.answers],
                }
                for question in review.rubric.questions
            ],
            "raters": review.raters,
            "rater": self._rater,
            "total": len(review.items),
        }

    def _begin(self, message: Message) -> dict[str, Any]:
        """Where a rater goes on: at the first item that isn't rated in full."""
        rater = _word(message, "rater")
        self._review.refresh()  # the rater may have gone on in another notebook
        asked, answers = len(self._review.rubric.questions), self._review.answers(rater)
        open_items = [at for at, item in enumerate(self._review.order(rater)) if len(answers.get(item.id, {})) < asked]
        return {"type": "begun", "rater": rater.strip(), "at": open_items[0] if open_items else None, **self._progress(rater)}

    def _progress(self, rater: str) -> dict[str, int]:
        done, total = self._review.progress(rater)
        return {"done": done, "total": total}

    def _show(self, message: Message) -> dict[str, Any]:
        rater, at = _word(message, "rater"), message.get("at")
        order = self._review.order(rater)
        place = max(0, min(at, len(order) - 1)) if isinstance(at, int) else 0
        item = order[place]
        return {
            "type": "item",
            "at": place,
            "item": item.id,
            "content": item.to_dict()["content"],
            "answers": self._review.answers(rater).get(item.id, {}),
            "note": self._review.notes(rater).get(item.id, ""),
            **self._progress(rater),
        }

    def _rate(self, message: Message) -> dict[str, Any]:
        rater, item = _word(message, "rater"), _word(message, "item")
        before = self._review.progress(rater)[0]
        self._review.rate(rater, item, _word(message, "question"), message.get("rating"), seconds=message.get("seconds"))
        progress = self._progress(rater)
        if before < progress["done"] == progress["total"]:
            for call in self._finished:
                call()
        answers = self._review.answers(rater).get(item, {})
        return {"type": "kept", "item": item, "answers": answers, "next": self._next(rater, item), **progress}

    def _next(self, rater: str, item: str) -> int | None:
        """The place of the next item that is open, after this one and then from the start."""
        order = self._review.order(rater)
        asked, answers = len(self._review.rubric.questions), self._review.answers(rater)
        here = next(at for at, one in enumerate(order) if one.id == item)
        places = [*range(here + 1, len(order)), *range(here)]
        return next((at for at in places if len(answers.get(order[at].id, {})) < asked), None)

    def _remark(self, message: Message) -> dict[str, Any]:
        self._review.remark(_word(message, "rater"), _word(message, "item"), _word(message, "note"))
        return {"type": "noted", "item": _word(message, "item")}

    def _undo(self, message: Message) -> dict[str, Any]:
        rater = _word(message, "rater")
        item = self._review.undo(rater)
        at = next((at for at, one in enumerate(self._review.order(rater)) if one.id == item), None)
        return {"type": "undone", "at": at, **self._progress(rater)}


def _word(message: Message, name: str) -> str:
    value = message.get(name)
    return value if isinstance(value, str) else ""


_ANSWERS: dict[str, Callable[[ReviewWidget, Message], dict[str, Any]]] = {
    "hello": ReviewWidget._describe,
    "rater": ReviewWidget._begin,
    "show": ReviewWidget._show,
    "rate": ReviewWidget._rate,
    "note": ReviewWidget._remark,
    "undo": ReviewWidget._undo,
}


def widget_of(review: Review, rater: str | None = None) -> ReviewWidget:
    """A widget for a review (the entry point ``review-widget``)."""
    return ReviewWidget(review, rater)
