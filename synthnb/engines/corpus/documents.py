"""The documents of a corpus: what was read, what wasn't and why."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from synthnb._canonical import digest, digest_bytes
from synthnb.engines.corpus._decoding import KINDS, Unreadable, decode, normalise
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from synthnb._canonical import Json

__all__ = ["Corpus", "Document", "Skipped", "Source", "read_documents"]

Source = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | Mapping[str, str]
"""A folder, a file, several files, or texts by name."""

MOST_BYTES = 20_000_000
"""Largest file that is read."""

_MOST_TOLD = 3


@dataclass(frozen=True)
class Document:
    """One document that was read."""

    name: str
    """Its path below the folder, with ``/`` between the parts."""
    text: str
    """Its text, normalised as `synthnb.engines.corpus._decoding.normalise` says; offsets refer to it."""
    digest: str
    """``"sha256:<hex>"`` of the file's bytes."""
    text_digest: str
    """``"sha256:<hex>"`` of the text in UTF-8."""
    encoding: str = "utf-8"
    """How its bytes were read."""
    remark: str = ""
    """What the reader should know of how it was read."""


@dataclass(frozen=True)
class Skipped:
    """A file or folder that was not read."""

    name: str
    """Its path below the folder; a folder ends in ``/``."""
    reason: str
    """Why, in a few words."""


@dataclass(frozen=True)
class Corpus:
    """The documents to ask about."""

    name: str
    """The folder's name, without the path to it."""
    documents: tuple[Document, ...]
    """In the order of their names."""
    skipped: tuple[Skipped, ...] = ()
    """What lies in the folder and was not read."""

    @property
    def texts(self) -> dict[str, str]:
        """The text of each document by name: ``texts[row.document][row.start:row.end] == row.evidence``."""
        return {document.name: document.text for document in self.documents}

    @property
    def digest(self) -> str:
        """One digest for all documents: over their names, bytes' digests and texts' digests."""
        return digest([[document.name, document.digest, document.text_digest] for document in self.documents])

    def skipped_by_reason(self) -> dict[str, int]:
        """How many files were not read, by reason, the most frequent first."""
        return dict(Counter(found.reason for found in self.skipped).most_common())

    def to_dict(self, most: int) -> list[dict[str, Json]]:
        """The first ``most`` documents as plain JSON, without their texts."""
        return [
            {
                "name": found.name,
                "digest": found.digest,
                "text_digest": found.text_digest,
                "characters": len(found.text),
                "encoding": found.encoding,
            }
            for found in self.documents[:most]
        ]


def read_documents(source: Source, *, include: Sequence[str] = (), exclude: Sequence[str] = (), most_bytes: int = MOST_BYTES) -> Corpus:
    """Read a folder of text, Markdown, reStructuredText, HTML and PDF files, with the folders in it.

    Parameters
    ----------
    source : path, sequence of paths, or mapping of str to str
        A folder, a file, several files, or texts by name.
    include, exclude : sequence of str
        Patterns such as ``"guides/*"`` or ``"*.md"``, matched against the path below the folder; a file is read
        if one of ``include`` fits, where there is any, and none of ``exclude``.
    most_bytes : int
        A larger file is not read.

    Returns
    -------
    Corpus
        Every file is in it: read, or skipped with a reason. Hidden files and folders, links, binary, empty,
        encrypted and damaged files, and copies of a document already read are skipped.

    Raises
    ------
    OptionError
        The path doesn't exist, or nothing in it could be read.
    """
    skipped: list[Skipped] = []
    if isinstance(source, Mapping):
        name, found = "texts", [_given(str(key), value, skipped) for key, value in sorted(source.items(), key=lambda item: str(item[0]))]
    else:
        name, paths = _listed(source, skipped)
        wanted = [(path, label) for path, label in paths if _wanted(label, include, exclude, skipped)]
        found = [_read(path, label, most_bytes, skipped) for path, label in wanted]
    documents = _distinct([document for document in found if document is not None], skipped)
    if not documents:
        raise OptionError(
            f"A corpus must hold at least one document that can be read; {shown(name)} holds none{_why(skipped)}.",
            fix=f"Name a folder with files that end in {', '.join(KINDS)}.",
        )
    return Corpus(name, tuple(documents), tuple(sorted(skipped, key=lambda item: item.name)))


def _given(name: str, text: object, skipped: list[Skipped]) -> Document | None:
    if not isinstance(text, str):
        raise OptionError(f"A text was expected for {shown(name)}; got {shown(text)}.", fix="Pass names and texts, or a folder.")
    return _document(name, text.encode("utf-8", "replace"), normalise(text), skipped)


