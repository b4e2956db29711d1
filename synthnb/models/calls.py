"""The calls of one run: taken from the store where they were paid for already, held within limits, and counted.

::

    requests ──► key ──► in the store? ──► yes: the kept reply, at no cost
                              │
                              no ──► within the limits? ──► no: the run stops; kept replies still come
                                             │
                                            yes ──► model ──► store ──► reply

The model draws the requests, one when it has room, so keys and limits are looked at in
its threads. A reply is in the store before anybody sees it.
"""

from __future__ import annotations

import hashlib
import json
import threading
import warnings
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from synthnb._canonical import digest, digest_bytes
from synthnb._clock import utc_now
from synthnb.errors import ModelError, StorageError, SynthnbWarning
from synthnb.models.base import Model, Reply, Request
from synthnb.models.limits import Estimate, Held, Limits, Meter, cost, span
from synthnb.models.quoting import sealed, unquoted
from synthnb.models.store import Kept, NewerStoreError, Store, call_key, who_replies

if TYPE_CHECKING:
    from synthnb._canonical import Json

__all__ = ["Calls", "Estimate", "Limits"]

_T = TypeVar("_T")

_GIVE_UP_AFTER = 5
"""Replies at the beginning of a run that may all fail before it is given up."""
_MOST_IN_A_ROW = 20
"""Calls in a row that may fail for what may pass, after all their tries, before the run stops."""
_MOST_REFUSED = 5
"""Calls that may be refused for what no request can change, none succeeding meanwhile, before the run stops."""

_NO_REPLY = Reply(text="", tokens_in=0, tokens_out=0, finish="error", model="", error="the model gave no reply")


@dataclass
class _Call:
    """A request on its way."""

    position: int
    request: Request
    base: str
    """Its key, were it asked for the first time in this run."""
    again: int
    """How often the same request was asked for before."""
    key: str
    number: int
    """Which call of the run it is."""
    kept: Kept | None = None
    refused: Reply | None = None
    """Why it can't be sent to anybody."""
    held: Held | None = None

    @property
    def answered(self) -> bool:
        """There is an answer without the model."""
        return self.kept is not None or self.refused is not None


