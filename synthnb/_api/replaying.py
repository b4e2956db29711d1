"""Runs beside one another, and runs made again from the replies that were kept."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._progress import Progress, no_progress
from synthnb.disclosure._call_fields import part_of
from synthnb.disclosure._phrases import counted
from synthnb.disclosure.session import session
from synthnb.errors import OptionError, StorageError, SynthnbError, shown

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.disclosure.differences import Differences
    from synthnb.models.base import ModelInfo, Reply, Request

__all__ = ["Replayed", "diff", "replay"]

_LISTED = 5


def diff(run: str, other: str, *, frames: Mapping[str, Any] | None = None) -> Differences:
    """Return what changed from one run to another.

    Parameters
    ----------
    run, other : str
        Their ids, or the beginnings of these, as `runs` lists them.
    frames : mapping of str to frame, optional
        Where to look for what the two made, such as the notebook's variables; what isn't a frame is passed over. Found by
        content, the columns made are compared too.

    Raises
    ------
    OptionError
        No run, or more than one, begins so.
    """
    from synthnb.disclosure.differences import differences

    one, second = _run(run), _run(other)
    made = [_with_digest(frames or {}, _mapping(found.get("output"))) for found in (one, second)]
    return differences(one, second, frames=None if any(frame is None for frame in made) else (made[0], made[1]))


@dataclass(frozen=True, repr=False)
class Replayed:
    """A run that was made again, or the reasons why it couldn't be."""

    run: str
    """The id of the run that was made again."""
    same: bool
    """The same bytes came of it."""
    before: str
    """Digest of what the run made."""
    after: str | None
    """Digest of what was made now; None if nothing was."""
    reasons: tuple[str, ...]
    """Why it isn't the same, in sentences; empty if it is."""
    kept: int = 0
    """Replies that were taken from the store."""
    stopped: str = ""
    """What stopped the run before it was done, such as ``the limit of 10,000 tokens was reached``; empty if it wasn't stopped."""
    result: Any = field(default=None, compare=False)
    """What was made now, a synthesis or replicates; None if nothing was."""

    @property
    def summary(self) -> str:
        """What came of it, in a sentence or two."""
        if self.same:
            replies = f" from {counted(self.kept, 'kept reply', 'kept replies')}, and no call was made" if self.kept else ""
            return f"{self.run} was made again{replies}: the same bytes, {self.before}.{self._cut_short}"
        head = "wasn't made again" if self.after is None else f"was made again, but other bytes came of it, {self.after}"
        return f"{self.run} {head}. {' '.join(self.reasons)}{self._cut_short}"

    @property
    def _cut_short(self) -> str:
        return f" The run was stopped early since {self.stopped}; what was asked for later isn't part of it." if self.stopped else ""

    def to_dict(self) -> dict[str, Json]:
        """The outcome as plain JSON types; rows are never part of it."""
        told = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "result"}
        return {"schema": "synthnb.replayed/1", **told, "reasons": list(self.reasons), "summary": self.summary}

    def __repr__(self) -> str:
        return self.summary


def replay(run: str, *, frames: Mapping[str, Any] | None = None, progress: Progress | None = None) -> Replayed:
    """Make a run again with every reply of its language model from the store, and compare the bytes.

    No model is called and nothing is sent; neither the session nor the ledger is told.

    Parameters
    ----------
    run : str
        The run's id, or its beginning, as `runs` lists it.
    frames : mapping of str to frame, optional
        Where to look for what the run read, such as the notebook's variables: frames, and the texts given as
        examples, hold-out or documents, of which a run keeps the digest only. They are found by content; what is neither is passed over.
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Returns
    -------
    Replayed
        ``.same``, and if it isn't, ``.reasons``: a reply that isn't kept, an input that changed, other versions.
        A run that was stopped, or of which calls failed, is made again as it was, from the replies that were kept by then.

    Raises
    ------
    OptionError
        No run, or more than one, begins so.
    """
    found = _run(run)
    before = str(_mapping(found.get("output")).get("digest"))
    here = _frames(frames or {})
    reasons = _unsayable(found) or [*_inputs_missing(found, here), *_replies_missing(found)]
    if reasons:
        told = (*reasons, *_other_versions(found))
        return Replayed(str(found["id"]), same=False, before=before, after=None, reasons=told, stopped=_stopped(found))
    return _made_again(found, here, before, progress or no_progress)


