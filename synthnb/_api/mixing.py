"""Real and synthetic rows in one frame: mixed here, or recognised in what somebody put together."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from synthnb._api.origins import believed, entries_known, read_table, refuse_as_real, words_of
from synthnb._display import Shown
from synthnb._marks import Word, is_marked, with_claim, with_marks, without_marks
from synthnb.disclosure.generations import descent
from synthnb.disclosure.mixing import Part, entry_for_mix, mix_detail
from synthnb.disclosure.session import session
from synthnb.errors import FrameError, SynthnbWarning, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Mixed", "mix", "recognised_mix"]

_MOST_NAMED = 5


@dataclass(frozen=True, repr=False)
class Mixed(Shown):
    """Real and synthetic rows in one frame, each marked."""

    display_name: ClassVar[str] = "mixed"
    frame: Any
    """The rows, with the column ``synthnb_origin``."""
    run: Mapping[str, Any]
    """What was joined, in the shape of a run."""

    def to_dict(self) -> dict[str, Any]:
        """What was joined, as plain JSON types; rows are never part of it."""
        return dict(self.run)

    def __repr__(self) -> str:
        output = self.run["output"]
        parts = ", ".join(f"{part['rows']:,} {_kind(part['origin'])}" for part in self.run["inputs"])
        return (
            f"<Mixed {str(output['name'])[:60]!r}: {output['rows']:,} rows ({parts}) × {len(output['columns'])} columns, {self.run['id']}>"
        )


def _kind(origin: object) -> str:
    return "synthetic" if isinstance(origin, Mapping) else str(origin)


def mix(
    real: Any,
    synthetic: Any,
    *,
    name: str = "mixed",
    real_name: str = "real",
    synthetic_name: str = "synthetic",
    random_state: int | None = None,
) -> Mixed:
    """Return real and synthetic rows in one frame, each marked, and remember that and how they were mixed.

    Parameters
    ----------
    real : frame, str or Path
        Real rows: a frame, or a file.
    synthetic : frame, Synthesis, str or Path
        Synthetic rows with the same columns. Rows of it that are marked real stay real, with a warning.
    name, real_name, synthetic_name : str
        What the frames are called in the record.
    random_state : int, optional
        A seed to shuffle the rows with; real rows come first by default.

    Returns
    -------
    Mixed
        ``.frame``, of the real frame's kind, with the column ``synthnb_origin``; ``.run``.

    Raises
    ------
    FrameError
        The columns differ.
    OptionError
        Some of the real rows were made by a run, or are marked as synthetic.
    """
    from synthnb._clock import utc_now
    from synthnb._frames import frame_digest, to_pandas

    started = utc_now()
    frames = [_taken(real, real_name), _taken(synthetic, synthetic_name)]
    refuse_as_real(frames[0][0], shown(frames[0][1]))
    reals: list[Word] = ["real"] * len(frames[0][0])
    words = [*reals, *_stated(*frames[1])]
    parts = [_real_part(*frames[0]), *_synthetic_parts(*frames[1])]
    _, restore = to_pandas(without_marks(frames[0][0]))
    both, order = _joined(*(without_marks(frame) for frame, _ in frames), seed=random_state)
    out = with_marks(restore(both), [words[at] for at in order])
    columns = list(map(str, both.columns))
    detail = mix_detail(parts, name=name, columns=columns, digest=frame_digest(out), started=started)
    out = with_claim(out, {"run": detail["id"], "name": name, "depth": descent(detail)[0], "share": detail["share"], "marked": True})
    session.remember(entry_for_mix(detail))
    return Mixed(out, detail)


def _taken(given: Any, name: str) -> tuple[Any, str]:
    from synthnb._frames import frame_of

    if isinstance(given, str | Path):
        return read_table(given), Path(given).name if name in ("real", "synthetic") else name
    return frame_of(given), name


def _stated(frame: Any, name: str) -> list[Word]:
    """What rows are that somebody says are synthetic: what is known of them, else as stated."""
    words, _ = words_of(frame)
    if real := words.count("real"):
        warnings.warn(
            f"{real:,} of the {len(words):,} rows of {shown(name)}, which is mixed in as synthetic, are marked real. They stay real, and "
            "the share counts them so.",
            SynthnbWarning,
            stacklevel=4,
        )
    return ["synthetic" if word == "unknown" else word for word in words]


def _real_part(frame: Any, name: str) -> Part:
    from synthnb._frames import frame_digest, to_pandas

    return Part(name, len(frame), "real", digest=frame_digest(without_marks(frame)), columns=list(map(str, to_pandas(frame)[0].columns)))


def _synthetic_parts(frame: Any, name: str) -> list[Part]:
    """The runs that made rows of a frame, and what is left as somebody states it."""
    from synthnb._frames import frame_digest

    parts = _parts_of(frame, rest="synthetic", rest_name=name)
    return [replace(parts[0], digest=frame_digest(without_marks(frame)))] if len(parts) == 1 else parts


def _parts_of(frame: Any, *, rest: str, rest_name: str) -> list[Part]:
    """A frame's rows by the run that made them, real ones as marked, and the rest."""
    words, found = words_of(frame)
    made = [-1 if word in ("real", "unknown") else int(at) for word, at in zip(words, found.which, strict=True)]
    parts = []
    for number, origin in enumerate(found.runs):
        rows = [word for word, at in zip(words, made, strict=True) if at == number]
        parts.append(Part(origin.name, len(rows), origin.to_dict(), edited=rows.count("edited"), by_model=_is_by_model(origin.run)))
    left = [word for word, at in zip(words, made, strict=True) if at < 0]
    return [part for part in (*parts, *_left_over(left, frame, rest=rest, rest_name=rest_name)) if part.rows]


