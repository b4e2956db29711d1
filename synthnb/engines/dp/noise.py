"""Exact noise from secret randomness: the discrete Gaussian and the exponential mechanism.

Written from Canonne, Kamath & Steinke (2020), "The Discrete Gaussian for Differential Privacy",
arXiv 2004.00010, algorithms 1 to 3. Floating point never touches a random draw: every choice is a
comparison of whole numbers, so that the noise has the very distribution the accounting assumes.
The bits come from the operating system, never from a seed: whoever knows the noise can subtract it.

Draws are made many at a time. Where a fraction is too large for 64-bit arithmetic, Python's own
whole numbers take over, one draw at a time; the distribution is the same.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

__all__ = ["Noise", "usable_epsilon", "usable_variance"]

Array = np.ndarray[Any, Any]

_LARGEST_DENOMINATOR = 2**55
_LARGEST_NUMERATOR = 2**62
_FINENESS = 1024
_SMALL_BATCH = 32


def usable_variance(least: float) -> Fraction:
    """The smallest fraction with few digits that is no less than a variance; relative excess below 0.1 %."""
    scale = 1 << max(0, math.ceil(math.log2(_FINENESS / least)))
    return Fraction(math.ceil(Fraction(least) * scale), scale)


def usable_epsilon(most: float) -> Fraction:
    """The largest fraction with few digits that is no more than an ε; relative loss below 0.1 %."""
    scale = 1 << max(0, math.ceil(math.log2(_FINENESS / most)))
    return Fraction(math.floor(Fraction(most) * scale), scale)


class Noise:
    """Random draws that are exact and, with the default source, can't be foreseen.

    Parameters
    ----------
    read : callable
        Returns so many random bytes. Anything but the operating system's source makes the noise
        foreseeable and is for tests alone.
    """

    def __init__(self, read: Callable[[int], bytes] = os.urandom) -> None:
        self._read = read

    def gaussian(self, variance: Fraction, size: int) -> Array:
        """Independent draws of the discrete Gaussian: P(x) ∝ exp(-x² / (2 variance)) over the whole numbers.

        Parameters
        ----------
        variance : Fraction
            The parameter σ²; as good as the variance itself from 1 on.
        size : int
            How many.

        Returns
        -------
        ndarray of int64
        """
        spread = math.isqrt(variance.numerator // variance.denominator) + 1
        found: list[Array] = [np.empty(0, dtype="i8")]
        while (wanted := size - sum(map(len, found))) > 0:
            y = self._laplace(spread, 2 * wanted + _SMALL_BATCH)
            found.append(y[self._accepted(np.abs(y), spread, variance)][:wanted])
        return np.concatenate(found)

    def choose(self, scores: Array, epsilon: Fraction) -> int:
        """One index by the exponential mechanism: P(i) ∝ exp(ε scores[i] / 2), for scores of sensitivity 1.

        Parameters
        ----------
        scores : ndarray of int
            One row more or less changes none by more than 1.
        epsilon : Fraction
            The mechanism's ε; it satisfies ε²/8-zCDP (Cesar & Rogers 2021, arXiv 2004.07223).
        """
        behind = (int(scores.max()) - scores).astype("i8")
        while True:
            tries = self._below(np.full(_SMALL_BATCH, len(scores), dtype="u8")).astype("i8")
            accepted = self._exp(behind[tries] * epsilon.numerator, 2 * epsilon.denominator)
            if accepted.any():
                return int(tries[accepted.argmax()])

    def _accepted(self, distance: Array, spread: int, variance: Fraction) -> Array:
        """Which draws of the discrete Laplace stay, so that the rest is a discrete Gaussian."""
        a, b = variance.numerator, variance.denominator
        denominator = 2 * a * b * spread**2
        safe = (math.isqrt(_LARGEST_NUMERATOR) - a) // (spread * b)
        small = distance < (safe if denominator < _LARGEST_DENOMINATOR else 0)
        kept = np.zeros(len(distance), dtype=bool)
        if small.any():
            kept[small] = self._exp((distance[small] * (spread * b) - a) ** 2, denominator)
        for i in np.flatnonzero(~small):
            kept[i] = self._exp_once((int(distance[i]) * spread * b - a) ** 2, denominator)
        return kept

    def _laplace(self, scale: int, size: int) -> Array:
        """About `size` or fewer draws of the discrete Laplace: P(x) ∝ exp(-|x| / scale)."""
        part = self._below(np.full(size, scale, dtype="u8")).astype("i8")
        part = part[self._exp(part, scale)]
        whole = np.zeros(len(part), dtype="i8")
        alive = np.arange(len(part))
        while len(alive):
            alive = alive[self._exp(np.ones(len(alive), dtype="i8"), 1)]
            whole[alive] += 1
        x = part + scale * whole
        negative = self._below(np.full(len(x), 2, dtype="u8")) == 1
        return np.asarray(np.where(negative, -x, x)[~(negative & (x == 0))])

    def _exp(self, numerator: Array, denominator: int) -> Array:
        """Bernoulli draws with probabilities exp(-numerator / denominator)."""
        whole, rest = np.divmod(numerator, denominator)
        result = self._exp_fraction(rest, denominator)
        alive, done = np.flatnonzero(result & (whole > 0)), 0
        while len(alive):
            passed = self._exp_fraction(np.ones(len(alive), dtype="i8"), 1)
            result[alive[~passed]] = False
            done += 1
            alive = alive[passed & (whole[alive] > done)]
        return result

    def _exp_fraction(self, numerator: Array, denominator: int) -> Array:
        """The same for fractions up to 1: the first failure of Bernoulli(γ/k), k = 1, 2, …, comes at an odd k."""
        result = np.zeros(len(numerator), dtype=bool)
        alive, k = np.arange(len(numerator)), 1
        while len(alive):
            passed = self._below(np.full(len(alive), denominator * k, dtype="u8")) < numerator[alive].astype("u8")
            result[alive[~passed]] = k % 2 == 1
            alive, k = alive[passed], k + 1
        return result

    def _below(self, bounds: Array) -> Array:
        """Uniform whole numbers from 0 to each bound less 1."""
        most = np.uint64(2**64 - 1)
        result = np.zeros(len(bounds), dtype="u8")
        alive = np.arange(len(bounds))
        while len(alive):
            bits = np.frombuffer(self._read(8 * len(alive)), dtype="<u8").astype("u8")
            bound = bounds[alive]
            kept = bits <= most - (most % bound + np.uint64(1)) % bound
            result[alive[kept]] = bits[kept] % bound[kept]
            alive = alive[~kept]
        return result

    def _exp_once(self, numerator: int, denominator: int) -> bool:
        """One Bernoulli draw with probability exp(-numerator / denominator), whatever the size of the two."""
        whole, rest = divmod(numerator, denominator)
        if not self._exp_fraction_once(rest, denominator):
            return False
        return all(self._exp_fraction_once(1, 1) for _ in range(whole))

    def _exp_fraction_once(self, numerator: int, denominator: int) -> bool:
        k = 1
        while self._below_once(denominator * k) < numerator:
            k += 1
        return k % 2 == 1

    def _below_once(self, bound: int) -> int:
        size = (bound.bit_length() + 7) // 8
        most = (1 << 8 * size) // bound * bound
        while (bits := int.from_bytes(self._read(size), "little")) >= most:
            pass
        return bits % bound