def _document(name: str, data: bytes, text: str, skipped: list[Skipped], encoding: str = "utf-8", remark: str = "") -> Document | None:
    if not text:
        skipped.append(Skipped(name, "it is empty"))
        return None
    return Document(name, text, digest_bytes(data), digest_bytes(text.encode()), encoding, remark)


def _listed(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], skipped: list[Skipped]
) -> tuple[str, list[tuple[Path, str]]]:
    """The corpus's name, and each file with its path below the folder."""
    if isinstance(source, (str, os.PathLike)):
        root = _existing(source)
        if root.is_dir():
            return root.resolve().name or "corpus", list(_walk(root, "", skipped))
        return root.name, [(root, root.name)]
    if not source:
        raise OptionError(f"A folder, files or texts by name were expected; got {shown(source)}.", fix="Pass the path of a folder.")
    paths = [_existing(path) for path in source]
    labels = [path.name for path in paths]
    twice = {label for label, count in Counter(labels).items() if count > 1}
    named = [(path, "/".join(path.parts[-2:]) if label in twice else label) for path, label in zip(paths, labels, strict=True)]
    for path, _ in named:
        if path.is_dir():
            raise OptionError(f"Files were expected; {shown(str(path))} is a folder.", fix="Pass one folder, or files.")
    return "files", sorted(named, key=lambda item: item[1])


def _existing(path: str | os.PathLike[str]) -> Path:
    try:
        found = Path(path).expanduser()
        if found.exists():
            return found
    except (ValueError, OSError, RuntimeError, TypeError):
        pass
    raise OptionError(f"A folder or a file was expected at {shown(path)}; there is none.", fix="Correct the path.")


def _walk(folder: Path, prefix: str, skipped: list[Skipped]) -> Iterator[tuple[Path, str]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        skipped.append(Skipped(prefix, f"it can't be opened ({error.strerror or error})"))
        return
    for entry in entries:
        name = _printable(entry.name)
        label = f"{prefix}{name}"
        if entry.name.startswith("."):
            skipped.append(Skipped(f"{label}/" if entry.is_dir(follow_symlinks=False) else label, "it is hidden"))
        elif entry.is_symlink():
            skipped.append(Skipped(label, "it is a link"))
        elif entry.is_dir():
            yield from _walk(Path(entry.path), f"{label}/", skipped)
        else:
            yield Path(entry.path), label


def _printable(name: str) -> str:
    """A file's name as text that JSON can carry; bytes that aren't UTF-8 are ``?``."""
    return name.encode("utf-8", "replace").decode()


def _wanted(label: str, include: Sequence[str], exclude: Sequence[str], skipped: list[Skipped]) -> bool:
    if include and not any(fnmatch(label, pattern) for pattern in include):
        skipped.append(Skipped(label, "no pattern of include fits"))
        return False
    if any(fnmatch(label, pattern) for pattern in exclude):
        skipped.append(Skipped(label, "a pattern of exclude fits"))
        return False
    return True


def _read(path: Path, label: str, most_bytes: int, skipped: list[Skipped]) -> Document | None:
    suffix = path.suffix.lower()
    try:
        if suffix not in KINDS:
            raise Unreadable(f"files ending in {suffix[:12]} aren't read" if suffix else "files without an ending aren't read")
        if not path.is_file():
            raise Unreadable("it isn't a file")
        if (size := path.stat().st_size) > most_bytes:
            raise Unreadable(f"it has more than {most_bytes:,} bytes" if size else "it is empty")
        data = path.read_bytes()
        decoded = decode(data, suffix)
    except Unreadable as why:
        skipped.append(Skipped(label, str(why)))
        return None
    except OSError as error:
        skipped.append(Skipped(label, f"it can't be opened ({error.strerror or error})"))
        return None
    return _document(label, data, decoded.text, skipped, decoded.encoding, decoded.remark)


def _distinct(documents: list[Document], skipped: list[Skipped]) -> list[Document]:
    """The documents without later ones that have the same text: they would be asked about twice."""
    kept: dict[str, Document] = {}
    for document in sorted(documents, key=lambda item: item.name):
        first = kept.setdefault(document.text_digest, document)
        if first is not document:
            skipped.append(Skipped(document.name, f"it has the same text as {first.name}"))
    return list(kept.values())


def _why(skipped: list[Skipped]) -> str:
    told = [f"{item.name}: {item.reason}" for item in skipped[:_MOST_TOLD]]
    more = f", and {len(skipped) - _MOST_TOLD:,} more" if len(skipped) > _MOST_TOLD else ""
    return f" ({'; '.join(told)}{more})" if told else ""