def _left_over(left: list[Word], frame: Any, *, rest: str, rest_name: str) -> list[Part]:
    """Rows of no run that is known here, by their marks; of unmarked ones what the frame, or else its user, says is synthetic."""
    edited, unknown, told = left.count("edited"), left.count("unknown"), believed(frame)
    if rest == "unknown":
        others = Part("", unknown, "unknown")
    elif told is None:
        others = Part(rest_name, unknown, "synthetic")
    else:
        others = Part(told.name, unknown, told.to_dict(), by_model=_is_by_model(told.run))
    return [
        Part("rows marked synthetic", left.count("synthetic") + edited, "synthetic", edited=edited, marked=True),
        Part("rows marked real", left.count("real"), "real", marked=True),
        others,
    ]


def _is_by_model(run: str) -> bool | None:
    """Whether a run used a language model; None if nothing is known of it here."""
    from synthnb.disclosure._run_fields import digital_source_type

    known = [entry for entry in entries_known() if entry["id"] == run and "output" in entry["detail"]]
    return None if not known else "rainedAlgorithmicMedia" in digital_source_type(known[-1]["detail"] | {"kind": known[-1]["kind"]})


def _joined(real: Any, synthetic: Any, *, seed: int | None) -> tuple[pd.DataFrame, list[int]]:
    """Both frames, one on top of the other, and which row stands where."""
    import pandas as pd

    from synthnb._frames import to_pandas
    from synthnb._random import generator

    top, below = to_pandas(real, what="real frame")[0], to_pandas(synthetic, what="synthetic frame")[0]
    if set(top.columns) != set(below.columns):
        only = {"real": set(top.columns) - set(below.columns), "synthetic": set(below.columns) - set(top.columns)}
        told = "; ".join(f"only the {which} has {', '.join(sorted(names)[:_MOST_NAMED])}" for which, names in only.items() if names)
        raise FrameError(f"Frames to mix need the same columns; {told}.", fix="Drop or rename columns first.")
    both = pd.concat([top, _alike(below[list(top.columns)], top)], ignore_index=True)
    order = list(range(len(both))) if seed is None else [int(at) for at in generator(seed, "mix").permutation(len(both))]
    return (both if seed is None else both.iloc[order].reset_index(drop=True)), order


def _alike(below: pd.DataFrame, top: pd.DataFrame) -> pd.DataFrame:
    """The lower frame with the upper one's categories, where they hold its own, so that a category stays one."""
    import pandas as pd

    out = below.copy(deep=False)
    for name in top.columns:
        kind, other = top[name].dtype, below[name].dtype
        if (
            isinstance(kind, pd.CategoricalDtype)
            and isinstance(other, pd.CategoricalDtype)
            and set(other.categories) <= set(kind.categories)
        ):
            out[name] = below[name].astype(kind)
    return out


def recognised_mix(frame: Any, name: str) -> dict[str, Any] | None:
    """The entry of a frame that somebody put together by hand, of which some rows are synthetic; None if none is known to be.

    The rows that aren't recognised and bear no mark are of unknown origin; they may be real.
    """
    from synthnb._clock import utc_now
    from synthnb._frames import frame_digest, to_pandas

    parts = _parts_of(frame, rest="unknown", rest_name="")
    if not any(part.is_synthetic for part in parts):
        return None
    columns = list(map(str, to_pandas(frame)[0].columns))
    detail = mix_detail(
        parts, name=name, columns=columns, digest=frame_digest(frame), started=utc_now(), recognised=True, marked=is_marked(frame)
    )
    return entry_for_mix(detail)