class Calls:
    """All calls of one run to one model.

    Parameters
    ----------
    model : Model
        Who writes.
    limits : Limits, optional
        What the run may use at most; no limit by default.
    store : Store, optional
        Where replies are kept, and taken from. One that fails is given up with a warning; the run goes on without.
    sensitive : bool
        Keep prompts and templates out of the store and the account, and a provider's words out of errors; their digests stay.

    Raises
    ------
    OptionError
        There is a limit on money or energy, and this model's isn't known.
    NewerStoreError
        A later version of synthnb wrote the store.
    """

    def __init__(self, model: Model, *, limits: Limits | None = None, store: Store | None = None, sensitive: bool = False) -> None:
        self.model = model
        """Who writes."""
        self.limits = limits or Limits()
        """What the run may use at most."""
        self.stopped = ""
        """Why no further call is made, as in ``the limit of 10,000 tokens was reached``; empty while the run goes on."""
        self.sensitive = sensitive
        """Prompts and templates are kept as digests only."""
        self._meter = Meter(model.info, self.limits)
        self._who = who_replies(model.info)
        self._shelf = _Shelf(store)
        self._tally: Counter[str] = Counter()
        self._discarded: Counter[str] = Counter()
        self._discarded_keys: set[tuple[str, str]] = set()
        self._returned: set[str] = set()
        self._fingerprints: set[str] = set()
        self._templates: dict[str, dict[str, Json]] = {}
        self._sent: dict[str, dict[str, Json]] = {}
        self._when: list[str] = []
        self._asked = _Asked()
        self._failed_in_a_row = self._refused_in_a_row = 0

    @property
    def store(self) -> Store | None:
        """Where replies are kept; None where none is used, or it failed."""
        return self._shelf.store

    def ask(self, requests: Iterable[Request]) -> Generator[tuple[int, Reply], None, None]:
        """Yield ``(position, reply)`` of each request that was answered, in any order.

        Of a sequence the kept replies come first; of another iterable, which is drawn from as there is
        room, they come as they are met. A position that isn't yielded wasn't asked for: `stopped` says why.
        A request that comes again in a run is a call of its own.

        Raises
        ------
        ModelError
            Each of the first five replies of the run failed, or the model itself did.
        """
        yield from _Asking(self, requests).replies()

    def estimate(self, sample: Sequence[Request], count: int) -> Estimate:
        """Return what ``count`` calls like those of the sample are going to use, before any of them is made.

        It rests on the calls made so far, as by a preview; before these, on the model's replies in the store;
        before these, on the prompts' lengths and ``max_tokens``. What the store holds already costs nothing and isn't deducted.
        """
        return self._meter.estimate(sample, count, pace=self._shelf.pace(self.model))

    def discard(self, reply: Reply, reason: str) -> None:
        """Tell the account that a reply wasn't used, and why; the store keeps it as it came."""
        if (reply.key, reason) not in self._discarded_keys:
            self._discarded_keys.add((reply.key, reason))
            self._discarded[reason] += 1

    def used(self, reply: Reply, *, run: str, unit: str) -> None:
        """Note that a unit of a run, such as ``row:17``, came of a reply."""
        if self._shelf.mark(run, unit, reply.key):
            self._tally["origins"] += 1

    def declare_template(self, name: str, text: str) -> None:
        """Tell the account of a prompt template; of a sensitive run, its digest only."""
        found = digest_bytes(text.encode("utf-8", "surrogatepass"))
        self._templates[f"{name}\x1f{found}"] = {"name": name, "digest": found, "text": None if self.sensitive else text}

    def declare_sent(self, what: str, *, digest: str, detail: Mapping[str, Json] | None = None) -> None:
        """Tell the account what of the user's data goes into prompts, such as ``10 real rows of trial``."""
        self._sent[f"{what}\x1f{digest}"] = {"what": what, "digest": digest, **dict(detail or {})}

    def pace(self, done: int, total: int) -> str:
        """How fast it goes, what it cost and how long it will take: ``3.2 calls/s, 12,300 tokens, $0.02, 40 s left``."""
        rate, tokens = self._meter.calls_a_second, self._meter.tokens_in + self._meter.tokens_out
        said = [f"{rate:.1f} calls/s" if rate >= 1 else f"{60 * rate:.1f} calls/min" if rate else "", f"{tokens:,} tokens"]
        said.append(cost(self._meter.money) if self._meter.money else "")
        if 0 < done < total and self._meter.seconds > 0:
            said.append(f"{span((total - done) * self._meter.seconds / done)} left")
        return ", ".join(filter(None, said))

    def account(self) -> dict[str, Json]:
        """Return what the run says of its calls, as plain JSON types; digests of prompts and replies are in the order of asking."""
        meter, info = self._meter, self.model.info
        return {
            "calls": self._tally["calls"],
            "kept": self._tally["kept"],
            "tries": self._tally["tries"],
            "failed": self._tally["failed"],
            "discarded": dict(sorted(self._discarded.items())),
            "tokens_in": meter.tokens_in,
            "tokens_out": meter.tokens_out,
            "kept_tokens_in": self._tally["kept_tokens_in"],
            "kept_tokens_out": self._tally["kept_tokens_out"],
            "money": meter.money,
            "watt_hours": None if meter.watt_hours is None else round(meter.watt_hours, 6),
            "seconds": round(meter.seconds, 3),
            "at_once": info.at_once,
            "limits": self.limits.to_dict(),
            "stopped": self.stopped,
            "returned": sorted(self._returned),
            "fingerprints": sorted(self._fingerprints),
            "seed_support": info.seed_support,
            "first_reply": min(self._when, default=None),
            "last_reply": max(self._when, default=None),
            "templates": list(self._templates.values()),
            "prompts_digest": self._asked.prompts_digest(),
            "replies_digest": self._asked.replies_digest(),
            "sent": list(self._sent.values()),
            "store": self._shelf.state,
            "origins": self._tally["origins"],
            "notes": list(getattr(self.model, "notes", ())),
            "sensitive": self.sensitive,
        }

    def _numbered(self, position: int, request: Request) -> _Call:
        """The request with its key; the same request again gets the next free one."""
        base = call_key(self._who, request)
        number, again = self._asked.take(base)
        return _Call(position, request, base, again, base if again == 0 else call_key(self._who, request, again), number)

    def _take_kept(self, call: _Call, kept: Kept) -> Reply:
        self._tally["kept"] += 1
        self._tally["kept_tokens_in"] += kept.reply.tokens_in
        self._tally["kept_tokens_out"] += kept.reply.tokens_out
        self._when.append(kept.written)
        # Recorded replies that are used once must know which were used in an earlier run.
        if noted := getattr(self.model, "note_kept", None):
            noted(call.request, kept.reply)
        self._note(call, kept.reply)
        return kept.reply

    def _take(self, call: _Call, reply: Reply) -> Reply:
        """Keep a reply that came, before anything else, and count it."""
        said = reply.error if call.refused else self._said(reply.error, call.request)
        came = reply = replace(reply, key=call.key, kept=False, error=said)
        if reply.finish == "error":
            self._tally["failed"] += 1
            self._asked.free(call.base, call.again)
        else:
            reply = self._shelf.put(call.key, None if self.sensitive else call.request, reply, self._who)
        if call.held is not None:
            self._meter.settle(call.held, came)
        self._tally["calls"] += 1
        self._tally["tries"] += came.tries
        self._when.append(utc_now())
        self._note(call, reply)
        self._give_up(reply)
        return reply

    def _note(self, call: _Call, reply: Reply) -> None:
        self._asked.answer(call.number, reply)
        if reply.finish != "error":
            self._returned.add(reply.model)
        if reply.fingerprint:
            self._fingerprints.add(reply.fingerprint)

    def _give_up(self, reply: Reply) -> None:
        """Stop a run that nothing comes of: an endless row of failures isn't the requests' fault."""
        calls, failed = self._tally["calls"], self._tally["failed"]
        if calls == failed >= _GIVE_UP_AFTER and not self._tally["kept"]:
            raise ModelError(
                f"Each of the first {failed} calls to {self.model.info.id} failed: {reply.error}.",
                fix="Correct that, or choose another model.",
            )
        passing = reply.finish == "error" and (reply.tries > 1 or reply.fault == "passing")
        self._failed_in_a_row = self._failed_in_a_row + 1 if passing else 0
        # A single request that is refused, in between, says nothing of the others.
        self._refused_in_a_row = 0 if reply.finish != "error" else self._refused_in_a_row + (reply.fault == "lasting")
        if self._failed_in_a_row >= _MOST_IN_A_ROW:
            often = ", each tried several times" if reply.tries > 1 else ""
            self.stopped = self.stopped or f"{_MOST_IN_A_ROW} calls in a row failed{often}: {reply.error}"
        if self._refused_in_a_row >= _MOST_REFUSED:
            self.stopped = self.stopped or f"{_MOST_REFUSED} calls were refused for a reason that lasts: {reply.error}"

    def _said(self, text: str, *requests: Request) -> str:
        """What an error may say where it is read and recorded: nothing of the prompt, and of a sensitive run no foreign words."""
        if not text:
            return text
        return sealed(text) if self.sensitive else unquoted(text, *requests)

    def _without_quotes(self, error: ModelError, requests: Sequence[Request]) -> ModelError:
        """A model's own error, as it may be shown."""
        fix = unquoted(error.fix, *requests)
        if self.sensitive:
            return type(error)(f"The model {self.model.info.id} can't be used: {sealed(error.message)}.", fix=fix)
        return type(error)(unquoted(error.message, *requests), fix=fix)


