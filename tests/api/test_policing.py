"""What a policy stops before work starts, and what going past it leaves in the record."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import synthnb
from synthnb._api.governing import looking_in
from synthnb._api.policing import before_export, check, export_policy
from synthnb.config import config_context
from synthnb.disclosure.entries import sealed
from synthnb.disclosure.folding import fold
from synthnb.disclosure.session import session
from synthnb.errors import OptionError
from synthnb.models.echo import Echo

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.models.base import Reply, Request

POLICY = """name = "clinic"
contact = "data-office@example.org"
[engines]
allowed = ["trees", "llm"]
[models]
allowed = ["echo"]
localities = ["in-process"]
[[sources]]
name = "real*"
class = "confidential"
[classes]
to_hosted = {confidential = "summary"}
[evaluation]
profiles = ["tabular-core/1"]
minimum_cell = 11
gates = {singling_out_risk = {at_most = 0.05}}
[retention]
replies_days = 30
[overrides]
locked = ["models.localities"]
"""
REASON = "The board agreed to it on Monday"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project's folder with a policy, and a process that has done nothing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "synthnb.toml").write_text(POLICY, encoding="utf-8")
    session.reset()
    yield tmp_path
    session.reset()


class Hosted(Echo):
    """The echo model, as if it ran at a vendor's."""

    info = replace(Echo.info, id="vendor/echo", locality="hosted")
    asked = 0

    def write(self, requests: Iterable[Request]) -> Iterator[tuple[int, Reply]]:
        self.asked += 1
        return super().write(requests)


def policy(change: str, by: str) -> None:
    text = Path("synthnb.toml").read_text(encoding="utf-8")
    assert change in text
    Path("synthnb.toml").write_text(text.replace(change, by), encoding="utf-8")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"engine": "copula"}, r"The policy 'clinic' blocks generate: engines\.allowed \(synthnb\.toml, line 4\): .*got copula"),
        ({"engine": "trees", "source_name": "trial"}, r"sources .*got “trial”"),
        ({"engine": "llm", "model": "local"}, r"models\.allowed .*got “local”"),
    ],
)
def test_a_run_that_is_not_allowed_does_not_start(trial: pd.DataFrame, call: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message) as refusal:
        synthnb.generate(trial, random_state=1, **call)
    assert "Ask data-office@example.org." in str(refusal.value)
    assert session.entries() == []


def test_what_auto_chooses_is_asked_about_before_it_learns_anything(trial: pd.DataFrame) -> None:
    policy('"trees", ', "")
    with pytest.raises(OptionError, match="got copula"):
        synthnb.generate(trial, random_state=1)


def test_an_allowed_run_states_the_policy(trial: pd.DataFrame) -> None:
    made = synthnb.generate(trial, rows=20, engine="trees", random_state=1)
    assert made.run.policy["outcome"] == "held"
    (stated,) = fold(session.entries())["policy"]["values"]
    assert stated["value"].startswith("“synthetic”: “clinic”, sha256:")
    assert stated["value"].endswith(": held")


def test_without_a_policy_nothing_is_said(trial: pd.DataFrame) -> None:
    Path("synthnb.toml").unlink()
    made = synthnb.generate(trial, rows=20, engine="copula", random_state=1)
    assert "policy" not in made.run.to_dict()
    assert fold(session.entries())["policy"] == {"fill": "machine", "status": "not stated", "values": []}


def test_a_reason_goes_past_a_rule_and_is_disclosed(trial: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="a reason in words is needed; got 'ok'"):
        synthnb.generate(trial, engine="copula", override="ok")
    synthnb.generate(trial, rows=20, engine="copula", override=REASON, random_state=1)
    assert [entry["kind"] for entry in session.entries()] == ["generate", "override"]
    folded = fold(session.entries())
    assert all(REASON in value["value"] for value in folded["policy"]["values"])
    assert "engines.allowed" in folded["optOuts"]["values"][0]["value"]


def test_a_hosted_model_is_refused_before_it_is_asked_anything(trial: pd.DataFrame) -> None:
    policy('["echo"]', '["*"]')
    model = Hosted()
    with pytest.raises(OptionError, match=r"models\.localities .*hosted.* can't be gone past"):
        synthnb.write_column(trial, "note", "Say {age}", model=model, frame_name="real", allow_hosted=True, override=REASON)
    assert model.asked == 0


