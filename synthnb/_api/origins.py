"""Where rows come from: marks, what files say, and what is known of a frame before something is made of it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._marks import WORDS, Word, claim_of, has_lost_marks, is_marked, marks_of, with_claim, with_marks
from synthnb._origins import Origin, Recognised
from synthnb._tables import BARE, is_table
from synthnb.disclosure.folding import JUDGING, MAKING, Entry, digest_is_right, is_readable
from synthnb.disclosure.generations import deepest, known_of, percent, whence
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.session import session
from synthnb.errors import FrameError, OptionError, SynthnbWarning, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "believed",
    "claimed",
    "depth_of",
    "entries_known",
    "heed_compared",
    "heed_source",
    "mark",
    "origin_of",
    "origin_told",
    "read_table",
    "refuse_as_real",
    "traced",
    "warn_of_lost_marks",
    "whence_of",
    "with_true_marks",
    "words_of",
]

_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_LONGEST_NAME = 200


def read_table(path: str | Path) -> pd.DataFrame:
    """Return the frame that a file holds; if it says what made its rows, they are known as synthetic from then on.

    Parameters
    ----------
    path : str or Path
        A ``.csv``, ``.jsonl``, ``.parquet``, ``.arrow``, ``.feather`` or ``.xlsx`` file.

    Raises
    ------
    FrameError
        There is no such file, its ending isn't known, or it can't be read as a table.
    MissingExtraError
        It is read with pyarrow or openpyxl, which isn't installed.
    """
    from synthnb._tables import read_table as read

    frame: pd.DataFrame = read(path)
    facts = facts_of(Path(path))
    if facts:
        _register(frame, facts)
    return frame


def entries_known() -> list[Entry]:
    """The entries of this session, and those about runs made elsewhere that files told of."""
    here = session.entries()
    ids = {entry["id"] for entry in here}
    return [*here, *(entry for key, entry in session.origins.told.items() if key not in ids)]


def _hear(path: Path) -> None:
    """Keep what a file's record says of the runs behind it, not what persons said: that was about other data."""
    from synthnb.disclosure.sidecar import read_data_record

    record = read_data_record(path)
    entries = [] if isinstance(record, str) or not isinstance(record.get("entries"), list) else record["entries"]
    kept = [entry for entry in entries if is_readable(entry) and entry["kind"] in {*MAKING, *JUDGING} and digest_is_right(entry)]
    session.origins.told |= {entry["id"]: entry for entry in kept if entry["kind"] in JUDGING or _is_sound(entry.get("detail"))}


def _is_sound(run: object) -> bool:
    """Whether a run that a file tells of has the shape that is looked at."""
    told = mapping(run)
    output, inputs = mapping(told.get("output")), told.get("inputs", [])
    shaped = isinstance(output.get("columns"), list) and isinstance(output.get("name"), str) and isinstance(inputs, list)
    return shaped and all(isinstance(item, Mapping) for item in inputs) and isinstance(told.get("model") or {}, Mapping)


def facts_of(path: Path) -> Mapping[str, Any]:
    """What a file says of its rows; empty where it says nothing, or what it or the record beside it says is about other content."""
    from synthnb.disclosure.sidecar import read_data_facts, sidecar_of

    facts = read_data_facts(path)
    if isinstance(facts, str) or not facts:
        if sidecar_of(path).is_file():
            _warn_of_file(f"What made {path.name} isn't known, though {sidecar_of(path).name} is there: {facts}")
        return {}
    if not _is_as_written(path, facts):
        where = "beside" if path.suffix.lower() in BARE else "in"
        _warn_of_file(f"{path.name} isn't the file that the record {where} it is about: it was changed or replaced.")
        return {}
    _hear(path)
    return facts


def _is_as_written(path: Path, facts: Mapping[str, Any]) -> bool:
    """Whether a file's bytes, or its content where it holds its record, are those that its facts are about."""
    from synthnb._canonical import digest_file
    from synthnb._tables import stored_digest

    if path.suffix.lower() in BARE:
        return digest_file(path) == facts.get("sha256")
    try:
        return stored_digest(path) == facts.get("stored")
    except FrameError:
        return False


def _warn_of_file(what: str) -> None:
    warnings.warn(f"{what} Its rows are taken for real ones. To see what differs run: synthnb verify", SynthnbWarning, stacklevel=4)