class _Asking:
    """One `ask`: draws requests, answers what is kept, and hands the rest to the model as it has room."""

    def __init__(self, calls: Calls, requests: Iterable[Request]) -> None:
        self._calls = calls
        numbered = (calls._numbered(*item) for item in enumerate(requests))
        # Requests that are all there already are looked up in one go.
        self._listed = list(numbered) if isinstance(requests, Sequence) else None
        self._source: Iterator[_Call] = iter(self._listed) if self._listed is not None else numbered
        self._open = {call.number: call for call in self._listed or ()}
        self._back: _Call | None = None
        self._met: deque[_Call] = deque()
        self._most_met = 64 + 4 * calls.model.info.at_once

    def replies(self) -> Iterator[tuple[int, Reply]]:
        try:
            if self._listed is not None:
                yield from self._found(self._listed)
            while (call := self._draw()) is not None:
                if call.answered:
                    yield call.position, self._take(call)
                else:
                    yield from self._written(call)
        finally:
            for call in list(self._open.values()):
                self._calls._asked.free(call.base, call.again)
            self._calls._shelf.tell_damaged()

    def _found(self, listed: Sequence[_Call]) -> Iterator[tuple[int, Reply]]:
        kept = self._calls._shelf.find([call.key for call in listed])
        self._source = (call for call in listed if call.key not in kept)
        for call in listed:
            if call.key in kept:
                call.kept = kept[call.key]
                yield call.position, self._take(call)

    def _draw(self) -> _Call | None:
        """The next call to make, or one that is kept; None where there is none, or no room for it now."""
        calls = self._calls
        call = None if calls.stopped else self._back or next(self._source, None)
        self._back = None
        if call is None:
            return None
        self._open[call.number] = call
        if self._listed is None:
            call.kept = calls._shelf.find([call.key]).get(call.key)
        if call.kept is None:
            call.refused = _unsendable(call.request)
        if call.answered:
            return call
        held = calls._meter.reserve(call.request)
        if isinstance(held, Held):
            call.held = held
            return call
        self._back = call
        calls.stopped = held or ""
        return None

    def _feed(self, first: _Call, flying: dict[int, _Call]) -> Iterator[Request]:
        """Requests for one `write`, in one of the model's threads; what is kept is put aside, within bounds."""
        call: _Call | None = first
        place = 0
        while call is not None:
            if call.answered:
                self._met.append(call)
            else:
                flying[place] = call
                yield call.request
                place += 1
            call = self._draw() if len(self._met) < self._most_met else None

    def _written(self, first: _Call) -> Iterator[tuple[int, Reply]]:
        """Replies of one `write`, which goes on from the first call as long as there is room."""
        flying: dict[int, _Call] = {}
        replies = self._calls.model.write(self._feed(first, flying))
        try:
            for place, reply in self._from_model(replies, flying):
                call = flying.pop(place)
                yield call.position, self._take(call, reply)
                while self._met:
                    kept = self._met.popleft()
                    yield kept.position, self._take(kept)
            while flying:
                call = flying.pop(min(flying))
                yield call.position, self._take(call, _NO_REPLY)
        finally:
            if close := getattr(replies, "close", None):
                close()
            for call in list(flying.values()):
                if call.held is not None:
                    self._calls._meter.release(call.held)
        while self._met:
            kept = self._met.popleft()
            yield kept.position, self._take(kept)

    def _from_model(self, replies: Iterator[tuple[int, Reply]], flying: Mapping[int, _Call]) -> Iterator[tuple[int, Reply]]:
        try:
            yield from replies
        except ModelError as error:
            # Raised anew, as its trace would keep the provider's words.
            raise self._calls._without_quotes(error, [call.request for call in flying.values()]) from None

    def _take(self, call: _Call, reply: Reply = _NO_REPLY) -> Reply:
        self._open.pop(call.number, None)
        return self._calls._take(call, call.refused or reply) if call.kept is None else self._calls._take_kept(call, call.kept)