class _Recorded:
    """A model that never replies: its replies are in the store, or they aren't there."""

    def __init__(self, info: ModelInfo) -> None:
        self.info = info
        self.asked = 0

    def write(self, requests: Iterable[Request]) -> Iterator[tuple[int, Reply]]:
        from synthnb.models.base import Reply

        for position, _ in enumerate(requests):
            self.asked += 1
            yield (
                position,
                Reply(text="", tokens_in=0, tokens_out=0, finish="error", model=self.info.name, error="its reply isn't in the store"),
            )

    def close(self) -> None:
        """Hold nothing, so free nothing."""


def _made_again(run: Mapping[str, Any], frames: Mapping[str, Any], before: str, progress: Progress) -> Replayed:
    model = _recorded(run.get("model"))
    again, after, kept, reasons = None, None, 0, []
    try:
        with _store_as_then(run):
            again = _called(run, frames, model, progress)
    except SynthnbError as error:
        reasons = [f"Making it again failed: {error.message.rstrip('.')}."]
    else:
        after, kept = str(again.run.output.get("digest")), int((again.run.calls or {}).get("kept") or 0)
        reasons = [] if after == before else [*_inputs_changed(run, again.run.to_dict()), *_fewer_replies(run, kept)]
    if after != before:
        reasons += [*_not_in_store(0 if model is None else model.asked), *_other_versions(run)]
        reasons = reasons or ["Inputs, replies and versions are the same; what else differs isn't known."]
    told: dict[str, Any] = {"kept": kept, "stopped": _stopped(run), "result": again}
    return Replayed(str(run["id"]), same=after == before, before=before, after=after, reasons=tuple(reasons), **told)


def _not_in_store(asked: int) -> list[str]:
    return [f"{counted(asked, 'reply', 'replies')} that it asks for {'is' if asked == 1 else 'are'} not in the store."] if asked else []


def _cut(run: Mapping[str, Any]) -> str:
    """Why a run's model was asked no further; empty where it was asked for all."""
    return str(_mapping(run.get("calls")).get("stopped") or ("it was interrupted" if run.get("partial") else ""))


def _stopped(run: Mapping[str, Any]) -> str:
    """The same where rows come of replies; of a recipe every row is drawn, however much of it the model was asked for."""
    return _cut(run) if part_of(run) == "values" else ""


def _failed(run: Mapping[str, Any]) -> int:
    return int(_mapping(run.get("calls")).get("failed") or 0)


@contextmanager
def _store_as_then(run: Mapping[str, Any]) -> Iterator[None]:
    """The store without the replies that came after a run whose calls weren't all answered: it had none of them."""
    from synthnb.config import config_context
    from synthnb.models.store import open_store

    store = open_store() if _cut(run) or _failed(run) else None
    if store is None or not store.path.exists():
        yield
        return
    with tempfile.TemporaryDirectory(prefix="synthnb-") as folder:
        then = Path(folder) / store.path.name
        try:
            with closing(sqlite3.connect(store.path)) as whole, closing(sqlite3.connect(then)) as part:
                whole.backup(part)
                part.execute("DELETE FROM reply WHERE written > ?", (str(run["ended"]),))
                part.commit()
        except sqlite3.Error as error:
            raise StorageError(f"The store of replies {store.path.name} couldn't be read: {error}.", fix="Check the file.") from None
        with config_context(calls=str(then)):
            yield


def _called(run: Mapping[str, Any], frames: Mapping[str, Any], model: _Recorded | None, progress: Progress) -> Any:
    """The verb, called as the request says."""
    from synthnb import _api
    from synthnb._origins import Origin
    from synthnb.config import config_context

    verbs: dict[str, Callable[..., Any]] = {
        "generate": _api.generate,
        "column": _api.write_column,
        "texts": _api.write_texts,
        "questions": _api.write_questions,
    }
    request = _mapping(run["request"])
    arguments = {name: _with_frames(value, frames) for name, value in _mapping(request.get("arguments")).items()}
    # Nothing is sent, so what may be sent needs no second leave.
    arguments |= {} if model is None else {"model": model, "allow_hosted": True}
    # A failed call's reply isn't there either, but the run went on; one that was stopped goes no further than its replies.
    arguments |= {"limits": {"tokens": 0}} if _cut(run) and not _failed(run) else {}
    if (second := _recorded(_mapping(run.get("parameters")).get("verifier"))) is not None:
        arguments["verifier"] = second
    with session.aside(), config_context(hosted_rows=True):
        for item in run.get("inputs") or ():
            origin = _mapping(item.get("origin"))
            if origin and item.get("digest") in frames:
                session.origins.register(Origin(str(origin["run"]), str(origin["name"])), frames[item["digest"]])
        return verbs[str(request["verb"])](**arguments, progress=progress)


