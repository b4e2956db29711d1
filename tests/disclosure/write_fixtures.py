"""Write ``tests/fixtures/disclosure/*.json``, which bind Python and TypeScript.

Run ``python tests/disclosure/write_fixtures.py`` after a change of the rules,
and read the difference: the tests then hold both languages to it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from synthnb._canonical import digest
from synthnb.disclosure.folding import fold, substance
from synthnb.disclosure.notebook import MIME, SCHEMA, apply, harvest, upsert
from synthnb.disclosure.render import BEGIN, END, inline, render_block

FOLDER = Path(__file__).parents[1] / "fixtures" / "disclosure"
NOW = "2026-11-23T16:00:00Z"
Json = dict[str, Any]


def entry(name: str, kind: str, minute: int, slot: str, fields: Json, **more: Any) -> Json:
    """An entry with the right digest."""
    made = {"id": name, "kind": kind, "created": f"2026-11-23T15:{minute:02d}:00Z", "slot": slot, "partial": False, "fields": fields}
    made |= {"detail": {}} | more
    return made | {"digest": digest(made)}


def code(*entries: Json, source: str = "%synth") -> Json:
    """A code cell whose output carries entries, or has no output."""
    bundle = {MIME: {"schema": SCHEMA, "entries": list(entries)}, "text/plain": "done"}
    outputs = [{"output_type": "display_data", "data": bundle, "metadata": {}}] if entries else []
    return {"cell_type": "code", "id": "c1", "metadata": {}, "execution_count": 1, "outputs": outputs, "source": source}


def text(source: str | list[str], **metadata: Any) -> Json:
    """A Markdown cell."""
    return {"cell_type": "markdown", "id": "m1", "metadata": metadata, "source": source}


def disclosure(source: str) -> Json:
    """A disclosure cell."""
    return text(source, synthnb={"role": "disclosure"}, tags=["synthnb-disclosure"])


RUN = entry(
    "run-aaaaaaaaaaaa",
    "generate",
    10,
    "generate:synthetic",
    {
        "isSynthetic": "synthetic: every value is synthetic",
        "humanReadableStatement": "synthetic holds 2,139 synthetic rows made by synthnb 0.1.0 from actg175; no row is a real patient.",
        "toolNameVersion": ["synthnb 0.1.0", "Python 3.11.9"],
        "seed": "synthetic: 7",
        "missingDataHandling": "synthetic: the pattern of missing values is modelled",
        "intent": "a machine must never state this",
    },
    detail={"rows": 2139, "share": 0.25, "tiny": 1e-7, "large": 1e20 / 1e5, "name": "Zoë 🜛"},
)
RERUN = entry("run-bbbbbbbbbbbb", "generate", 20, "generate:synthetic", RUN["fields"] | {"seed": "synthetic: 8"})
COLUMN = entry(
    "run-cccccccccccc", "column", 15, "column:synthetic.note", {"toolNameVersion": "synthnb 0.1.0", "modelName": "SmolLM2-135M-Instruct"}
)
REPORT = entry(
    "report-dddddddddddd",
    "evaluate",
    30,
    "evaluate:synthetic",
    {"fidelityResults": "synthetic: mean 0.97", "toolNameVersion": "synthnb 0.1.0"},
)
SAID = entry(
    "said-111111111111",
    "disclose",
    40,
    "disclose",
    {"responsiblePerson": "Ada Núñez", "intent": "augmentation", "seed": "not theirs to say"},
)
SAID_LATER = entry(
    "said-222222222222",
    "disclose",
    41,
    "disclose",
    {"intent": "", "limitations": ["small", "", "one trial"], "missingDataHandling": "imputed by hand"},
)
SAID_LAST = entry("said-333333333333", "disclose", 42, "disclose", {"missingDataHandling": " ", "responsiblePerson": 7, "license": "CC0"})
HOSTILE = "</td><script>alert(1)</script> | `x` **b** [l](javascript:x) $a$ \\(b\\) https://e.vil WWW.e.vil " + END
EVIL = entry(
    "run-eeeeeeeeeeee",
    "generate",
    12,
    "generate:" + HOSTILE,
    {
        "humanReadableStatement": HOSTILE,
        "seed": [f"value {number}" for number in range(8)],
        "fullPrompt": "a\n\n- b\t" + "🜛" * 400,
        "noSuchField": "x",
    },
)
BROKEN: list[Any] = [
    {"id": "x"},
    None,
    RUN | {"id": "run aa"},
    RUN | {"created": "yesterday"},
    RUN | {"id": "n1", "detail": {"n": 2**53}},
    RUN | {"id": "n2", "detail": {"\ud800": 1}},
    RUN | {"id": "n3", "slot": ""},
    RUN | {"id": "n4", "fields": []},
    RUN | {"id": "n5", "detail": "text"},
    RUN | {"id": "n6", "detail": None},
]


def case(name: str, about: str, cells: list[Any], metadata: Json | None = None, *, restore: bool = False) -> None:
    """Write one case: the input, and what harvest and upsert make of it."""
    notebook: Json = {"cells": cells, "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 5}
    edits = upsert(cells, notebook["metadata"], now=NOW, restore=restore)
    expected = {"harvest": harvest(cells, notebook["metadata"]), "edits": edits}
    write(
        name,
        {"about": about, "input": {"cells": cells, "metadata": notebook["metadata"], "now": NOW, "restore": restore}, "expected": expected},
    )


def write(name: str, content: Json) -> None:
    """Write one file; ASCII, because one case holds a lone surrogate."""
    (FOLDER / f"{name}.json").write_text(dumped(content, 6) + "\n", encoding="utf-8")


def dumped(value: Any, levels: int, margin: str = "") -> str:
    """JSON with a line for each item of the outer levels only, so that a difference is short to read."""
    if not levels or not value or not isinstance(value, (dict, list)):
        return json.dumps(value)
    pairs = isinstance(value, dict)
    inside = margin + " "
    if isinstance(value, dict):
        items = [f"{json.dumps(key)}: {dumped(item, levels - 1, inside)}" for key, item in value.items()]
    else:
        items = [dumped(item, levels - 1, inside) for item in value]
    inner = f",\n{margin} ".join(items)
    return f"{'{' if pairs else '['}\n{margin} {inner}\n{margin}{'}' if pairs else ']'}"


def about(made: Json, minute: int, content: str) -> Json:
    """The entry with the frame it is about, and what that frame held."""
    more = {key: value for key, value in made.items() if key not in {"created", "digest"}}
    entry = more | {"created": f"2026-11-23T15:{minute:02d}:00Z", "frame": "synthetic", "content": content}
    return entry | {"digest": digest(entry)}


def disclosed(*cells: Json, metadata: Json | None = None) -> Json:
    """The notebook after a first upsert."""
    return apply(upsert(cells, metadata or {}, now=NOW), {"cells": list(cells), "metadata": metadata or {}, "nbformat_minor": 5})


def placing() -> None:
    """Where the cell goes and when."""
    case("nothing", "no record, no edit", [text("# Title"), code()], {"kernelspec": {"name": "python3"}})
    case(
        "first-run",
        "the cell goes after the first cell that carries a record",
        [text("# Title"), code(), code(RUN), code()],
        {"kernelspec": {}},
    )
    done = disclosed(code(RUN))
    case("unchanged", "asking again gives no edits", done["cells"], done["metadata"])
    later = done["cells"] + [code(COLUMN), code(REPORT, SAID)]
    case("later-runs", "later runs update the cell in place; entries are sorted by time", later, done["metadata"])
    stale = [text("# All outputs cleared"), code()]
    case("stale-only", "entries only in the metadata: the cell goes to the end", stale, {"synthnb": {"schema": SCHEMA, "entries": [RUN]}})
    moved = [*done["cells"][1:], *done["cells"][:1], code(COLUMN)]
    case("moved", "a cell that the researcher moved stays where it is", moved, done["metadata"])
    gone = [code(RERUN), *done["cells"][1:]]
    case("rerun", "a run of the same slot supersedes; the old entry is kept and stale", gone, done["metadata"])
    first, again, other = (about(RUN, 10, "one"), about(RERUN, 50, "one"), about(RERUN, 50, "two"))
    said = [about(COLUMN, 15, "one plus note"), about(REPORT, 30, "one plus note")]
    case("made-alike", "made anew with the same content, what was said of a frame still counts", [code(first, *said), code(again)])
    case("made-anew", "made anew with other content, what was said of a frame doesn't count", [code(first, *said), code(other)])
    case("said-before", "what was said of a frame before any run made it doesn't count once one has", [code(*said), code(other)])


def words() -> None:
    """What happens to the researcher's words."""
    done = disclosed(code(RUN))
    run, cell = done["cells"]
    around = cell | {"source": f"My words.\n\n{cell['source']}\nMore of mine."}
    case("own-words", "text outside the block is kept as it is", [run, around, code(COLUMN)], done["metadata"])
    drift = cell | {"source": cell["source"].replace("synthetic data", "REAL data", 1).splitlines(keepends=True)}
    case("drift", "the block is rendered again; a source may be a list of lines", [run, drift], done["metadata"])
    twin = cell | {"source": f"{cell['source']}\n\nWords of the second.", "id": "m2"}
    third = cell | {"source": f"Mine.\n\n{cell['source']}", "id": "m3"}
    case(
        "two-cells",
        "several cells become one; words are appended once",
        [run, around, twin, text("Between"), third, twin],
        done["metadata"],
    )
    bare = text("\n\nI rewrote it all.", tags=["synthnb-disclosure"])
    case("no-block", "a tagged cell without markers gets the block before its words", [run, bare], done["metadata"])
    lone = disclosure(f"One {BEGIN} two\n{BEGIN}old{END} three {END} four {BEGIN}older{END} five")
    case("lone-markers", "lone markers and further blocks are cut out", [run, lone], done["metadata"])
    unnamed = text(f"{BEGIN}\nold\n{END}")
    case("stripped", "a cell whose metadata were stripped is known by its markers", [run, unnamed], done["metadata"])


