"""Recorded replies in place of a model: written by hand, or exported from a store of calls.

One JSON object a line, of two kinds::

    {"match": "haemoglobin", "reply": "Haemoglobin is stable."}
    {"match": ["Row 3", "terse"], "reply": "Fine.", "model": "qwen-72b", "repeat": true}

        the first line whose texts all occur in system and prompt, used once unless ``repeat``;
        ``"match": []`` fits every request

    {"key": "sha256:…", "who": {…}, "reply": {"text": "…", …}, …}

        what `Store.export` writes: the reply to exactly that call

A request that no line fits fails; nothing is made up.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._canonical import digest_bytes, digest_file
from synthnb.errors import ModelError, ModelFileError, ModelMissingError, shown
from synthnb.models.base import ModelInfo, Reply, Request
from synthnb.models.families import family_of
from synthnb.models.store import call_key

if TYPE_CHECKING:
    from synthnb._canonical import Json

__all__ = ["Replay", "open_replay"]

_FORM = 'A line reads {"match": "text", "reply": "text"}, or is one that a store of calls exported.'
_MEANWHILE = 4
"""Bytes a token, for replies recorded without a count."""


def open_replay(name: str) -> Replay:
    """Return the recorded replies of a file.

    Parameters
    ----------
    name : str
        ``replay:FILE``, or the path of the file.

    Raises
    ------
    ModelMissingError
        There is no such file.
    ModelFileError
        A line isn't as it should be; the message names the first few.
    """
    path = Path(name.removeprefix("replay:")).expanduser()
    if not path.is_file():
        raise ModelMissingError(
            f"A file with recorded replies was expected at {shown(str(path))}; there is none.", fix="Open it as replay:FILE.jsonl."
        )
    return Replay(path)


@dataclass
class _Line:
    """A reply written by hand."""

    texts: tuple[str, ...]
    reply: Reply
    repeat: bool
    used: bool = False

    def fits(self, said: str) -> bool:
        return not self.used and all(text in said for text in self.texts)


class Replay:
    """Recorded replies, as a model.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._lines: list[_Line] = []
        self._kept: dict[str, Reply] = {}
        self._who: list[Mapping[str, str]] = []
        self._asked: Counter[str] = Counter()
        self._closed = False
        self._read(path)
        recorded = sorted({reply.model for reply in (*self._kept.values(), *(line.reply for line in self._lines)) if reply.model})
        found = digest_file(path)
        self._info = ModelInfo(
            id=f"replay:{path.name}",
            name=", ".join(recorded) or "recorded replies, by whom isn't said",
            # The digest is in the provider's name, so that other replies under the same name are other calls.
            provider=f"recorded replies ({path.name}, sha256 {found.removeprefix('sha256:')[:16]})",
            licence="",
            locality="in-process",
            adaptation=f"recorded replies, sha256 {found.removeprefix('sha256:')}",
            stand_in=not recorded,
            family=family_of(recorded[0]) if len(recorded) == 1 else "",
            seed_support=True,
            schemas=True,
            price_in=0.0,
            price_out=0.0,
        )

    @property
    def info(self) -> ModelInfo:
        """What there is to say about it; the digest of the file is in ``adaptation``."""
        return self._info

    def write(self, requests: Iterable[Request]) -> Iterator[tuple[int, Reply]]:
        """Yield the recorded reply to each request, in order."""
        if self._closed:
            raise ModelError(f"The model {self._info.id} is closed.", fix="Open it again.")
        for position, request in enumerate(requests):
            yield position, self._found(request)

    def note_kept(self, request: Request, reply: Reply) -> None:
        """Count a line as used whose reply to this request comes from a store of calls this time."""
        said = f"{request.system}\n{request.prompt}"
        for line in self._lines:
            if line.fits(said) and line.reply.text == reply.text:
                line.used = not line.repeat
                return

    def close(self) -> None:
        """Let go of the replies."""
        self._closed = True

    def _found(self, request: Request) -> Reply:
        for who in self._who:
            base = call_key(who, request)
            again = self._asked[base]
            key = call_key(who, request, again) if again else base
            if key in self._kept:
                self._asked[base] += 1
                return self._kept[key]
        said = f"{request.system}\n{request.prompt}"
        for line in self._lines:
            if line.fits(said):
                line.used = not line.repeat
                return line.reply
        asked = request.prompt.encode("utf-8", "surrogatepass")
        error = f"no recorded reply fits the prompt (of {len(request.prompt):,} characters, {digest_bytes(asked)[:23]})"
        return Reply(text="", tokens_in=0, tokens_out=0, finish="error", model="", error=error, fault="request")

    def _read(self, path: Path) -> None:
        try:
            written = path.read_text(encoding="utf-8-sig").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ModelFileError(f"{shown(path.name)} couldn't be read as text: {error}.", fix=_FORM) from error
        wrong = []
        for number, text in enumerate(written, 1):
            if text.strip() and (problem := self._take(text)):
                wrong.append(f"line {number} {problem}")
        if wrong:
            more = f"; and {len(wrong) - 3:,} more" if len(wrong) > 3 else ""
            raise ModelFileError(f"{shown(path.name)} isn't a file of recorded replies: {'; '.join(wrong[:3])}{more}.", fix=_FORM)
        if not self._lines and not self._kept:
            raise ModelFileError(f"{shown(path.name)} holds no recorded reply.", fix=_FORM)

    def _take(self, text: str) -> str:
        """Keep what a line says; else what is wrong with it."""
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            return "isn't JSON"
        if not isinstance(line, dict):
            return "isn't a JSON object"
        return self._take_kept(line) if "key" in line else self._take_matching(line)

    def _take_kept(self, line: dict[str, Json]) -> str:
        reply, who = line.get("reply"), line.get("who")
        if not isinstance(line["key"], str) or not isinstance(reply, dict) or not isinstance(reply.get("text"), str):
            return "has a key but no reply with a text"
        if not isinstance(who, dict) or set(who) != {"provider", "model"}:
            return "has a key but doesn't say who replied"
        if who not in self._who:
            self._who.append(who)
        self._kept[line["key"]] = _reply(reply["text"], reply)
        return ""

    def _take_matching(self, line: dict[str, Json]) -> str:
        match = line.get("match")
        texts = [match] if isinstance(match, str) else match
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            return "has no text to match"
        if "" in texts:
            return 'has an empty text to match (write "match": [] for a reply to any request)'
        if not isinstance(line.get("reply"), str):
            return "has no reply"
        self._lines.append(_Line(tuple(texts), _reply(line["reply"], line), line.get("repeat") is True))
        return ""


def _reply(text: str, said: Mapping[str, Any]) -> Reply:
    counts = {name: said.get(name) for name in ("tokens_in", "tokens_out")}
    written = max(1, len(text.encode("utf-8", "surrogatepass")) // _MEANWHILE)
    return Reply(
        text=text,
        tokens_in=counts["tokens_in"] if isinstance(counts["tokens_in"], int) else 0,
        tokens_out=counts["tokens_out"] if isinstance(counts["tokens_out"], int) else written,
        finish="length" if said.get("finish") == "length" else "stop",
        model=str(said.get("model", "")),
        fingerprint=str(said.get("fingerprint", "")),
    )