def _register(frame: Any, facts: Mapping[str, Any]) -> None:
    """Remember the synthetic rows of a file, in the columns that a run made, and what it said, with the frame."""
    origin, marked, others = origin_told(facts), is_marked(frame), facts.get("other_columns")
    own = [name for name in frame.columns if name not in (others if isinstance(others, list) else ())]
    keep = [word == "synthetic" for word in marks_of(frame)] if marked else [origin.share == 1] * len(frame)
    if any(keep):
        session.origins.register(replace(origin, share=1.0), frame.loc[keep, own])
    with_claim(frame, _claim(origin, marked=marked))


def origin_told(facts: Mapping[str, Any]) -> Origin:
    """The run that a file or a frame says made it; what they say may come from anywhere."""
    run = str(facts.get("run", ""))
    return Origin(run if _ID.fullmatch(run) else "", str(facts.get("name", ""))[:_LONGEST_NAME], *known_of(facts))


def _claim(origin: Origin, *, marked: bool) -> dict[str, Any]:
    return origin.to_dict() | {"marked": marked}


def claimed(frame: Any, origin: Origin) -> Any:
    """Return a frame that says which run made it."""
    return with_claim(frame, _claim(origin, marked=False))


def origin_of(frame: Any) -> pd.Series[Any]:
    """Return what each row of a frame is: ``synthetic``, ``real``, ``edited`` or ``unknown``.

    A row is synthetic if a run of this session, or of a file that was read, made it just so; edited if it was
    changed since; real only if somebody stated so. Where the frame has marks they count, but a row that is marked
    synthetic and differs from what its run made is edited, or unknown if no more than half of its cells are the run's.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame, pyarrow.Table or Synthesis
        The rows.

    Returns
    -------
    pandas.Series
        A word for each row, with the frame's index.

    Raises
    ------
    FrameError
        It isn't a table, or has no rows.
    """
    import pandas as pd

    from synthnb._frames import frame_of

    table = frame_of(frame)
    words, _ = words_of(table)
    index = table.index if isinstance(table, pd.DataFrame) else None
    return pd.Series(pd.Categorical(words, categories=list(WORDS)), index=index, name="origin")


def words_of(frame: Any) -> tuple[list[Word], Recognised]:
    """Each row's word, and which runs made which rows."""
    found = session.origins.recognise(frame)
    known: list[Word] = [
        "unknown" if at < 0 else "edited" if changed else "synthetic" for at, changed in zip(found.which, found.edited, strict=True)
    ]
    if not is_marked(frame):
        return known, found
    differs = found.differs if found.differs.any() and not _is_output(frame) else [False] * len(known)
    return [_settled(*row) for row in zip(marks_of(frame), known, differs, strict=True)], found


def _is_output(frame: Any) -> bool:
    """Whether a frame is, marks and all, what an entry is about: what a person stated of its rows when they were mixed stands."""
    from synthnb._frames import frame_digest

    digest = frame_digest(frame)
    return any(mapping(mapping(entry.get("detail")).get("output")).get("digest") == digest for entry in session.entries())


def _settled(mark: Word, seen: Word, differs: bool) -> Word:
    """A mark against what was recognised: it stands, but for a row that was changed or replaced since, or that nobody marked."""
    if differs or (mark == "synthetic" and seen == "edited"):
        return seen
    return "synthetic" if mark == "unknown" and seen == "synthetic" else mark


def mark(frame: Any, origin: Word | None = None) -> Any:
    """Return a copy of a frame with a last column ``synthnb_origin`` that says what each row is.

    The column survives what keeps columns: sorting, filtering, `concat`, `merge`, files. It is left out of what is learnt
    from and of what is evaluated.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame, pyarrow.Table or Synthesis
        The rows.
    origin : {"synthetic", "real", "edited", "unknown"}, optional
        What you state every row to be; what `origin_of` knows of each by default.

    Raises
    ------
    OptionError
        It isn't one of these words, or the rows are stated to be real and a run made some of them.
    FrameError
        There is a column of that name with something else in it.

    Examples
    --------
    >>> import pandas as pd, synthnb
    >>> list(synthnb.mark(pd.DataFrame({"age": [41, 52]}), "real")["synthnb_origin"])
    ['real', 'real']
    """
    from synthnb._frames import frame_of

    table = frame_of(frame)
    if origin is None:
        words: Sequence[Word] = list(origin_of(table))
    elif origin not in WORDS:
        raise OptionError.from_choice("origin", origin, list(WORDS))
    else:
        refuse_as_real(table, "the frame") if origin == "real" else None
        words = [origin] * len(table)
    marked = with_marks(table, words)
    claim = claim_of(table)
    return with_claim(marked, {**claim, "marked": True})