def test_real_rows_of_a_class_do_not_go_to_a_hosted_model(trial: pd.DataFrame) -> None:
    policy('["echo"]\nlocalities = ["in-process"]', '["*"]')
    model = Hosted()
    with (
        config_context(hosted_rows=True),
        pytest.raises(OptionError, match=r"classes\.to_hosted .*rows of “real”, which is confidential and of which summary may go"),
    ):
        synthnb.write_column(trial, "note", "Say {age}", model=model, frame_name="real", allow_hosted=True)
    assert model.asked == 0


def test_synthetic_rows_may_go_where_real_ones_may_not(trial: pd.DataFrame) -> None:
    policy('["echo"]\nlocalities = ["in-process"]', '["*"]')
    made = synthnb.generate(trial, rows=3, engine="trees", random_state=1)
    told = synthnb.write_column(made, "note", "Say {age}", model=Hosted(), allow_hosted=True, random_state=1)
    assert told.run.policy["outcome"] == "held"


@pytest.mark.parametrize(
    ("ways", "message"),
    [
        ({"profile": "text-core/1"}, r"evaluation\.profiles .*got text-core/1"),
        ({"gates": {"singling_out_risk": 0.2}}, r"no limit is looser than the policy's; got singling_out_risk at most 0\.2, beyond 0\.05"),
    ],
)
def test_an_evaluation_by_another_measure_does_not_start(trial: pd.DataFrame, ways: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        synthnb.evaluate(trial, trial, **ways)


def test_too_small_a_minimum_cell_stops_an_evaluation(trial: pd.DataFrame) -> None:
    with config_context(minimum_cell=5), pytest.raises(OptionError, match=r"at least 11; got 5 \(the setting minimum_cell\)"):
        synthnb.evaluate(trial, trial)


def test_the_policys_limit_takes_the_place_of_a_looser_one(trial: pd.DataFrame) -> None:
    Path("small.toml").write_text('name = "small/1"\nextends = "tabular-core/1"\ndrop = ["tstr", "membership"]\n', encoding="utf-8")
    policy('["tabular-core/1"]', '["small/1"]')
    report = synthnb.evaluate(trial.iloc[:60], trial, profile="small.toml", random_state=1)
    (gate,) = [gate for gate in report.gates if gate["metric"] == "singling_out_risk"]
    assert (gate["at_most"], gate["source"]) == (0.05, "the policy clinic")


def test_an_export_waits_for_what_the_policy_asks(trial: pd.DataFrame) -> None:
    synthnb.generate(trial, rows=20, engine="trees", name="synthetic", random_state=1)
    with pytest.raises(OptionError, match=r"blocks the export 'a\.html': evaluation\.profiles .*“synthetic”, not evaluated"):
        before_export(session.entries(), export="a.html", override=None)
    (override,) = before_export(session.entries(), export="a.html", override=REASON)
    assert (override["kind"], override["detail"]["export"]) == ("override", "a.html")
    assert export_policy(session.entries(), reason=REASON)["policy"]["outcome"] == "gone past"


def test_a_reason_without_need_is_refused() -> None:
    with pytest.raises(OptionError, match="none is broken"):
        before_export([], export="a.html", override=REASON)


@pytest.mark.parametrize("with_policy", [True, False])
def test_public_data_need_a_risk_record_with_a_policy_or_without(with_policy: bool) -> None:
    if not with_policy:
        Path("synthnb.toml").unlink()
    with pytest.raises(OptionError, match=r"need a complete risk record, .*there is none.* can't be gone past"):
        before_export([], export="a.html", override=REASON, release="public")
    with pytest.raises(OptionError, match="A release class must be one of"):
        before_export([], export="a.html", override=None, release="everyone")


def stated(text: str, at: str = "2026-11-24T10:00:00Z") -> dict[str, Any]:
    return sealed(id="said-1", kind="disclose", created=at, slot="disclose", fields={"releaseClass": text}, detail={})


@pytest.mark.parametrize("with_policy", [True, False])
@pytest.mark.parametrize("text", ["public, for anyone", "open to the public"])
@pytest.mark.parametrize("release", [None, "local"])
def test_data_stated_as_public_are_held_to_it(release: str | None, text: str, with_policy: bool) -> None:
    if not with_policy:
        Path("synthnb.toml").unlink()
    with pytest.raises(OptionError, match=r"release\.public\.risk_record .*need a complete risk record|release\.allowed"):
        before_export([stated(text)], export="a.html", override=REASON, release=release)


def test_a_class_in_other_words_is_not_stated() -> None:
    with pytest.raises(OptionError, match="which doesn't begin with one of local, team, controlled, public"):
        synthnb.disclose(statements={"releaseClass": "open to the public"})


def test_policies_beside_what_is_read_and_written_hold_too(tmp_path: Path, trial: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (tmp_path / "synthnb.toml").rename(tmp_path / "kept.toml")
    (tmp_path / "study").mkdir()
    (tmp_path / "kept.toml").rename(tmp_path / "study" / "synthnb.toml")
    trial.to_csv(tmp_path / "study" / "real.csv", index=False)
    with pytest.raises(OptionError, match=r"engines\.allowed"):
        synthnb.generate(tmp_path / "study" / "real.csv", engine="copula", random_state=1)
    synthnb.generate(trial, rows=20, engine="copula", random_state=1)
    with looking_in(tmp_path / "study" / "out.csv"), pytest.raises(OptionError, match=r"engines\.allowed"):
        synthnb.generate(trial, rows=20, engine="copula", random_state=1)
    assert export_policy([], folder=tmp_path / "study")["policy"]["name"] == "clinic"
    assert export_policy([]) == {}


def test_a_signature_over_other_bytes_or_by_a_stranger_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from synthnb._api.signing import new_signing_key
    from tests.disclosure.signed import project, read, write

    policy("[retention]", "[release.local]\nsignature = true\n[retention]")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    notebook = project(tmp_path, lean=True)
    assert signature(notebook) == "violated"
    new_signing_key()
    synthnb.sign(notebook)
    assert signature(notebook) == "ok"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "another"))
    assert signature(notebook) == "violated"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    content = read(notebook)
    content["cells"][1]["source"] = "print('another')"
    write(notebook, content)
    assert signature(notebook) == "violated"


