"""Exports carry the record, load nothing from elsewhere, and hold hostile values as text."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from traitlets.config import Config

from synthnb.disclosure.embedded import from_html, from_markdown
from synthnb.disclosure.entries import entry_for_run, entry_for_statements
from synthnb.disclosure.files import read_notebook
from synthnb.disclosure.notebook import MIME
from synthnb.disclosure.verify import all_ok, verify_path
from synthnb.errors import NotebookError, OptionError, StorageError
from synthnb.jupyter.nbconvert import DisclosurePreprocessor, SynthHTMLExporter, disclosed, export_notebook

Json = dict[str, Any]
HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">--><!-- ]]>"
VIEW = "application/vnd.jupyter.widget-view+json"
REPORT_MIME = "application/vnd.synthnb.report+json"


def run(**changes: Any) -> Json:
    made = {"id": "run-0123456789ab", "kind": "generate", "engine": "trees", "engine_reason": "It was asked for.", "seed": 7}
    made |= {
        "recipe_digest": "sha256:a",
        "started": "2026-11-23T15:40:00Z",
        "ended": "2026-11-23T15:40:03Z",
        "requested": 9,
        "delivered": 9,
    }
    made |= {"inputs": [{"name": "actg175", "rows": 9, "columns": ["a"], "digest": "sha256:b"}], "versions": {"synthnb": "0.1.0"}}
    return made | {"output": {"name": "synthetic", "rows": 9, "columns": ["a"], "digest": "sha256:c"}} | changes


def column(name: str = "synthetic") -> Json:
    model = {"id": "smollm2-135m", "name": "SmolLM2-135M-Instruct", "locality": "in-process", "weights_digest": "sha256:d"}
    return run(id="run-ba9876543210", kind="column", engine="llm", model=model, parameters={"column": "note"}) | {
        "output": {"name": name, "rows": 9, "columns": ["a", "note"], "digest": "sha256:e"}
    }


def report(text: str = "x") -> Json:
    bins = {"labels": [text], "real": [1.0], "synthetic": [1.0]}
    shape: Json = {
        "schema": "synthnb.report/1",
        "id": "report-0123456789ab",
        "profile": "tabular-core/1",
        "created": "2026-11-23T15:45:00Z",
    }
    shape |= {"seed": 3, "synthetic": {"name": text}, "real": None, "holdout": None, "groups": [], "minimum_cell": 11, "headline": text}
    shape |= {"scores": [], "columns": [{"name": text, "kind": "category", "score": 0.9, "bins": bins, "missing": None}]}
    return shape | {"pairs": {"names": [], "errors": []}, "subgroups": [], "not_evaluated": []}


def code(**bundle: Any) -> Json:
    output = {"output_type": "display_data", "data": bundle, "metadata": {}}
    return {
        "cell_type": "code",
        "id": f"c{len(str(bundle))}",
        "metadata": {},
        "execution_count": 1,
        "outputs": [output],
        "source": "%synth",
    }


def notebook(*entries: Json, text: str = "Words", also: Json | None = None) -> Json:
    carried = {MIME: {"schema": "synthnb.record/1", "entries": list(entries or [entry_for_run(run())])}, "text/html": "<b>static</b>"}
    title = {"cell_type": "markdown", "id": "t", "metadata": {}, "source": text}
    return {"cells": [title, code(**carried | (also or {}))], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export whose record and report are hostile throughout."""
    made = run(output={"name": HOSTILE, "rows": 9, "columns": [HOSTILE], "digest": "sha256:c"}, engine_reason=HOSTILE)
    path = tmp_path_factory.mktemp("page") / "page.html"
    export_notebook(
        notebook(entry_for_run(made), entry_for_statements({"responsiblePerson": HOSTILE}), also={REPORT_MIME: report(HOSTILE)}), path
    )
    return path


class _Scripts(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: list[tuple[str | None, str]] = []
        self.handlers: list[str] = []
        self._open = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag == "script"
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.scripts += [(dict(attrs).get("type"), "")] if self._open else []

    def handle_endtag(self, tag: str) -> None:
        self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)


def linked(content: Json, tmp_path: Path) -> Json:
    """The JSON-LD of an export."""
    export_notebook(content, tmp_path / "x.html")
    scripts = dict(_Scripts((tmp_path / "x.html").read_text(encoding="utf-8")).scripts)
    found: Json = json.loads(scripts["application/ld+json"])
    return found


@pytest.mark.parametrize("name", ["x.html", "x.md", "x.ipynb"])
def test_every_export_verifies_and_has_the_same_record(tmp_path: Path, name: str) -> None:
    detail = export_notebook(notebook(), tmp_path / name)
    assert all_ok(verify_path(tmp_path / name))
    assert detail["record_digest"] == disclosed(notebook()).metadata["synthnb"]["digest"]
    assert detail["bytes"] == (tmp_path / name).stat().st_size


