"""A signed notebook that is opened and saved in JupyterLab is told apart from one that was tampered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from synthnb._api.signing import new_signing_key, sign
from synthnb._api.verifying import check

from .pages import make_entry, showing

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Opener

pytestmark = pytest.mark.ui


def test_saving_in_jupyterlab_is_no_tampering_and_an_edit_is_named(opened: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_SIGNING_KEY", str(tmp_path / "key.pem"))
    new_signing_key()
    notebook = opened([showing(make_entry(second=1)), "2 + 2"])
    notebook.run_all()
    notebook.save()
    sign(notebook.path)
    notebook.path.write_text(notebook.path.read_text(encoding="utf-8").replace("\n ", "\n    "), encoding="utf-8")
    notebook.reload()
    notebook.run(0)
    notebook.save()
    found = check(notebook.path)
    assert not [one for one in found.findings if one.what.startswith("cell ") and one.status == "changed"], found.findings
    notebook.set_source(2, "2 + 3")
    notebook.save()
    assert [one.detail for one in check(notebook.path).findings if one.status == "changed"] == ["Its code differs."]