def _unsendable(request: Request) -> Reply | None:
    """Why a request can't be sent: it holds half a character, which UTF-8 can't carry."""
    schema = "" if request.schema is None else json.dumps(request.schema, ensure_ascii=False)
    parts = {"prompt": request.prompt, "system text": request.system, "schema": schema, "grammar": request.grammar}
    for name, text in {**parts, "stop words": "".join(request.stop)}.items():
        if any("\ud800" <= letter <= "\udfff" for letter in ("" if text.isascii() else text)):
            error = f"half a character (a lone surrogate) in the {name} is no text; the request wasn't sent"
            return Reply(text="", tokens_in=0, tokens_out=0, finish="error", model="", error=error, fault="request", tries=0)
    return None


class _Asked:
    """Every call of a run in the order of asking: its key, and the digest of what came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()
        self._free: dict[str, list[int]] = {}
        self._keys: list[str] = []
        self._answers: dict[int, str] = {}

    def take(self, base: str) -> tuple[int, int]:
        """The number of the call, and how often the same one was asked before; one that failed doesn't count."""
        with self._lock:
            free = self._free.get(base)
            again = free.pop(0) if free else self._taken[base]
            if again == self._taken[base]:
                self._taken[base] += 1
            self._keys.append(f"{base}#{again}")
            return len(self._keys) - 1, again

    def free(self, base: str, again: int) -> None:
        with self._lock:
            self._free[base] = sorted([*self._free.get(base, ()), again])

    def answer(self, number: int, reply: Reply) -> None:
        with self._lock:
            self._answers[number] = hashlib.sha256(reply.text.encode("utf-8", "surrogatepass")).hexdigest()

    def prompts_digest(self) -> str:
        """Over the keys of the calls that were answered, in the order of asking."""
        with self._lock:
            return digest([self._keys[number] for number in sorted(self._answers)])

    def replies_digest(self) -> str:
        """Over the digests of their texts, in that order."""
        with self._lock:
            return digest([self._answers[number] for number in sorted(self._answers)])


