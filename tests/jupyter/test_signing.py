"""``%synth sign`` and ``%synth sign-off`` in a shell and, without a front end, in a notebook that was run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbclient
import nbformat

from synthnb._api.signing import new_signing_key
from synthnb._api.verifying import check
from synthnb.disclosure.files import disclose_file
from synthnb.disclosure.signing import SUFFIX

if TYPE_CHECKING:
    import pytest

FORMAT: Any = nbformat
"""nbformat, whose functions have no annotations."""
START = "%load_ext synthnb\nimport pandas as pd\nreal = pd.DataFrame({'age': range(20, 80), 'sex': ['f', 'm'] * 30})"
MADE = "%synth generate real --rows 30 --as made --seed 3"
OFF = '%synth sign-off --reviewer "Ada Núñez, statistician" --scope "how it was made"'


def ran(folder: Path, *cells: str) -> Path:
    """Run cells with nbclient and disclose the file."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    made = FORMAT.v4.new_notebook(metadata=kernel, cells=[FORMAT.v4.new_code_cell(cell) for cell in (START, *cells)])
    nbclient.NotebookClient(made, resources={"metadata": {"path": str(folder)}}).execute()
    FORMAT.write(made, folder / "a.ipynb")
    disclose_file(folder / "a.ipynb")
    return folder / "a.ipynb"


def test_a_sign_off_in_a_kernel_is_bound_to_what_ran(tmp_path: Path) -> None:
    found = check(ran(tmp_path, MADE, OFF))
    assert found.outcome == "ok", found.findings
    assert any(one.what == "sign-off of Ada Núñez, statistician" and one.ok for one in found.findings)


def test_a_run_after_it_makes_it_void(tmp_path: Path) -> None:
    found = check(ran(tmp_path, MADE, OFF, MADE.replace("made", "more")))
    assert [one.status for one in found.findings if one.what.startswith("sign-off")] == ["void"]


def test_a_file_is_signed_from_a_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_SIGNING_KEY", str(tmp_path / "key.pem"))
    public = new_signing_key()
    path = ran(tmp_path, MADE, "%synth export made.csv --frame made", "%synth sign made.csv --by Ada")
    assert (tmp_path / f"made.csv{SUFFIX}").is_file()
    assert check(tmp_path / "made.csv").signed
    assert public.fingerprint in path.read_text(encoding="utf-8")
    assert (tmp_path / "key.pem").read_text(encoding="ascii").split("\n")[1] not in path.read_text(encoding="utf-8")


def test_code_that_was_edited_after_it_ran_is_named(tmp_path: Path) -> None:
    path = ran(tmp_path, MADE)
    text = path.read_text(encoding="utf-8")
    assert MADE in text
    path.write_text(text.replace("--seed 3", "--seed 4", 1), encoding="utf-8")
    found = {one.what: one for one in check(path).findings}
    assert found["code of cell 2"].status == "changed"
    assert "It isn't, letter for letter, the code that ran" in found["code of cell 2"].detail