def deleting() -> None:
    """Opting out and back in."""
    done = disclosed(code(RUN))
    case("deleted", "a deleted cell is an opt-out, with the time", [code(RUN)], done["metadata"])
    out = {
        "synthnb": {key: value for key, value in done["metadata"]["synthnb"].items() if key != "cell"}
        | {"opt_out": {"at": "2026-01-01T00:00:00Z"}}
    }
    case("opted-out", "an opt-out stays, with its time, when runs follow", [code(RUN), code(COLUMN)], out)
    case("restored", "asked to, the cell comes back", [code(RUN)], out, restore=True)
    case("back", "a cell that is back ends the opt-out", [code(RUN), disclosure("")], out)


def damage() -> None:
    """Metadata and outputs of other shapes."""
    foreign = {"synthnb": {"schema": SCHEMA, "entries": [RUN], "later": {"kept": [1, None]}}, "widgets": {"x": 1}}
    case("foreign-keys", "keys of other writers stay", [code(RUN)], foreign)
    case("corrupt-metadata", "metadata of another shape are set aside, not lost", [code(RUN)], {"synthnb": "oops"})
    parts = {"synthnb": {"entries": [RUN, *BROKEN], "unreadable": "earlier", "stale": 3, "fields": [], "digest": 1}}
    case("corrupt-entries", "entries of another shape are set aside", [code(COLUMN)], parts)
    case("corrupt-list", "entries that aren't a list are set aside", [code(COLUMN)], {"synthnb": {"entries": {"a": 1}}})
    case("newer", "a record of a later version is left alone", [code(RUN)], {"synthnb": {"schema": "synthnb.record/2", "entries": []}})
    outputs: list[Any] = [
        {"output_type": "stream", "name": "stdout", "text": ["x"]},
        {"output_type": "display_data", "metadata": {"url": "placeholder"}},
        None,
        {"output_type": "display_data", "data": {MIME: json.dumps({"schema": SCHEMA, "entries": [RUN]})}},
        {"output_type": "execute_result", "data": {MIME: ['{"entries": [', json.dumps(COLUMN), "]}"]}},
        {"output_type": "display_data", "data": {MIME: "{not json"}},
        {"output_type": "display_data", "data": {MIME: '{"entries": [NaN]}'}},
        {"output_type": "display_data", "data": {MIME: {"entries": BROKEN}}},
        {"output_type": "display_data", "data": {MIME: 7}},
    ]
    odd = code() | {"outputs": outputs, "source": 3}
    case("odd-outputs", "records as JSON text, placeholders, damaged records", [7, {"cell_type": "code"}, code(), odd])
    wrong = RUN | {"slot": "generate:other"}
    case(
        "same-id",
        "of one id, an entry with the right digest isn't replaced by a wrong one",
        [code(wrong), code(RUN), code(wrong)],
        {"synthnb": {"entries": [wrong]}},
    )
    bare = {key: value for key, value in RUN.items() if key != "detail"}
    one, true, whole = ({"synthnb": {"schema": SCHEMA, "entries": [bare | {"digest": "", "x": x}]}} for x in (1, True, 1.0))
    flag = bare | {"digest": "", "x": True}
    case("true-isnt-one", "an entry that differs only in true for 1 is another one", [code(flag)], one)
    done = disclosed(code(flag), metadata=true)
    done["metadata"]["synthnb"]["entries"] = one["synthnb"]["entries"]
    case("true-for-one", "metadata that differ only in 1 for true are written again", done["cells"], done["metadata"])
    case("one-is-one", "1.0 in the metadata and 1 in the output are the same", [code(bare | {"digest": "", "x": 1})], whole)
    case("tampered", "a wrong digest alone doesn't hide an entry", [code(wrong)])


