from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from synthnb._packages import is_there
from synthnb.models.downloads import DOWNLOADS
from synthnb.models.local import Local, open_local


@pytest.fixture(scope="session")
def weights() -> Path:
    """The pulled weights; their absence is a failure, not a skip."""
    pinned = DOWNLOADS["smollm2-135m"].pinned
    if not is_there(pinned):
        pytest.fail("The embedded model's weights aren't in the cache. Run: synthnb models pull smollm2-135m")
    return pinned.path


@pytest.fixture(scope="session")
def local(weights: Path) -> Iterator[Local]:
    """The embedded model, loaded once."""
    model = open_local()
    yield model
    model.close()
