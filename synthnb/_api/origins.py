"""Where rows come from: marks, what files say, and what is known of a frame before something is made of it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
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
    """What a file says of its rows; empty where it says nothing, or what is beside it is about another version of it."""
    from synthnb._canonical import digest_file
    from synthnb.disclosure.sidecar import read_data_facts

    facts = read_data_facts(path)
    if isinstance(facts, str) or not facts:
        return {}
    if path.suffix.lower() in BARE and digest_file(path) != facts.get("sha256"):
        warnings.warn(
            f"{path.name} isn't the file that the record beside it is about: it was changed or replaced. Its rows are taken for real ones. "
            "To see what differs run: synthnb verify",
            SynthnbWarning,
            stacklevel=3,
        )
        return {}
    _hear(path)
    return facts


def _register(frame: Any, facts: Mapping[str, Any]) -> None:
    """Remember the synthetic rows of a file, and what it said, with the frame."""
    origin, marked = origin_told(facts), is_marked(frame)
    keep = [word == "synthetic" for word in marks_of(frame)] if marked else [origin.share == 1] * len(frame)
    if any(keep):
        session.origins.register(replace(origin, share=1.0), frame[keep])
    with_claim(frame, _claim(origin, marked=marked))


def origin_told(facts: Mapping[str, Any]) -> Origin:
    """The run that a file or a frame says made it; what they say may come from anywhere."""
    run = str(facts.get("run", ""))
    return Origin(run if _ID.fullmatch(run) else "", str(facts.get("name", ""))[:_LONGEST_NAME], *known_of(facts))


def _claim(origin: Origin, *, marked: bool) -> dict[str, Any]:
    return asdict(origin) | {"marked": marked}


def claimed(frame: Any, origin: Origin) -> Any:
    """Return a frame that says which run made it."""
    return with_claim(frame, _claim(origin, marked=False))


def origin_of(frame: Any) -> pd.Series[Any]:
    """Return what each row of a frame is: ``synthetic``, ``real``, ``edited`` or ``unknown``.

    A row is synthetic if a run of this session, or of a file that was read, made it just so; edited if it was
    changed since; real only if somebody stated so. Where the frame has marks they count, but a row that is marked
    synthetic and differs from what its run made is edited.

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
    return [_settled(mark, seen) for mark, seen in zip(marks_of(frame), known, strict=True)], found


def _settled(mark: Word, seen: Word) -> Word:
    """A mark against what was recognised: it stands, but for a row that was changed since, or that nobody marked."""
    if mark == "synthetic" and seen == "edited":
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
        It isn't one of these words, or the rows are stated to be real and a run made them.
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


def refuse_as_real(frame: Any, what: str) -> None:
    made = session.origins.whole(frame)
    if made is not None:
        raise OptionError(f"Real rows were expected; {what} was made by {made.run}.", fix="Pass the real frame, or leave the word out.")


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
    frame = next(iter(source.frames.values())) if getattr(source, "frames", None) else getattr(source, "frame", source)
    if not (hasattr(frame, "columns") and hasattr(frame, "__len__") and len(frame)):
        return None
    try:
        words, found = words_of(frame)
    except FrameError:  # what can't be used is said by who uses it
        return None
    claim = claim_of(frame)
    told = [origin_told(claim)] if claim.get("run") else []
    share = sum(word in ("synthetic", "edited") for word in words) / len(words)
    if not share:
        return told[0] if told else None
    runs = [*found.runs, *told] or [Origin("", "rows marked synthetic")]
    return Origin(runs[0].run, runs[0].name, max(origin.depth for origin in runs), share)


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
    return [dict(item) | ({"origin": asdict(origin)} if origin else {}) for item, origin in zip(inputs, origins, strict=True)]


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