def test_the_stock_exporter_takes_the_preprocessor() -> None:
    config = Config({"HTMLExporter": {"preprocessors": ["synthnb.jupyter.nbconvert.DisclosurePreprocessor"]}})
    stock: Any = HTMLExporter
    exporter = stock(config=config)
    text, _ = exporter.from_notebook_node(disclosed(notebook()))
    assert "Synthetic data disclosure" in text


def test_the_notebook_given_isnt_changed() -> None:
    form: Any = nbformat
    given = form.from_dict(notebook())
    before = json.dumps(given)
    preprocessor: Any = DisclosurePreprocessor
    after, _ = preprocessor().preprocess(given, {})
    assert json.dumps(given) == before
    assert len(after.cells) == 3


def test_widgets_go_where_there_is_a_static_form_only() -> None:
    content = notebook(also={VIEW: {"model_id": "a"}})
    content["metadata"]["widgets"] = {"state": {}}
    assert VIEW not in disclosed(content).cells[1].outputs[0].data
    assert "widgets" not in disclosed(content).metadata
    content["cells"].append(code(**{VIEW: {"model_id": "b"}, "text/plain": "b"}))
    assert "widgets" in disclosed(content).metadata


def test_the_page_loads_nothing_from_elsewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"""<[^>]+\b(?:src|href)\s*=\s*["']?\s*(?:https?:)?//""", text)
    assert not re.search(r"""@import|url\(\s*["']?(?:https?:)?//|from\s*["']https?:""", text)
    assert "require" not in "".join(source for kind, source in _Scripts(text).scripts if kind == "module")


def test_hostile_values_are_neither_scripts_nor_handlers(page: Path) -> None:
    parsed = _Scripts(page.read_text(encoding="utf-8"))
    kinds = [kind for kind, _ in parsed.scripts]
    assert kinds == ["application/ld+json", "application/vnd.synthnb.record+json", "application/json", "module"]
    assert parsed.handlers == []
    assert all(json.loads(source) for kind, source in parsed.scripts if kind != "module")


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_a_browser_draws_the_dashboard_and_runs_nothing_else(page: Path) -> None:
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=4000", "--dump-dom"]
    dom = subprocess.run([*browser, page.as_uri()], capture_output=True, text=True, timeout=60, check=True).stdout
    assert "<title>page</title>" in dom
    assert re.search(r'class="synthnb-report-host"[^>]* data-live', dom)


def test_hostile_values_survive_the_trip_through_each_format(page: Path, tmp_path: Path) -> None:
    made = entry_for_run(run(engine_reason=HOSTILE))
    export_notebook(notebook(made), tmp_path / "x.md")
    embedded = from_markdown((tmp_path / "x.md").read_text(encoding="utf-8"))
    assert not isinstance(embedded, str)
    assert embedded.record["entries"] == [made]
    found = from_html(page.read_text(encoding="utf-8"))
    assert not isinstance(found, str)
    assert found.record["fields"]["responsiblePerson"]["values"][0]["value"] == HOSTILE


