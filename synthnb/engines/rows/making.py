"""From what was written to a synthesis: rows put together, counted, explained, and the run that says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synthnb._canonical import Json, digest
from synthnb._clock import utc_now
from synthnb._frames import frame_digest
from synthnb.engines.base import Run, Synthesis, new_run_id, versions
from synthnb.engines.rows.curation import Curated, curate
from synthnb.engines.rows.examples import Pool
from synthnb.engines.rows.prompts import SYSTEM, TEMPLATE
from synthnb.engines.rows.writing import ASK_AGAIN
from synthnb.errors import shown

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.engines.egress import Policy, Scanned
    from synthnb.engines.llm.runs import Clock
    from synthnb.engines.rows.ground import Ground
    from synthnb.engines.rows.writing import Writing

__all__ = ["Making", "Options"]

_REPEATED = "it repeated what a rule wants to be different in every row"
_DROPPED = "curation: the classifier was confidently of another opinion about the label"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a call asks, checked."""

    examples: int
    """Rows shown in a call."""
    share: str
    """``summary`` or ``rows``."""
    quotas: bool
    """Whether levels are fixed beforehand."""
    choose: str
    """``balanced`` or ``residual``."""
    target: str | None
    """The column that will be predicted."""
    curate: bool
    """Whether rows are curated."""
    per_call: int
    """Rows asked for in a call."""
    temperature: float
    """How freely words are chosen."""
    top_p: float
    """From which share of the likeliest ones."""
    allow_hosted: bool
    """Whether what is shared may leave this machine."""
    identifiers: Policy | None
    """What a direct identifier does; None for the default."""
    preview: int | None = None
    """Rows of which a preview was asked for; None to write all."""


