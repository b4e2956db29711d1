"""Write a file of each engine's generator as this version saves it, to be read by all later ones.

Run ``python tests/engines/write_generators.py`` once per minor version, before its release; the files of
earlier versions stay as they are.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import synthnb
from synthnb._frames import frame_digest

FOLDER = Path(__file__).parents[1] / "fixtures" / "generators"
DOMAIN = {"age": [18, 90], "sex": ["f", "m"], "first": [0, 100], "later": [0, 120]}
OPTIONS: dict[str, dict[str, Any]] = {
    "trees": {"rules": ["first <= later"], "roles": {"patient": "key"}},
    "copula": {},
    "arf": {},
    "dp": {"options": {"epsilon": 3.0, "domain": DOMAIN}},
}


def table() -> pd.DataFrame:
    """Invented patients."""
    rng = np.random.default_rng(0)
    first = rng.integers(0, 100, 150)
    frame = pd.DataFrame(
        {
            "patient": [f"P-{7919 * i % 99991:05d}" for i in range(150)],
            "age": rng.integers(18, 91, 150),
            "sex": rng.choice(["f", "m"], 150),
            "seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, 150), unit="D"),
            "first": first,
            "later": first + rng.integers(0, 20, 150),
        }
    )
    frame["seen"] = frame["seen"].mask(np.arange(150) % 7 == 0)
    return frame


def main() -> None:
    """Write the files that aren't there yet."""
    minor = ".".join(synthnb.__version__.split(".")[:2])
    for engine, more in OPTIONS.items():
        path = FOLDER / f"{engine}-{minor}.synthgen"
        if path.exists():
            continue
        frame = table().drop(columns=["seen", "patient"]) if engine == "dp" else table()
        made = synthnb.generate(frame, engine=engine, random_state=5, **more)
        made.generator.save(path)
        drawn = synthnb.generate(path, rows=60, random_state=9).frame
        said = {"synthnb": synthnb.__version__, "rows": 60, "seed": 9, "columns": list(drawn.columns), "digest": frame_digest(drawn)}
        path.with_suffix(".json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
