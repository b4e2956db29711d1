"""The documents say what the code does: reference, examples, versions, our own words."""

from __future__ import annotations

import doctest
import importlib.util
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import synthnb

ROOT = Path(__file__).parents[1]
PACKAGE = Path(synthnb.__file__).parent
WITH_EXAMPLES = sorted(path for path in PACKAGE.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))


def maker() -> Any:
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "docs" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_what_the_code_says() -> None:
    made = maker()
    assert made.PAGE.read_text(encoding="utf-8") == made.page(), "run: python docs/make_reference.py"


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.stem)
def test_examples_in_docstrings_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    module = import_module(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
    done = doctest.testmod(module)
    assert done.attempted > 0
    assert done.failed == 0


def test_the_lab_extension_has_the_packages_version() -> None:
    package = json.loads((ROOT / "labextension" / "package.json").read_text(encoding="utf-8"))
    assert package["version"] == synthnb.__version__
    assert f'version = "{synthnb.__version__}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"version: {synthnb.__version__}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_every_file_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_the_readmes_output_is_real(shell: Any) -> None:
    from IPython.utils.capture import capture_output

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    start, generate, evaluate = re.findall(r"(?s)```python\n(.*?)```", text)[:3]
    shown = [" ".join(block.split()) for block in re.findall(r"(?s)```text\n(.*?)```", text)]
    with capture_output() as captured:
        results = [shell.run_cell(cell) for cell in (start, generate, evaluate)]
    assert all(result.success for result in results)
    texts = [output.data["text/plain"] for output in captured.outputs] + [results[-1].result._repr_mimebundle_()[0]["text/plain"]]
    printed = " ".join(" ".join(texts).split())
    assert len(shown) == 2
    assert [block for block in shown if block not in printed] == []


def test_the_readmes_magics_are_understood() -> None:
    from synthnb.jupyter.parser import parse

    lines = re.findall(r"(?m)^%synth (.+?)(?:\s{2,}#.*)?$", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(lines) >= 4
    assert all(parse(line)[0] is not None for line in lines)


def test_the_readmes_commands_are_understood() -> None:
    import shlex

    from synthnb.cli.main import cli

    said = re.findall(r"`synthnb ([a-z].*?)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    lines = [shlex.split(line.replace(r"\|", "|").replace("…", "x")) for line in said]
    assert {"text", "corpus", "diff", "replay", "scale"} <= {words[0] for words in lines}
    for name, *words in lines:
        cli.commands[name].make_context(name, words, resilient_parsing=True)
