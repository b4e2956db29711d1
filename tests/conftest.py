"""What many tests share: a small trial, and a shell with the magics in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from playwright.sync_api import Playwright


@pytest.fixture(scope="session", autouse=True)
def nothing_planted_is_written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Plant a key in the environment, and when all tests are done look for it, a patient's name and the home folder in every file."""
    from tests.leaks import KEY, leaks_in, plants

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLANTED_API_KEY", KEY)
        yield
    home, here = Path.home(), Path(__file__).resolve()
    # Where the checkout itself lies below the home folder, every trace of Python names it.
    found, left = leaks_in(tmp_path_factory.getbasetemp(), plants(None if here.is_relative_to(home) else home), seconds=600)
    told = "; ".join(f"{leak.what} in {leak.path}" for leak in found[:20])
    assert not found, f"{len(found)} files hold what must not be written: {told}"
    assert not left, f"there was no time to look into {left} files"


@pytest.fixture
def trial() -> pd.DataFrame:
    """Two hundred invented patients: numbers, categories, dates, and values missing together."""
    rng = np.random.default_rng(1)
    n = 200
    age = rng.integers(18, 90, n)
    weight = np.round(rng.normal(75, 12, n) + (age - 50) * 0.1, 1)
    seen_again = rng.random(n) < 0.7
    return pd.DataFrame(
        {
            "age": age,
            "sex": rng.choice(["female", "male"], n),
            "arm": rng.choice(["placebo", "drug"], n),
            "weight_kg": weight,
            "admitted": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 700, n), unit="D"),
            "event": rng.random(n) < 0.2 + 0.004 * age,
            "weight_later": np.where(seen_again, np.round(weight - 2, 1), np.nan),
        }
    )


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The one driver of browsers: a thread can hold no second."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        yield running


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A fresh IPython shell in an empty folder, with ``%load_ext synthnb`` done."""
    from IPython.core.interactiveshell import InteractiveShell

    import synthnb
    from synthnb.disclosure.session import session

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    InteractiveShell.clear_instance()
    session.reset()
    made: Any = InteractiveShell.instance()
    made.history_manager.enabled = False
    synthnb.load_ipython_extension(made)
    yield made
    synthnb.unload_ipython_extension(made)
    InteractiveShell.clear_instance()