def test_a_model_is_an_instrument_and_never_a_creator(tmp_path: Path) -> None:
    (dataset,) = linked(notebook(entry_for_run(run()), entry_for_run(column())), tmp_path)["@graph"]
    assert "creator" not in dataset
    assert dataset["digitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
    names = [tool["name"] for action in dataset["prov:wasGeneratedBy"] for tool in action["instrument"]]
    assert names == ["synthnb", "synthnb", "SmolLM2-135M-Instruct"]


def test_the_creator_is_the_person_who_said_so(tmp_path: Path) -> None:
    said = entry_for_statements({"responsiblePerson": "Ada Núñez"})
    (dataset,) = linked(notebook(entry_for_run(run()), said), tmp_path)["@graph"]
    assert dataset["creator"] == [{"@type": "Person", "name": "Ada Núñez"}]
    assert dataset["digitalSourceType"].endswith("/algorithmicMedia")
    assert dataset["prov:wasDerivedFrom"] == [{"@type": "Dataset", "name": "actg175", "identifier": "sha256:b"}]


def test_a_column_in_somebody_elses_table_is_mixed(tmp_path: Path) -> None:
    (dataset,) = linked(notebook(entry_for_run(column("theirs"))), tmp_path)["@graph"]
    assert dataset["digitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")


def test_formulas_stay_tex_and_the_page_says_so(tmp_path: Path) -> None:
    kind: Any = SynthHTMLExporter
    exporter = kind()
    text, _ = exporter.from_notebook_node(disclosed(notebook(text="Mass $m_1$")))
    assert "Formulas are shown as their TeX source" in text
    plain, _ = exporter.from_notebook_node(disclosed(notebook(text="It costs $5 or $6")))
    assert "Formulas" not in plain


def test_the_static_report_is_in_the_page_without_scripts(page: Path) -> None:
    assert "<b>static</b>" in page.read_text(encoding="utf-8")


def test_an_edited_page_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x.html"
    export_notebook(notebook(), path)
    path.write_text(path.read_text(encoding="utf-8").replace("actg175", "another"), encoding="utf-8")
    assert {"entry run-0123456789ab", "record"} <= {finding.what for finding in verify_path(path) if not finding.ok}


@pytest.mark.parametrize("name", ["x.html", "x.md"])
def test_a_file_whose_disclosure_was_cut_out_is_noticed(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    export_notebook(notebook(), path)
    cut = re.sub(r"(?s)Synthetic data disclosure.*?synthnb:disclosure:end|<details>.*</details>", "", path.read_text(encoding="utf-8"))
    path.write_text(cut, encoding="utf-8")
    assert [finding.what for finding in verify_path(path) if not finding.ok] == ["text"]


def test_an_opt_out_hides_the_disclosure_and_says_so(tmp_path: Path) -> None:
    content = json.loads(json.dumps(disclosed(notebook())))
    content["cells"].pop()
    export_notebook(content, tmp_path / "x.html")
    (finding,) = [finding for finding in verify_path(tmp_path / "x.html") if not finding.ok]
    assert finding.status == "removed"


def test_a_file_without_a_record_is_missing_it(tmp_path: Path) -> None:
    (tmp_path / "x.html").write_text("<p>hello", encoding="utf-8")
    (tmp_path / "x.md").write_text("hello", encoding="utf-8")
    assert [verify_path(tmp_path / name)[0].status for name in ("x.html", "x.md")] == ["missing", "missing"]


def test_markdown_has_the_digest_in_its_front_matter(tmp_path: Path) -> None:
    detail = export_notebook(notebook(), tmp_path / "x.md")
    lines = (tmp_path / "x.md").read_text(encoding="utf-8").split("\n")
    assert lines[:5] == [
        "---",
        "synthnb:",
        '  schema: "synthnb.record/1"',
        f'  record: "{detail["record_digest"]}"',
        '  status: "incomplete"',
    ]


def test_front_matter_of_the_notebook_is_joined(tmp_path: Path) -> None:
    content = notebook()
    content["cells"].insert(0, {"cell_type": "raw", "id": "r", "metadata": {}, "source": "---\ntitle: Trial\n---"})
    export_notebook(content, tmp_path / "x.md")
    text = (tmp_path / "x.md").read_text(encoding="utf-8")
    assert text.startswith("---\nsynthnb:\n")
    assert text.count("\n---\n") == 1
    assert "title: Trial" in text


def test_a_notebook_without_a_record_is_exported_as_it_is(tmp_path: Path) -> None:
    content = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    assert export_notebook(content, tmp_path / "x.html")["record_digest"] is None


def test_the_path_is_relative_to_the_notebook(tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_text(json.dumps(notebook()), encoding="utf-8")
    (tmp_path / "out").mkdir()
    assert export_notebook(tmp_path / "n.ipynb", tmp_path / "out" / "x.ipynb")["path"] == "out/x.ipynb"
    assert "synthnb" not in read_notebook(tmp_path / "n.ipynb")["metadata"]


def test_other_endings_and_overwriting_the_notebook_are_refused(tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_text(json.dumps(notebook()), encoding="utf-8")
    with pytest.raises(OptionError, match=r"must be one of \.html, \.ipynb, \.md, \.pdf, \.py, \.slides\.html, \.tex; got '\.docx'"):
        export_notebook(tmp_path / "n.ipynb", tmp_path / "x.docx")
    with pytest.raises(OptionError, match=r"n\.ipynb is the notebook itself"):
        export_notebook(tmp_path / "n.ipynb", tmp_path / "n.ipynb")


def test_what_isnt_there_or_cant_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="no notebook at"):
        export_notebook(tmp_path / "gone.ipynb", tmp_path / "x.html")
    with pytest.raises(StorageError, match=r"x\.html couldn't be written"):
        export_notebook(notebook(), tmp_path / "no folder" / "x.html")


def test_exporters_ask_the_policy_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "synthnb.toml").write_text('name = "clinic"\n[engines]\nallowed = ["dp"]', encoding="utf-8")
    own: Any = SynthHTMLExporter
    with pytest.raises(OptionError, match=r"engines\.allowed .*got trees"):
        own().from_notebook_node(disclosed(notebook()), {"metadata": {"name": "trial"}})
    stock: Any = HTMLExporter
    text, _ = stock(preprocessors=[DisclosurePreprocessor]).from_notebook_node(disclosed(notebook()), {"metadata": {"path": str(tmp_path)}})
    assert "Not kept:" in text
    assert "engines" in text.split("Not kept:")[1]


def test_an_export_states_the_policy_of_the_notebooks_folder(tmp_path: Path) -> None:
    (tmp_path / "synthnb.toml").write_text('name = "clinic"', encoding="utf-8")
    (tmp_path / "a.ipynb").write_text(json.dumps(disclosed(notebook())), encoding="utf-8")
    assert export_notebook(tmp_path / "a.ipynb", tmp_path / "a.html")["policy"]["name"] == "clinic"