@dataclass(frozen=True)
class Making:
    """From what was written to the synthesis."""

    ground: Ground
    """What was written from."""
    writing: Writing
    """What was written."""
    options: Options
    """What was asked."""
    clock: Clock
    """When it began."""
    name: str
    """What the rows are called."""
    source_name: str
    """What the real frame is called."""
    scanned: Scanned
    """What was found in what was sent."""

    def synthesis(self) -> Synthesis:
        """The frame in the source's kind, and the run."""
        run_id = new_run_id()
        slots = [slot for slot, made in enumerate(self.writing.made) if made is not None]
        rows = [made.values for made in self.writing.made if made is not None]
        explained = Counter({str(item["reason"]): int(item["count"]) for item in self.writing.explained})
        frame = self.ground.assembled(rows)
        kept = ~self.ground.repeats(frame)
        explained[_REPEATED] += int((~kept).sum())
        frame, slots = frame[kept].reset_index(drop=True), [slot for slot, keep in zip(slots, kept, strict=True) if keep]
        curated = self._curated(frame)
        if curated is not None:
            explained[_DROPPED] += len(frame) - len(curated.frame)
            slots = [slot for slot, keep in zip(slots, curated.kept, strict=True) if keep]
            frame = curated.frame
        frame = self._whole(frame)
        for number, slot in enumerate(slots):
            made = self.writing.made[slot]
            assert made is not None
            self.writing.calls.used(made.reply, run=run_id, unit=f"row:{number}")
        self._declare_rows()
        run = self._run(run_id, frame, [{"count": n, "reason": why} for why, n in explained.most_common() if n], curated)
        return Synthesis(self.ground.restore(frame) if self.ground.restore else frame, run)

    def _curated(self, frame: pd.DataFrame) -> Curated | None:
        if not self.options.curate or self.options.target is None or not len(frame):
            return None
        return curate(frame, self.ground.frame, target=self.options.target, seed=self.ground.recipe.seed, recipe=self.ground.recipe)

    def _whole(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows with fresh identifiers, in the recipe's order."""
        import numpy as np

        if self.ground.layer is not None:
            frame, _ = self.ground.layer.rebuild(frame, numbers=np.arange(len(frame)), seed=self.ground.recipe.seed, unit=(0,))
        return frame[[column.name for column in self.ground.recipe.columns if column.name in frame]]

    def _declare_rows(self) -> None:
        """Tell the account which rows were shown."""
        pool = self.writing.asking.pool
        if pool is None or not self.writing.shown:
            return
        names = [coder.column.name for coder in self.ground.table.coders]
        seen = self.ground.frame[names].iloc[sorted(self.writing.shown)].reset_index(drop=True)
        origin = f"real rows of {self.source_name}" if self.ground.real else "rows drawn from the recipe"
        detail: dict[str, Json] = {"rows": len(seen), "columns": names}
        self.writing.calls.declare_sent(f"{len(seen):,} {origin} as examples", digest=frame_digest(seen), detail=detail)

    def _run(self, run_id: str, frame: pd.DataFrame, explained: list[dict[str, Json]], curated: Curated | None) -> Run:
        ground, calls = self.ground, self.writing.calls
        info = calls.model.info
        recipe = ground.recipe
        account = calls.account()
        return Run(
            id=run_id,
            kind="generate",
            engine="llm",
            engine_reason="It was asked for: a language model writes the rows.",
            recipe_digest=recipe.digest,
            seed=recipe.seed,
            started=self.clock.started,
            ended=utc_now(),
            seconds={"sample": self.clock.seconds},
            requested=len(self.writing.made),
            delivered=len(frame),
            explained=explained,
            counts=self._counts(frame, curated),
            parameters=self._parameters(curated),
            account=self._account(),
            inputs=[_described(self.source_name, ground.frame)] if ground.real else [],
            output=_described(self.name, frame),
            model=info.to_dict() | {"requested": info.id, "returned": ", ".join(account.get("returned", ())) or None},
            calls=account,
            versions=versions(*(["xllamacpp"] if "xllamacpp" in info.provider else [])),
            columns=[{"name": column.name, "kind": column.kind, "how": self._how(column.name, column.kind)} for column in recipe.columns],
            notes=self._notes(curated),
            partial=self.writing.interrupted,
        )

    def _counts(self, frame: pd.DataFrame, curated: Curated | None) -> dict[str, int]:
        tally, rows = self.writing.tally, [made.values for made in self.writing.made if made is not None]
        names = (
            *("rows_asked_again", "lines_unreadable", "rows_against_rules", "rows_over_quota", "rows_off_quota"),
            *("copies_discarded", "cells_made_missing", "cells_repaired"),
        )
        counts = {name: tally[name] for name in names}
        counts["duplicates_left"] = int(frame.duplicated().sum()) if len(frame) else 0
        if self.ground.real:
            counts["uncommon_copies_left"] = Pool(self.ground.layout, self.ground.table).copies(rows)
        if curated is not None:
            counts |= {"rows_curated": len(curated.kept), "rows_dropped": int((~curated.kept).sum())}
        return counts | self.scanned.counts

    def _parameters(self, curated: Curated | None) -> dict[str, Json]:
        asking, options = self.writing.asking, self.options
        sensitive = self.writing.calls.sensitive
        said: dict[str, Json] = {
            "share": options.share if self.ground.real else "recipe",
            "examples": asking.examples if asking.pool is not None else 0,
            "choose": options.choose,
            "target": options.target,
            "groups": list(self.ground.recipe.groups),
            "quotas": [self.ground.table.coders[at].column.name for at in asking.quotas.columns],
            "per_call": asking.per_call,
            "grammar": asking.grammar,
            "separator": asking.layout.separator,
            "asked_again_at_most": ASK_AGAIN,
            "temperature": options.temperature,
            "top_p": options.top_p,
            "max_tokens_per_row": asking.max_tokens,
            "minimum_cell": self.ground.minimum_cell,
            "system": SYSTEM,
            "prompt": None if sensitive else TEMPLATE,
            "columns_digest": digest(asking.columns.encode("utf-8", "replace").decode()),
        }
        said |= {"rules": [rule.text for rule in self.ground.recipe.rules]} if self.ground.recipe.rules else {}
        if self.options.preview is not None:
            said |= {"preview": len(self.writing.made), "preview_of": self.ground.recipe.rows}
        said |= {"where": self.ground.recipe.where} if self.ground.recipe.where else {}
        return said | ({"curation": curated.thresholds} if curated is not None else {})

    def _account(self) -> dict[str, str]:
        asking = self.writing.asking
        way = "held to a grammar of the columns' values" if asking.grammar else "asked for by the prompt and read strictly"
        real = self.ground.real
        return {
            "method": f"a language model wrote the rows as lines of values, {asking.per_call} a call, {way}",
            "missing_data": "a cell is missing where the model left it empty, or wrote what its column can't hold",
            "record_links": "none; rows aren't made from single source rows",
            "copies": "rows equal to an uncommon real row that was shown are discarded; those equal to one that wasn't are counted"
            if real
            else "not looked for, since no real row was read",
            "calls": f"independent calls; a row that didn't come or may not stand is asked for again at most {ASK_AGAIN} times",
            "prompt_versions": "one version in this run",
            "other_models": "none",
        }

    def _how(self, name: str, kind: str) -> str:
        if kind == "text":
            return "left out"
        layer = self.ground.layer
        if layer is not None and name in layer.how:
            return layer.how[name]
        places = [self.ground.whole.coders[at].column.name for at in self.ground.written]
        info = self.writing.calls.model.info
        writer = f"{'' if info.stand_in else 'the language model '}{info.name}"
        return f"written by {writer}" if name in places else "the one value it has" if kind == "constant" else "left empty"

    def _notes(self, curated: Curated | None) -> Sequence[str]:
        ground, asking = self.ground, self.writing.asking
        notes = [*ground.notes, *self.scanned.notes]
        if self.options.preview is not None:
            notes.append(f"This is a preview: the first {len(self.writing.made):,} of {ground.recipe.rows:,} rows.")
        if ground.real and asking.pool is None:
            notes.append(
                f"The model saw figures over at least {ground.minimum_cell} rows of {shown(self.source_name)}, and no row of it."
                if ground.hides
                else f"The model saw figures of {shown(self.source_name)}, and no row of it."
            )
        elif ground.real:
            notes.append(f"The model was shown {len(self.writing.shown):,} of {len(ground.frame):,} rows of {shown(self.source_name)}.")
        notes += [
            f"{count:,} levels of {shown(column)} that fewer than {ground.minimum_cell} rows hold weren't told, and so aren't written."
            for column, count in (ground.summary.withheld.items() if ground.hides else ())
        ]
        if asking.per_call < self.options.per_call:
            notes.append(f"{asking.per_call} rows a call were asked for instead of {self.options.per_call}: the model's context is small.")
        notes += [
            f"Column {shown(column.name)} was left out: {column.why}. Drop it, or have a model write one."
            for column in ground.recipe.columns
            if column.kind == "text"
        ]
        if curated is not None:
            notes.append(curated.note)
        return [*notes, *(ground.layer.notes({}) if ground.layer else ())]


def _described(name: str, frame: pd.DataFrame) -> dict[str, Json]:
    return {"name": name, "rows": len(frame), "columns": list(frame.columns), "digest": frame_digest(frame)}
