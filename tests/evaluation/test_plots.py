"""`synthnb.evaluation.plots`: figures fit for a paper, from any report, without touching what is global."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from synthnb.errors import MissingExtraError, OptionError
from synthnb.evaluation.plots import Plots
from synthnb.evaluation.report import Report

mpl = pytest.importorskip("matplotlib", reason="figures need the extra plots")

FIGURES = ["overview", "columns", "pairs", "subgroups", "attacks", "gates", "utility", "analyses"]
HOSTILE = r"$\frac{1}{0}$ \input{x} <b> & % _ ^" + "\ud800\x00\u202e" + "y" * 300


def plain() -> dict[str, Any]:
    made: dict[str, Any] = json.loads((Path(__file__).parents[1] / "fixtures" / "report" / "example.json").read_text(encoding="utf-8"))
    rates = {"main": [0.4, 0.3, 0.5], "baseline": [0.1, 0.05, 0.2], "control": [0.2, 0.1, 0.3], "risk": [0.25, 0.1, 0.4]}
    gate = {"metric": "x", "label": "A gate", "at_least": 0.9, "source": "us", "outcome": "pass", "reason": "", "subject": [], "scores": 1}
    return made | {
        "profile_digest": "sha256:0",
        "gates": [
            gate | {"value": 0.95, "low": 0.92, "high": 0.97},
            gate | {"outcome": "fail", "value": 0.5, "low": None, "high": None},
            gate | {"outcome": "undecided", "value": None, "low": None, "high": None},
            gate | {"at_least": 40.0, "value": 55.0, "low": None, "high": None},
        ],
        "details": {
            "attacks": [{"name": "linkability", "subject": [], "n": 100, "weak": weak} | rates for weak in (True, False)],
            "utility": [{"learner": "trees", "measure": "AUC", "synthetic": 0.7, "real": [0.8, 0.7, 0.9]}],
            "analyses": [{"name": "cox", "terms": [{"term": "age", "real": [0.1, 0, 0.2], "synthetic": [0.2, 0.1, None]}]}],
        },
    }


def drawn(name: str, changed: dict[str, Any] | None = None, **options: Any) -> Any:
    return getattr(Plots(Report.from_dict(plain() | (changed or {}))), name)(**options)


def saved(figure: Any, kind: str) -> bytes:
    target = io.BytesIO()
    figure.savefig(target, format=kind)
    return target.getvalue()


def texts(figure: Any) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(mpl.text.Text))


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize(("width", "inches"), [("single", 85 / 25.4), ("double", 180 / 25.4)])
def test_every_figure_has_a_journals_width_and_small_type(name: str, width: str, inches: float) -> None:
    figure = drawn(name, width=width)
    assert figure.get_figwidth() == pytest.approx(inches)
    assert saved(figure, "png").startswith(b"\x89PNG")
    sizes = {text.get_fontsize() for text in figure.findobj(mpl.text.Text) if text.get_text() and text.get_visible()}
    assert sizes <= {7.0, 8.0}


def test_type_stays_type_and_settings_stay_as_they_were() -> None:
    before = dict(mpl.rcParams)
    drawn_svg = saved(drawn("gates"), "svg").decode()
    assert ">A gate</text>" in drawn_svg
    assert b"/Type3" not in saved(drawn("gates"), "pdf")
    assert dict(mpl.rcParams) == before


def test_no_current_figure_is_made() -> None:
    drawn("overview")
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


def test_drawing_twice_gives_the_same_picture() -> None:
    assert saved(drawn("attacks"), "png") == saved(drawn("attacks"), "png")


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_a_saved_figure_holds_no_time(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for epoch in ("1", "1000000000"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        drawn("attacks").savefig(tmp_path / f"figure.{kind}")
        made += [(tmp_path / f"figure.{kind}").read_bytes(), saved(drawn("attacks"), kind)]
    assert len(set(made)) == 1


def test_the_users_own_metadata_are_kept() -> None:
    target = io.BytesIO()
    drawn("attacks").savefig(target, format="svg", metadata={"Title": "Attacks", "Date": "2026"})
    assert b"Attacks</dc:title>" in target.getvalue()
    assert b"<dc:date>2026" in target.getvalue()


def test_the_worst_columns_come_first_and_those_named_as_named() -> None:
    worst = drawn("columns").axes[0].get_title(loc="left")
    scores = {entry["name"]: entry["score"] for entry in plain()["columns"] if entry["bins"]["labels"]}
    assert worst == min(scores, key=lambda name: scores[name])
    assert [axes.get_title(loc="left") for axes in drawn("columns", names=["sex", "arm"]).axes] == ["sex", "arm"]


def test_an_unknown_column_is_named_with_those_there_are() -> None:
    with pytest.raises(OptionError, match=r"A column must be one of .*arm.*; got 'armm'"):
        drawn("columns", names=["armm"])


def test_an_unknown_width_is_refused() -> None:
    with pytest.raises(OptionError, match="width must be one of single, double; got 'wide'"):
        drawn("gates", width="wide")


def test_the_overview_tells_every_frame_score_with_its_interval() -> None:
    told = texts(drawn("overview"))
    assert "0.618 [0.587, 0.649]" in told
    assert "Two-sample classifier, AUC" in told


def test_outcomes_are_told_in_words_not_only_in_colour() -> None:
    told = texts(drawn("gates"))
    assert "pass: 0.950 [0.920, 0.970] (≥ 0.9)" in told
    assert "fail: 0.500 (≥ 0.9)" in told
    assert "undecided: not computed (≥ 0.9)" in told


def test_a_small_subgroup_shows_no_figure() -> None:
    group = {"group": {"sex": "other"}, "n_real": None, "share_real": None, "share_synthetic": None, "suppressed": True}
    figure = drawn("subgroups", {"subgroups": [group]})
    assert "withheld: too few rows" in texts(figure)


@pytest.mark.parametrize("name", FIGURES)
def test_an_empty_report_says_what_is_missing(name: str) -> None:
    empty: dict[str, Any] = {"scores": [], "columns": [], "subgroups": [], "gates": [], "details": {}, "pairs": {"names": [], "errors": []}}
    with pytest.raises(OptionError, match="There is nothing to draw: the report has no "):
        drawn(name, empty)


@pytest.mark.parametrize("name", ["attacks", "utility"])
def test_without_details_the_scores_are_drawn(name: str) -> None:
    assert drawn(name, {"details": {}}).axes


@pytest.mark.parametrize("name", FIGURES)
def test_hostile_names_are_drawn_as_they_are(name: str) -> None:
    text = json.dumps(plain())
    for word in ("arm", "sex", "linkability", "A gate", "trees", "cox", "age", "Column shapes", "event"):
        text = text.replace(json.dumps(word), json.dumps(f"{word} {HOSTILE}"))
    figure = getattr(Plots(Report.from_dict(json.loads(text))), name)()
    assert saved(figure, "svg")
    assert "\ud800" not in texts(figure)


def test_figures_load_matplotlib_only_when_drawn() -> None:
    code = "import sys, synthnb.evaluation.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from synthnb.evaluation.plots.canvas import _figure_class

    _figure_class.cache_clear()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match="the package matplotlib, which isn't installed"):
        drawn("gates")