def with_true_marks(frame: Any, name: str) -> Any:
    """The frame with its marks as `origin_of` has them, with a warning if they said otherwise; an unmarked one as it is."""
    if not is_marked(frame):
        return frame
    words, _ = words_of(frame)
    wrong = sum(before != now and before != "unknown" for before, now in zip(marks_of(frame), words, strict=True))
    if not wrong:
        return frame
    warnings.warn(
        f"{wrong:,} of the {len(words):,} rows of {shown(name)} aren't what their marks say: they were changed or replaced since, or no "
        "run that is known here made them. The file's marks say “edited” or “unknown” instead. See synthnb.origin_of(frame).",
        SynthnbWarning,
        stacklevel=4,
    )
    return with_claim(with_marks(frame, words), claim_of(frame))


def refuse_as_real(frame: Any, what: str) -> None:
    """Refuse what is stated to be real where some of its rows are known, or marked, to be synthetic.

    Raises
    ------
    OptionError
        Some are; the message says how many, and which runs made them.
    """
    words, found = words_of(frame)
    made = sum(word in ("synthetic", "edited") for word in words)
    if made and not _was_read(frame):
        whose = ", ".join(dict.fromkeys(origin.run for origin in found.runs)) or "software, as their marks say"
        some = f"{what} was" if made == len(words) else f"{made:,} of the {len(words):,} rows of {what} were"
        raise OptionError(f"Real rows were expected; {some} made by {whose}.", fix="Pass the real rows only: see synthnb.origin_of(frame).")


def _was_read(frame: Any) -> bool:
    """Whether a frame is, cell for cell, one that a run learnt from and that nothing was known of: a run may repeat its source's rows."""
    from synthnb._frames import frame_digest

    read = [
        table for entry in session.entries() for table in mapping(entry.get("detail")).get("inputs") or [] if isinstance(table, Mapping)
    ]
    return not is_marked(frame) and any(not table.get("origin") and table.get("digest") == frame_digest(frame) for table in read)


def depth_of(source: Any) -> tuple[int, float]:
    """Return how many generations of software lie between a frame or a file and real data, and which share of its rows is synthetic.

    Parameters
    ----------
    source : frame, Synthesis, str, Path, or mapping of frames
        What is asked about; of several tables, the deepest counts.

    Returns
    -------
    depth : int
        0 if nothing is known of it, as for real data.
    share : float
        From 0 to 1.
    """
    if isinstance(source, Mapping):
        return deepest(depth_of(table) for table in source.values())
    origin = whence_of(source)
    return (0, 0.0) if origin is None else (origin.depth, origin.share)


def whence_of(source: Any) -> Origin | None:
    """The run that made a frame or a file's table, with depth and share; None for what may be real.

    Of rows from several runs the latest run is named, and the deepest counts.
    """
    if isinstance(source, str | Path):
        facts = facts_of(Path(source)) if is_table(source) and Path(source).is_file() else {}
        return origin_told(facts) if facts else None
    frames = getattr(source, "frames", None)
    if frames:
        return _deepest([origin for frame in frames.values() if (origin := whence_of(frame)) is not None])
    frame = getattr(source, "frame", source)
    if not (hasattr(frame, "columns") and hasattr(frame, "__len__") and len(frame)):
        return None
    try:
        words, found = words_of(frame)
    except FrameError:  # what can't be used is said by who uses it
        return None
    told = believed(frame)
    share = sum(word in ("synthetic", "edited") for word in words) / len(words)
    if not share:
        return told
    runs = [*found.runs, *([told] if told else [])] or [Origin("", "rows marked synthetic")]
    return Origin(runs[0].run, runs[0].name, max(origin.depth for origin in runs), share)


