"""The label of a record, as text for a page or as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._canonical import digest_bytes
from synthnb.errors import NotebookError, OptionError, RecordError, shown

if TYPE_CHECKING:
    from synthnb.disclosure.record import Record

__all__ = ["label", "read_record", "write_label"]

_ENDINGS = {".svg": "svg", ".html": "html", ".txt": "text"}
_MARK = "<!-- synthnb:label "


def label(record: Record | Mapping[str, Any], *, form: str = "svg") -> str:
    """Return a record on one card, as a nutrition label: what, how made, from what, checked how, for what, who answers, what is missing.

    Parameters
    ----------
    record : Record or mapping
        What `disclose` returns, or a notebook's ``metadata.synthnb``.
    form : {"svg", "html", "text"}
        A picture whose text is text, a page that stands alone, or lines.

    Raises
    ------
    OptionError
        The form isn't one of these.
    RecordError
        It isn't a record.
    """
    from synthnb.disclosure.label import label_page, label_text
    from synthnb.disclosure.label_svg import label_svg
    from synthnb.disclosure.record import Record

    makers: dict[str, Callable[[Mapping[str, Any]], str]] = {"svg": label_svg, "html": label_page, "text": label_text}
    if form not in makers:
        raise OptionError.from_choice("A label's form", form, sorted(makers))
    if not isinstance(record, Mapping | Record):
        raise RecordError(
            f"A record was expected; got {shown(type(record).__name__)}.",
            fix="Pass what synthnb.disclose returns.",
        )
    return makers[form](record if isinstance(record, Mapping) else record.to_dict())


def read_record(path: str | Path) -> Mapping[str, Any]:
    """Return the record in a notebook, an export or a data file, or beside it.

    Raises
    ------
    NotebookError
        There is no such file, or it isn't what its ending says.
    RecordError
        There is no record in it, or none that can be read.
    """
    from synthnb.disclosure.embedded import SUFFIXES, read_embedded
    from synthnb.disclosure.sidecar import read_data_record

    file = Path(path).expanduser()
    if not file.is_file():
        raise NotebookError(f"There is no file at {shown(file.name)}.", fix="Correct the path.")
    if file.suffix.lower() == ".ipynb":
        return _of_notebook(file)
    found = read_embedded(file) if file.suffix.lower() in SUFFIXES else read_data_record(file)
    if isinstance(found, str):
        raise RecordError(f"A record was expected in {file.name}. {found}", fix="Name the notebook instead, or export it anew.")
    return found if isinstance(found, Mapping) else found.record


def _of_notebook(file: Path) -> Mapping[str, Any]:
    from synthnb._clock import utc_now
    from synthnb.disclosure.files import read_notebook
    from synthnb.disclosure.notebook import apply, upsert
    from synthnb.disclosure.reading import mapping

    notebook = read_notebook(file)
    own = mapping(apply(upsert(notebook["cells"], notebook["metadata"], now=utc_now()), notebook)["metadata"].get("synthnb"))
    if not own.get("entries"):
        raise RecordError(f"A record was expected in {file.name}; nothing in it was made by synthnb.", fix="Run its cells first.")
    return own


def write_label(record: Record | Mapping[str, Any], out: str | Path, *, overwrite: bool = False) -> Path:
    """Write the label of a record to a file and return its path; it shows the record's digest and isn't the record itself.

    Parameters
    ----------
    record : Record or mapping
        As for `label`.
    out : str or Path
        ``.svg``, ``.html`` or ``.txt``.
    overwrite : bool
        Replace a file that isn't a label as synthnb wrote it.

    Raises
    ------
    OptionError
        The ending isn't one of these, or another file would be lost.
    RecordError
        It isn't a record.
    StorageError
        The file can't be written; what was there is intact.
    """
    from synthnb._files import write_atomically

    path = Path(out).expanduser()
    if path.suffix.lower() not in _ENDINGS:
        raise OptionError.from_choice("A label's ending", path.suffix, sorted(_ENDINGS))
    if path.exists() and not overwrite and not _is_label(path):
        raise OptionError.from_existing(path)
    text = label(record, form=_ENDINGS[path.suffix.lower()]).rstrip("\n") + "\n"
    write_atomically(path, f"{text}{_mark(text.encode())}".encode() if path.suffix.lower() != ".txt" else text.encode())
    return path


def _mark(content: bytes) -> str:
    return f"{_MARK}{digest_bytes(content)} -->\n"


def _is_label(path: Path) -> bool:
    """Whether a file is, byte for byte, a label that was written here."""
    if not path.is_file():
        return False
    content, mark, _ = path.read_bytes().rpartition(_MARK.encode())
    return bool(mark) and path.read_bytes() == content + _mark(content).encode()
