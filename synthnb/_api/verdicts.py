"""The verb that has a language model judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._api.calling import calls_to
from synthnb._api.governing import governed
from synthnb._api.keeping import entry_of
from synthnb._api.making import read_source
from synthnb._progress import Progress, no_progress
from synthnb.disclosure.session import session

if TYPE_CHECKING:
    from synthnb._api.governing import Sends
    from synthnb.engines.egress import Policy, Scanned
    from synthnb.evaluation.human.rubrics import Rubric
    from synthnb.evaluation.judge import Judgement, Lot
    from synthnb.models.base import Model, ModelInfo
    from synthnb.models.limits import Limits

__all__ = ["judge"]


def judge(
    synthetic: Any,
    real: Any = None,
    *,
    model: str | Model | None = None,
    n: int = 40,
    rubric: Rubric | str | Path | Sequence[str] = "plausibility",
    text: str | None = None,
    columns: Sequence[str] | None = None,
    repeats: int = 3,
    pairs: int | None = None,
    others: Mapping[str, Any] | None = None,
    names: tuple[str, str] = ("synthetic", "real"),
    limits: Limits | Mapping[str, Any] | None = None,
    allow_hosted: bool = False,
    identifiers: Policy | None = None,
    sensitive: bool = False,
    override: str | None = None,
    random_state: int | None = None,
    progress: Progress | None = None,
) -> Judgement:
    """Return what a language model says of synthetic items, and how far that can be relied on.

    Parameters
    ----------
    synthetic : frame, Synthesis or Review
        What is judged. Of a review by people, its items are: the judge is then compared with them.
    real : frame, optional
        Real rows or texts, judged among the synthetic ones and compared with them in pairs.
    model : str or Model, optional
        The judge, as `%synth models` lists it; the setting ``model`` by default.
    n : int
        How many items, half of them real if there are real ones.
    rubric : Rubric, str or Path
        What is asked; see `synthnb.evaluation.human.rubrics`.
    text : str, optional
        The column whose texts are judged; rows are, if left out.
    columns : sequence of str, optional
        What is shown of a row.
    repeats : int
        How often each item is judged.
    pairs : int, optional
        Pairs of a real and a synthetic item, each shown in both orders; as many as there can be, if left out.
    others : mapping, optional
        Further synthetic frames by the family of the model that made them, such as ``{"qwen": frame}``: whether the judge
        favours its own family is seen by these.
    names : tuple of str
        What the frames are called.
    limits, allow_hosted, identifiers, sensitive
        As for every verb with a language model. Real items reach a hosted judge only if ``allow_hosted`` and the
        setting ``hosted_rows`` let them.
    override : str, optional
        Why it is done although a rule of the policy is broken; the record states it.
    random_state : int, optional
        Seed from 0 to 2**32 - 1.
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Raises
    ------
    OptionError
        The rubric asks for the origin and there are no real rows, what is judged may not leave this machine, or a number
        is out of range or no whole number.
    FrameError
        A frame has too few rows.
    ModelError
        The judge can't be used.
    """
    from synthnb._random import resolve_seed
    from synthnb.evaluation.human import find_rubric
    from synthnb.evaluation.judge import judge_items, of_frames, of_review

    seed = resolve_seed(random_state)
    family = _family_of(synthetic)
    if hasattr(synthetic, "raters"):
        lot = of_review(synthetic, family=family)
    else:
        lot = of_frames(
            read_source(synthetic, "")[0],
            None if real is None else read_source(real, "")[0],
            n=n,
            rubric=find_rubric(rubric),
            text=text,
            columns=columns,
            name=names[0],
            family=family,
            others={maker: read_source(frame, "")[0] for maker, frame in (others or {}).items()},
            seed=seed,
        )
    real_names = [] if _is_synthetic(synthetic, real, others) else [names[1]]
    sends: Sends = "rows" if real_names else "nothing"
    with (
        governed("judge", model=model, sources=real_names, sends=sends, override=override) as under,
        calls_to(model, limits=limits, sensitive=sensitive) as calls,
    ):
        scanned = _let_out(lot, calls.model.info, known=_is_synthetic(synthetic, real, others), allowed=allow_hosted, policy=identifiers)
        found = judge_items(
            lot,
            calls=calls,
            repeats=repeats,
            pairs=pairs,
            seed=seed,
            progress=progress or no_progress,
            scanned=scanned,
        )
    session.remember(entry_of(found))
    under.remember_exceptions(found.id, found.synthetic)
    return found


def _family_of(synthetic: Any) -> str:
    """The family of the model that wrote a frame's values, where a run of this session tells; else empty."""
    run = getattr(synthetic, "run", None)
    if run is not None:
        return str((run.to_dict().get("model") or {}).get("family") or "")
    if hasattr(synthetic, "raters"):
        made = [entry for entry in session.entries() if entry.get("content") == synthetic.frame_digest]
    else:
        origin = session.origins.whole(read_source(synthetic, "")[0])
        made = [entry for entry in session.entries() if origin is not None and entry["id"] == origin.run]
    model = made[-1]["detail"].get("model") if made else None
    return str((model or {}).get("family") or "")


def _is_synthetic(synthetic: Any, real: Any, others: Mapping[str, Any] | None) -> bool:
    """Whether every cell that would be sent is known to be synthetic."""
    if real is not None or hasattr(synthetic, "raters"):
        return False
    frames = [read_source(frame, "")[0] for frame in (synthetic, *(others or {}).values())]
    return all(session.origins.is_synthetic(frame, list(map(str, frame.columns))) for frame in frames)


def _let_out(lot: Lot, info: ModelInfo, *, known: bool, allowed: bool, policy: Policy | None) -> Scanned:
    """Refuse to send a hosted judge what may not leave this machine; what was looked for in it, by column."""
    from synthnb.engines.egress import permit, preflight

    rows: Any = "synthetic" if known else "real"
    permit(info, rows=rows, allowed=allowed, what=f"the {len(lot.items)} items to judge")
    return preflight(info, lot.cells, rows=rows, what="the items to judge", policy=policy)