def _deepest(origins: Sequence[Origin]) -> Origin | None:
    """Of several tables' origins the first, as deep as the deepest of them."""
    pairs = [(origin.depth, origin.share) for origin in origins]
    return replace(origins[0], depth=deepest(pairs)[0], share=deepest(pairs)[1]) if origins else None


def believed(frame: Any) -> Origin | None:
    """What a frame says made it, where that may be so: none if the run is known here and the values of most rows aren't its own.

    Of a mixture some rows' values need to be.
    """
    claim = claim_of(frame)
    if not claim.get("run"):
        return None
    origin = replace(origin_told(claim), claimed=True)
    alone, parts = session.origins.possible(frame, origin.run), _mixed_from(origin.run)
    if alone is not None:
        return origin if alone > 1 / 2 else None
    known = [session.origins.possible(frame, run) for run in parts]
    return None if known and not any(share is None or share > 0 for share in known) else origin


def _mixed_from(run: str) -> list[str]:
    """The runs whose rows a mixture of this session has."""
    details = [mapping(entry.get("detail")) for entry in session.entries() if entry["id"] == run and entry["kind"] == "mix"]
    return [str(part["origin"].get("run")) for detail in details for part in detail["inputs"] if isinstance(part["origin"], Mapping)]


def traced(inputs: Sequence[Mapping[str, Any]], source: Any) -> list[dict[str, Any]]:
    """A run's inputs with what is known of where their rows come from, where anything is.

    Parameters
    ----------
    inputs : sequence of mapping
        As the run has them.
    source : frame, mapping of frames, str or Path
        What the run was given.
    """
    tables = list(source.values()) if isinstance(source, Mapping) else [source]
    known = [whence_of(table) for table in tables[: len(inputs)]]
    if isinstance(source, Mapping):
        known = [whence_of(source[str(item["name"])]) if str(item["name"]) in source else None for item in inputs]
    origins = [*known, *[None] * (len(inputs) - len(known))]
    return [dict(item) | ({"origin": origin.to_dict()} if origin else {}) for item, origin in zip(inputs, origins, strict=True)]


def heed_source(source: Any, name: str) -> None:
    """Warn where synthetic data are about to seed another generation, or a frame has lost its marks."""
    file = Path(source).name if isinstance(source, str | Path) and is_table(source) and name == "real" else name
    for label, table in source.items() if isinstance(source, Mapping) else [(file, source)]:
        warn_of_lost_marks(table, str(label))
        depth, share = depth_of(table)
        if depth and share:
            warnings.warn(
                f"Synthetic data seed another generation: of {shown(str(label))}, {whence(depth, share)}. What is made of it is "
                f"{depth + 1} generations deep: errors add up, and rare cases get lost. Learn from real data where you can. "
                "The record states the depth.",
                SynthnbWarning,
                stacklevel=4,
            )


def warn_of_lost_marks(frame: Any, name: str) -> None:
    """Warn where a frame says that it had marks of origin, and has none now."""
    if has_lost_marks(frame):
        warnings.warn(
            f"{shown(name)} comes from a frame with marks of origin and has lost them, so what its rows are can only be guessed. "
            "Keep the column synthnb_origin, or mark the rows again: synthnb.mark(frame).",
            SynthnbWarning,
            stacklevel=4,
        )


def heed_compared(synthetic: Any, real: Any, names: Sequence[str]) -> None:
    """Warn where what is evaluated as synthetic is so only in part, or what it is compared with was made by a run."""
    warn_of_lost_marks(synthetic, names[0])
    origin, other = whence_of(synthetic), None if real is None else whence_of(real)
    if origin is not None and 0 < origin.share < 1:
        warnings.warn(
            f"{shown(names[0])} is a mixture: {percent(origin.share)} of its rows are known to be synthetic, the others may be real. "
            "The scores are of the mixture, and a real row in it counts as a copy. To judge the synthetic rows evaluate them alone.",
            SynthnbWarning,
            stacklevel=3,
        )
    if other is not None and other.share == 1:
        warnings.warn(
            f"{shown(names[1])}, which is compared with as real, was made by {other.run or 'software, as its marks say'}. "
            "Scores against synthetic data say nothing of real ones.",
            SynthnbWarning,
            stacklevel=3,
        )
