"""How long does `verify` take over large files, and how much memory?

Run ``python tests/benchmarks/verifying.py`` (some minutes, 3 GB of disk) or with ``--quick`` (a tenth of the size).
Each step runs in a process of its own, whose largest resident memory is told, and that before it began.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

COLUMNS = 8
ROWS_PER_GB = 16_000_000
MEGABYTES_OF_NOTEBOOK = 50


def write_parquet(folder: Path, size: float) -> None:
    """Write a Parquet file of so many GB with its record, from a frame of random numbers and words."""
    import numpy as np
    import pandas as pd

    from synthnb._frames import frame_digest
    from synthnb.disclosure.entries import entry_for_run
    from synthnb.disclosure.sidecar import write_data
    from tests.disclosure import samples

    rng, rows = np.random.default_rng(1), int(ROWS_PER_GB * size)
    frame = pd.DataFrame({f"x{number}": rng.normal(size=rows) for number in range(COLUMNS - 1)})
    frame["level"] = pd.Categorical.from_codes(rng.integers(0, 50, rows), pd.Index([f"level {number}" for number in range(50)]))
    output = {"name": "large", "rows": rows, "columns": list(frame.columns), "digest": frame_digest(frame)}
    _begin()
    write_data(frame, folder / "large.parquet", frame_name="large", entries=[entry_for_run(samples.made(output=output))], folder=folder)


def verify_parquet(folder: Path, _size: float) -> None:
    """Verify the file against the sidecar, which knows its bytes."""
    from synthnb.disclosure.verify import verify_path

    _begin()
    _expect(all(finding.ok for finding in verify_path(folder / "large.parquet")))


def verify_parquet_alone(folder: Path, _size: float) -> None:
    """Verify the file by its content, without the sidecar."""
    from synthnb.disclosure.sidecar import check_data

    _begin()
    _expect({status for _, status, _ in check_data(folder / "large.parquet")} == {"ok"})


def write_notebook(folder: Path, size: float) -> None:
    """Write a disclosed notebook of so many parts of 50 MB: pictures, and tables as HTML."""
    import base64
    import random

    from synthnb.disclosure.files import disclose_file
    from tests.disclosure import samples

    draw, count = random.Random(1), int(MEGABYTES_OF_NOTEBOOK * size)
    content = samples.notebook(*samples.entries())
    for number in range(count):
        picture = base64.b64encode(draw.randbytes(600_000)).decode()
        data = {"image/png": picture, "text/html": "<td>0.123</td>" * 15_000}
        output = {"output_type": "display_data", "metadata": {}, "data": data}
        cell = {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "execution_count": 2,
            "source": f"plot({number})",
            "outputs": [output],
        }
        content["cells"].append(cell)
    _begin()
    (folder / "large.ipynb").write_text(json.dumps(content, indent=1), encoding="utf-8")
    disclose_file(folder / "large.ipynb")


def sign_notebook(folder: Path, _size: float) -> None:
    """Sign it, with a digest for each cell and output."""
    from synthnb._api.signing import new_signing_key, sign

    os.environ["SYNTHNB_SIGNING_KEY"] = str(folder / "key.pem")
    new_signing_key()
    _begin()
    sign(folder / "large.ipynb")


def verify_notebook(folder: Path, _size: float) -> None:
    """Verify it with its signature."""
    from synthnb._api.verifying import check

    _begin()
    _expect(check(folder / "large.ipynb").signed)


def verify_changed_notebook(folder: Path, _size: float) -> None:
    """Verify it after one letter of one output was changed, so that every piece has to be compared."""
    from synthnb._api.verifying import check

    path = folder / "large.ipynb"
    data = bytearray(path.read_bytes())
    data[data.rindex(b"0.123") + 2] = ord("9")
    path.write_bytes(data)
    del data
    _begin()
    found = check(path)
    _expect([finding.detail for finding in found.findings if finding.status == "changed"] == ["Its output 1 isn't as signed: text/html."])


STEPS: dict[str, Callable[[Path, float], None]] = {
    "write the Parquet file": write_parquet,
    "verify it with its sidecar": verify_parquet,
    "verify its content alone": verify_parquet_alone,
    "write the notebook": write_notebook,
    "sign it": sign_notebook,
    "verify it": verify_notebook,
    "verify it with one letter changed": verify_changed_notebook,
}
"""Each in a process of its own, in this order, in one folder."""

_begun: dict[str, float] = {}


def _begin() -> None:
    """Note when a step begins, and how large the process is by then."""
    _begun.update(at=time.perf_counter(), megabytes=_peak())


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _expect(holds: bool) -> None:
    if not holds:
        raise SystemExit("What was expected doesn't hold.")


def run_step(name: str, folder: Path, size: float) -> dict[str, Any]:
    """Carry out one step in this process."""
    STEPS[name](folder, size)
    seconds = time.perf_counter() - _begun["at"]
    return {"step": name, "seconds": round(seconds, 1), "before": round(_begun["megabytes"]), "peak": round(_peak())}


def main() -> None:
    """Carry out every step, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size")
    parser.add_argument("--step", choices=list(STEPS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    size = 0.1 if given.quick else 1.0
    if given.step:
        print(json.dumps(run_step(given.step, given.folder, size)))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'step':<34}{'seconds':>9}{'MB before':>11}{'MB peak':>9}")
        for step in STEPS:
            words = [sys.executable, __file__, "--step", step, "--folder", folder, *(["--quick"] if given.quick else [])]
            found = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
            print(f"{found['step']:<34}{found['seconds']:>9}{found['before']:>11}{found['peak']:>9}")
        for file in sorted(Path(folder).glob("large.*")):
            print(f"{file.name}: {file.stat().st_size / 1e6:,.1f} MB")


if __name__ == "__main__":
    main()