def signature(notebook: Path) -> str:
    (found,) = [one["status"] for one in check(notebook, release="local")["rulings"] if one["rule"] == "release.local.signature"]
    return str(found)


def test_a_reason_that_no_run_needed_is_a_warning(trial: pd.DataFrame) -> None:
    from synthnb.errors import SynthnbWarning

    with pytest.warns(SynthnbWarning, match="generate broke none"):
        synthnb.generate(trial, rows=10, engine="trees", override=REASON, random_state=1)


def test_a_table_states_the_policy_it_was_written_under(trial: pd.DataFrame) -> None:
    made = synthnb.generate(trial, rows=10, engine="trees", random_state=1)
    entry = synthnb.write_table(made, "a.csv", override=REASON)
    assert entry["fields"]["policy"].startswith("a.csv: “clinic”, sha256:")
    assert (
        "gone past: evaluation.profiles: each frame is evaluated by “tabular-core/1”; got “synthetic”, not evaluated"
        in entry["fields"]["policy"]
    )
    assert REASON in entry["fields"]["policy"]
    assert [one["kind"] for one in session.entries()] == ["generate", "override", "export"]


def test_disclose_holds_the_record_against_the_policy(trial: pd.DataFrame) -> None:
    from synthnb.errors import SynthnbWarning

    synthnb.generate(trial, rows=20, engine="trees", random_state=1)
    with pytest.warns(SynthnbWarning, match=r"evaluation\.profiles .*not evaluated"):
        synthnb.disclose(policy="synthnb.toml")
    with pytest.raises(OptionError, match=r"no file 'other\.toml'"):
        synthnb.disclose(policy="other.toml")


def test_replies_kept_too_long_are_told_and_stay(trial: pd.DataFrame, project: Path) -> None:
    synthnb.write_column(trial.head(2), "note", "Say {age}", model="echo", frame_name="real", random_state=1)
    assert [one["status"] for one in check()["rulings"] if one["rule"] == "retention.replies_days"] == ["ok"]
    with closing(sqlite3.connect(project / ".synthnb" / "calls.sqlite3")) as opened, opened:
        opened.execute("UPDATE reply SET written = '2020-01-01T00:00:00Z'")
    (ruling,) = [one for one in check()["rulings"] if one["rule"] == "retention.replies_days"]
    assert re.search(r"[12] in \.synthnb/calls\.sqlite3 are older, the first of 2020-01-01", ruling["said"])
    assert ruling["status"] == "violated"


def test_the_magics_word_gives_the_reason(shell: Any, trial: pd.DataFrame, project: Path) -> None:
    from tests.jupyter.test_magics import refused, run

    shell.user_ns["real"] = trial
    assert "engines.allowed" in refused(shell, "%synth generate real --engine copula --as made")
    run(shell, f'%synth generate real --engine copula --as made --seed 1 --override "{REASON}"')
    assert [entry["kind"] for entry in session.entries()] == ["generate", "override"]