class _Shelf:
    """The store as long as it works: its first failure is a warning, and then there is none."""

    def __init__(self, store: Store | None) -> None:
        self.store = store
        self.state = "off" if store is None else store.path.name
        self._damaged: set[str] = set()
        self._told = 0
        if store is not None:
            self._tried(lambda: store.find([""]))

    def find(self, keys: Sequence[str]) -> dict[str, Kept]:
        store = self.store
        found = (self._tried(lambda: store.find(keys)) if store else None) or {}
        self._damaged |= store.damaged.intersection(keys) if store else set()
        return found

    def tell_damaged(self) -> None:
        """Warn of replies that turned out to be damaged since the last warning."""
        count = len(self._damaged)
        if self.store and count > self._told:
            self._told, self.state = count, f"{self.store.path.name}, {count:,} damaged"
            warnings.warn(
                f"{count:,} {'reply' if count == 1 else 'replies'} in the store of calls {self.store.path.name} "
                f"{'is' if count == 1 else 'are'} damaged. What was asked for again takes {'its' if count == 1 else 'their'} place.",
                SynthnbWarning,
                stacklevel=2,
            )

    def put(self, key: str, request: Request | None, reply: Reply, who: Mapping[str, str]) -> Reply:
        store = self.store
        return (self._tried(lambda: store.put(key, request, reply, who=who)) if store else None) or reply

    def mark(self, run: str, unit: str, key: str) -> bool:
        store = self.store
        if store is not None:
            self._tried(partial(store.mark, run, unit, key))
        return self.store is not None

    def pace(self, model: Model) -> tuple[float, float] | None:
        store = self.store
        return self._tried(lambda: store.pace(model.info)) if store else None

    def _tried(self, work: Callable[[], _T]) -> _T | None:
        try:
            return work()
        except NewerStoreError:
            raise
        except StorageError as error:
            self.store = None
            self.state = f"given up: {error.message}"
            warnings.warn(f"{error} The run goes on without it.", SynthnbWarning, stacklevel=2)
            return None
