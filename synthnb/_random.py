"""Seeds in, generators out; one generator spawned per named unit of work."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    import numpy as np

LARGEST_SEED = 2**32 - 1
"""Seeds are 32-bit, so that JSON and every front end carry them exactly."""


def resolve_seed(random_state: int | None) -> int:
    """Return the seed to use: the one given, or a fresh one.

    Raises
    ------
    OptionError
        The seed isn't an integer from 0 to 2**32 - 1.
    """
    if random_state is None:
        return secrets.randbelow(LARGEST_SEED + 1)
    if isinstance(random_state, bool) or not hasattr(random_state, "__index__"):
        raise OptionError(f"A seed must be a whole number from 0 to {LARGEST_SEED}; got {shown(random_state)}.", fix="Pass an int.")
    seed = random_state.__index__()
    if not 0 <= seed <= LARGEST_SEED:
        raise OptionError(f"A seed must be from 0 to {LARGEST_SEED}; got {shown(seed)}.", fix="Choose one in that range.")
    return seed


def generator(seed: int, *unit: str | int) -> np.random.Generator:
    """Return the generator of one unit of work, the same wherever the unit runs.

    Parameters
    ----------
    seed : int
        The run's seed.
    *unit : str or int
        The unit's path, such as ``("column", "age", "block", 0)``.
    """
    import numpy as np

    key = hashlib.sha256("\x1f".join(str(part) for part in unit).encode("utf-8", "surrogatepass")).digest()
    words = [int.from_bytes(key[i : i + 4], "big") for i in range(0, 16, 4)]
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=words))