def values() -> None:
    """What the record says."""
    case("said", "human fields from disclose entries: the latest wins, a blank withdraws", [code(RUN), code(SAID), code(SAID_LATER)])
    case("withdrawn", "a withdrawn proposal falls back to the machine's", [code(RUN), code(SAID), code(SAID_LATER, SAID_LAST)])
    case("hostile", "values of data can't break out of the block", [code(EVIL), code(RUN)])
    fine = RUN | {"id": "z", "created": "2026-11-23T15:10:00.5Z"}
    case("ties", "fractions of a second and ids order the entries", [code(fine), code(RUN), code(RUN | {"id": "a"})])
    odd: list[str] = [
        HOSTILE,
        "  a \t\n b\u2028c\xa0 ",
        "\x00\u202edcba\u202c\x9f\ufeff",
        "é" * 300,
        "🜛" * 301,
        "5 < 6 & 'a' \"b\" #1! ~x~ _y_",
        "wwW.x.y http://z",
        "",
    ]
    write(
        "inline", {"about": "how a value is written in a table cell", "cases": [{"value": value, "text": inline(value)} for value in odd]}
    )
    blocks: list[Json] = [
        {},
        {"fields": 3, "entries": {}, "stale": "", "digest": "sha256:xyz"},
        {"fields": {"seed": {"values": [{"value": "1"}, {"value": 2}, 3]}}},
        {"fields": {"intent": {"values": [{"value": value} for value in ("\xa0", "- a", "3. b", "12) c", "+d", "-", "2026-11-24", "…")]}}},
        {"fields": {"license": {"values": [{"value": f"sha256:{'0f' * 32} and sha256:{'AB' * 32}", "proposed": True}]}}},
        {"entries": [RUN, entry("said-1", "disclose", 44, "disclose", {"intent": "x"})], "stale": [RUN["id"], "said-1"]},
        {"fields": {"biases": {"values": [{"value": f"{n}"} for n in range(15)]}, "intent": {"values": [{"value": "\xa0"}]}}},
    ]
    write(
        "render",
        {"about": "the block for metadata of any shape", "cases": [{"metadata": own, "block": render_block(own)} for own in blocks]},
    )
    texts = RUN | {"kind": "texts", "slot": "texts:notes", "frame": "notes", "content": "sha256:1"}
    again = RERUN | {"kind": "texts", "slot": "texts:notes", "frame": "notes", "content": "sha256:2"}
    signed = [
        entry(f"sign-off-{number}", "sign-off", minute, slot, {"reviewerSignOff": f"reviewed by {slot[-1]}"})
        for number, minute, slot in ((1, 35, "sign-off:a"), (2, 45, "sign-off:b"), (3, 46, "sign-off:a"))
    ]
    risk = entry("risk-1", "risk", 44, "risk", {"releaseClass": "team", "residualRisk": "small", "policy": "not theirs"})
    guess = RUN | {"fields": RUN["fields"] | {"residualRisk": "proposed of it", "policy": "none"}}
    quiet = [entry("export-1", "export", 50, "export:a", {}), entry("out-1", "opt-out", 51, "opt-out", {"optOuts": "deleted"})]
    reviewed = [guess, REPORT]
    bound = entry("sign-off-4", "sign-off", 47, "sign-off:c", {"reviewerSignOff": "bound"}, detail={"substance": substance(reviewed)})
    mixed = entry("mix-1", "mix", 52, "mix:synthetic", {"isSynthetic": "mixed"}, frame="synthetic", content="sha256:3")
    folds = [
        [guess, SAID, risk, *signed, *quiet],
        [guess, *signed, mixed],
        [guess, *signed, SAID | {"created": "2026-11-23T15:55:00Z", "fields": {"reviewerSignOff": "on paper"}}],
        [guess, REPORT | {"frame": "synthetic"}, mixed, risk | {"fields": {"residualRisk": ""}}],
        [*reviewed, bound, *quiet],
        [guess, bound],
        [*reviewed, bound, SAID],
        [*reviewed, entry("before-1", "evaluate", 1, "evaluate:x", {}), bound],
        [],
        [texts, REPORT | {"created": "2026-11-23T15:15:00Z", "frame": "notes"}, again],
        [RUN, RERUN, COLUMN, REPORT, SAID],
        [SAID_LAST, SAID_LATER, SAID, RUN],
    ]
    write("fold", {"about": "from entries to fields", "cases": [{"entries": entries, "fields": fold(entries)} for entries in folds]})


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for part in (placing, words, deleting, damage, values):
        part()