def _with_frames(value: Any, frames: Mapping[str, Any]) -> Any:
    """An argument with its frames in their places."""
    if isinstance(value, Mapping):
        if value.keys() in ({"frame", "digest"}, {"texts", "digest"}):
            return frames[value["digest"]]
        return {key: _with_frames(item, frames) for key, item in value.items()}
    return [_with_frames(item, frames) for item in value] if isinstance(value, list) else value


def _recorded(model: Any) -> _Recorded | None:
    """A model as a run tells of it, without the model."""
    from synthnb.models.base import ModelInfo

    told = _mapping(model)
    if not told:
        return None
    names = {item.name for item in fields(ModelInfo)}
    known = {"id": "", "name": "", "provider": "", "licence": "", "locality": "in-process"}
    return _Recorded(ModelInfo(**known | {name: value for name, value in told.items() if name in names}))


# --- why not ------------------------------------------------------------------------------


def _unsayable(run: Mapping[str, Any]) -> list[str]:
    """Why the call can't be made again at all."""
    if run.get("partial") and part_of(run) != "values":
        done, asked = run.get("delivered"), run.get("requested")
        extent = f" after {done:,} of {counted(asked, 'row')}" if isinstance(done, int) and isinstance(asked, int) else ""
        return [f"It was interrupted{extent}, and which rows were drawn by then isn't kept."]
    request = _mapping(run.get("request"))
    if request.get("arguments"):
        return []
    if "request" not in run:
        return ["An earlier version of synthnb made it, which didn't keep the call."]
    if _mapping(run.get("calls")).get("sensitive") or _mapping(run.get("parameters")).get("sensitive"):
        return ["It was marked as sensitive, so its prompts weren't kept."]
    if any("digest" not in item for item in run.get("inputs") or ()):
        return ["A privacy guarantee holds for it, so neither its source's digest nor its noise's seed was kept."]
    if why := request.get("unsaid"):
        return [f"Its call can't be said as plain data: {str(why).rstrip('.')}."]
    return ["Its call wasn't kept, and why isn't either."]


def _inputs_missing(run: Mapping[str, Any], frames: _Found) -> list[str]:
    """Frames and texts that the call was given and that aren't at hand, or not as they were."""
    reasons = []
    arguments = _mapping(_mapping(run["request"]).get("arguments"))
    for item in _mapping(run["request"]).get("inputs") or ():
        name, digest = str(item.get("name")), item.get("digest")
        if digest in frames:
            continue
        if "texts" in _mapping(arguments.get(item.get("argument"))):
            reasons.append(f"The texts that it was given as {item.get('argument')} aren't at hand: none here have the digest {digest}.")
            continue
        now = frames.named.get(name)
        changed = f"has changed since: it was {digest} and is {now}" if now else f"isn't at hand: no frame here has the digest {digest}"
        reasons.append(f"The frame {shown(name)} that it read as {item.get('argument')} {changed}.")
    return reasons


def _fewer_replies(run: Mapping[str, Any], kept: int) -> list[str]:
    """How many replies a run that was stopped had, where fewer of them are here."""
    had = sum(int(_mapping(run.get("calls")).get(name) or 0) for name in ("calls", "kept")) - _failed(run)
    return [f"It had {counted(had, 'reply', 'replies')}, of which {kept:,} are in the store."] if _stopped(run) and kept < had else []


def _inputs_changed(run: Mapping[str, Any], again: Mapping[str, Any]) -> list[str]:
    """Files that the call read by their names and that hold something else now."""
    then, now = ({str(item.get("name")): item.get("digest") for item in told.get("inputs") or ()} for told in (run, again))
    return [
        f"Its source {shown(name)} has changed since: it was {then[name]} and is {now.get(name)}."
        for name in then
        if then[name] != now.get(name)
    ]


