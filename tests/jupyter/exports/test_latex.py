r"""LaTeX sources: nothing is a command that we didn't write, and where there is a TeX they compile."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from synthnb.disclosure.embedded import escape_tex, from_tex, read_embedded
from synthnb.jupyter.nbconvert import export_notebook
from synthnb.jupyter.nbconvert.latex import is_formula

from .samples import HOSTILE, code, hostile, notebook, png, shows


def body(path: Path) -> str:
    """The document without its comments and its preamble."""
    text = re.sub(r"(?m)^%.*$", "", path.read_text(encoding="utf-8"))
    return text.partition(r"\begin{document}")[2].rpartition(r"\end{document}")[0]


@pytest.mark.parametrize("text", [*HOSTILE.values(), "a--b---c", "[x]", "\\{}", "``x''", "a\\textbackslash{}b"])
def test_escaping_can_be_undone(text: str) -> None:
    found = from_tex(f'% synthnb:record {{"entries":[]}}\n{escape_tex(text)}')
    assert not isinstance(found, str)
    assert found.visible.strip() == re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", "\ufffd", text).strip()


def test_no_value_is_a_command(tmp_path: Path) -> None:
    export_notebook(hostile(HOSTILE["tex"]), tmp_path / "x.tex")
    used = set(re.findall(r"\\([a-zA-Z]+)", body(tmp_path / "x.tex").replace(r"\textbackslash{}", "")))
    assert not used & {"input", "write", "include", "csname", "def", "catcode", "openin", "immediate"}
    assert "^^" not in body(tmp_path / "x.tex")


@pytest.mark.parametrize("text", [r"x_1 + \frac{a}{b}", r"\begin{cases} a & b \\ c & d \end{cases}", r"\left( x \right)", "100\\%"])
def test_formulas_stay_formulas(text: str) -> None:
    assert is_formula(text)


@pytest.mark.parametrize(
    "text",
    [
        *(r"\input{x}", r"\write18{ls}", "x}", "{x", "x % y", "^^5cinput", r"\begin{verbatim}", r"\begin", r"\left("),
        *("a & b", "$x", "", "a\n\nb", r"\begin{cases} x", r"\csname input\endcsname", r"\def\x{}", r"\text{\input{x}}"),
    ],
)
def test_what_isnt_only_a_formula_is_shown_as_text(text: str) -> None:
    assert not is_formula(text)


def test_pictures_lie_beside_and_are_named_by_content(tmp_path: Path) -> None:
    cells = (code("plot()", shows(**{"image/png": png()}), name="p"),)
    written = export_notebook(notebook(cells=cells), tmp_path / "x.tex")
    (name,) = written["pictures"]
    assert re.fullmatch(r"x_files/[0-9a-f]{16}\.png", name)
    assert f"{{{name}}}" in body(tmp_path / "x.tex")
    assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_the_record_is_in_comment_lines_that_editors_keep(tmp_path: Path) -> None:
    written = export_notebook(notebook(), tmp_path / "x.tex")
    text = (tmp_path / "x.tex").read_text(encoding="utf-8")
    assert not [line for line in text.split("\n") if line.startswith("% synthnb:record") and line != line.rstrip()]
    (tmp_path / "x.tex").write_text(text.replace("\n", "\r\n"), encoding="utf-8", newline="")
    found = read_embedded(tmp_path / "x.tex")
    assert not isinstance(found, str)
    assert found.record["digest"] == written["record_digest"]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs a TeX")
@pytest.mark.parametrize("value", ["tex", "marks", "table", "direction", "typst"])
def test_it_compiles(tmp_path: Path, value: str) -> None:
    export_notebook(hostile(HOSTILE[value]), tmp_path / "x.tex")
    command = ["pdflatex", "-no-shell-escape", "-halt-on-error", "-interaction=nonstopmode", "x.tex"]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    ran = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stdout[-1500:]
