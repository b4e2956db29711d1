"""A notebook with its data, exports and ledger, as a project holds them, and ways to change them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from synthnb._frames import frame_digest
from synthnb.disclosure.entries import entry_for_run
from synthnb.disclosure.files import disclose_file
from synthnb.disclosure.ledger import Ledger
from synthnb.disclosure.sidecar import write_data

from .samples import entries, made, notebook

Json = dict[str, Any]

CODE = "# why\nx = {'a' : 1}\nprint( x )"


def project(folder: Path, *, parquet: bool = False, lean: bool = False) -> Path:
    """Write a disclosed notebook, a table that it exported, and the ledger; return the notebook's path."""
    frame = pd.DataFrame({"age": range(40), "sex": ["f", "m"] * 20})
    output = {"name": "table", "rows": 40, "columns": ["age", "sex"], "digest": frame_digest(frame)}
    run = entry_for_run(made(id="run-table", output=output))
    tables = [write_data(frame, folder / f"t.{kind}", frame_name="table", entries=[run], folder=folder) for kind in _kinds(parquet)]
    others = [] if lean else entries()
    content = notebook(*others, run, *tables)
    attached = {"a.txt": {"text/plain": "aGk="}}
    stream = {"output_type": "stream", "name": "stdout", "text": ["{'a': 1}\n"]}
    content["cells"] += [
        {"cell_type": "code", "id": "plain", "metadata": {}, "execution_count": 2, "outputs": [stream], "source": CODE},
        {"cell_type": "markdown", "id": "words", "metadata": {}, "source": "Words of mine.", "attachments": attached},
    ]
    content["metadata"]["language_info"] = {"name": "python"}
    path = folder / "trial.ipynb"
    write(path, content)
    disclose_file(path)
    with Ledger(folder / ".synthnb" / "ledger.sqlite3") as ledger:
        for entry in (*others, run, *tables):
            ledger.append(entry)
    return path


def _kinds(parquet: bool) -> list[str]:
    return ["csv", "parquet"] if parquet else ["csv"]


def read(path: Path) -> Json:
    found: Json = json.loads(path.read_text(encoding="utf-8"))
    return found


def write(path: Path, content: Json) -> None:
    """Write a notebook as Jupyter does."""
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