def _replies_missing(run: Mapping[str, Any]) -> list[str]:
    """Which unit's reply is the first that isn't in the store, and how many aren't."""
    from synthnb.models.store import open_store

    if not _mapping(run.get("model")) or _mapping(_mapping(run["request"]).get("arguments")).get("recipe"):
        return []
    store = open_store()
    if store is None:
        return ["The store of replies is off (SYNTHNB_CALLS=off)."]
    with store:
        try:
            origins = store.origins(str(run["id"]))
            known = store.find([key for _, key in origins])
        except StorageError as error:
            return [str(error)]
    missing = [unit for unit, key in origins if key not in known]
    if not missing:
        return []
    more = f", and {len(missing) - 1:,} more" if len(missing) > 1 else ""
    return [f"The reply for {missing[0]}{more} isn't in the store {store.path.name}."]


def _other_versions(run: Mapping[str, Any]) -> list[str]:
    from synthnb.engines.base import versions

    told = _mapping(run.get("versions"))
    now = versions(*(name for name in told if name != "python"))
    other = [f"{name} {told[name]} then, {now.get(name, 'none')} now" for name in told if told[name] != now.get(name)]
    return [f"Versions differ: {'; '.join(other)}."] if other else []


# --- finding ------------------------------------------------------------------------------


def _run(asked: str) -> Mapping[str, Any]:
    """The one run whose id begins as asked."""
    from synthnb._api.keeping import runs
    from synthnb.disclosure.folding import MAKING

    try:
        entries = runs()
    except StorageError:
        entries = session.entries()
    known = {str(entry["id"]): entry for entry in entries if entry["kind"] in MAKING}
    text = str(asked).strip()
    found = [name for name in known if text and name.startswith((text, f"run-{text}"))]
    found = [text] if text in known else found
    if len(found) == 1:
        return {**_mapping(known[found[0]].get("detail")), "id": found[0]}
    if found:
        raise OptionError(f"One run was expected; {len(found)} begin with {shown(text)}: {_some(found)}.", fix="Give more of the id.")
    there = f"The last are {_some(list(known)[-_LISTED:])}." if known else "None was made here yet."
    raise OptionError(f"No run's id begins with {shown(text)}.", fix=there)


def _some(names: list[str]) -> str:
    return ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")


class _Found(dict[str, Any]):
    """Frames, and texts, by the digest of their content."""

    def __init__(self) -> None:
        super().__init__()
        self.named: dict[str, str] = {}
        """Their digests by name."""


def _frames(given: Mapping[str, Any]) -> _Found:
    """The frames and the texts among what is given."""
    found = _Found()
    for name, value in given.items():
        if (digest := _digest(value)) is not None:
            found.setdefault(digest, value)
            found.named[str(name)] = digest
        elif (digest := _texts_digest(value)) is not None:
            found.setdefault(digest, value)
    return found


def _texts_digest(value: Any) -> str | None:
    """The digest of a text, of a list of texts or of texts by name, as a request has it; None for anything else."""
    from synthnb._canonical import digest

    held: Any = [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else value
    texts = [*held, *held.values()] if isinstance(held, dict) else held
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        return None
    try:
        return digest(held)
    except ValueError:  # half a surrogate pair
        return None


def _digest(value: Any) -> str | None:
    """A frame's digest; None for what isn't a frame that can be read."""
    from synthnb._frames import frame_digest

    if type(value).__module__.partition(".")[0] not in {"pandas", "polars", "pyarrow"} or not hasattr(value, "columns"):
        return None
    try:
        return frame_digest(value)
    except (SynthnbError, TypeError, ValueError):  # a table of another making, such as one with nested cells
        return None


def _with_digest(given: Mapping[str, Any], output: Mapping[str, Any]) -> Any:
    """The frame that is what a run made; None where it isn't here."""
    sized = [
        value for value in given.values() if hasattr(value, "columns") and hasattr(value, "__len__") and len(value) == output.get("rows")
    ]
    return next((value for value in sized if _digest(value) == output.get("digest")), None)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
