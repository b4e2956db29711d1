"""`trees` beside an independent-columns baseline and a bootstrap of the training rows.

Run ``python tests/benchmarks/engines.py``. Each table is cut into two equal halves at
random: one is learnt, the other is held out and never shown to a method. Each method
makes as many rows as it learnt from. All figures of a table come from one run.

Tables
    actg175    ACTG 175, a randomised HIV trial: 2,139 patients, real.
    register   a simulated health register of 100,000 rows and 15 columns (50,000 learnt),
               made below from a seed: no real table of that size can be had offline.

Figures
    TVD2       mean total variation distance over all pairs of columns, between the rows made
               and the rows learnt, on levels, deciles and "missing"; bootstrap is the floor
    AUC        gradient-boosted trees telling the rows made from the held-out rows, 5-fold; 0.5 is best
    TSTR       AUC (or R²) on held-out rows of a model trained on the rows made; beside it,
               the same trained on the real rows
    nearer     share of rows made that lie nearer to the rows learnt than to those held out; 0.5 is best
    copies     share of rows made that equal a learnt row
    fit, draw  seconds of wall time
    MB         peak of traced allocations, in a second pass
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from synthnb.engines._tuning import nearer_share
from synthnb.engines.trees import Trees
from synthnb.recipes.infer import infer_recipe

Array = np.ndarray[Any, Any]
Sampler = Callable[[int], pd.DataFrame]
SCHOOLS = np.array(["none", "primary", "lower", "upper", "tertiary"], dtype=object)


@dataclass(frozen=True)
class Method:
    name: str
    fit: Callable[[pd.DataFrame, int], Sampler]


@dataclass(frozen=True)
class Row:
    method: str
    tvd2: float
    auc: float
    tstr: float
    nearer: float
    copies: float
    fit: float
    draw: float
    megabytes: float


def fit_trees(train: pd.DataFrame, seed: int, **options: Any) -> Sampler:
    recipe = infer_recipe(train, table="benchmark", rows=len(train), seed=seed)
    fitted = Trees(**options).fit(train, recipe, seed=seed)
    return lambda rows: fitted.sample(rows, seed=seed).frame


def fit_independent(train: pd.DataFrame, seed: int) -> Sampler:
    rng = np.random.default_rng(seed)
    return lambda rows: pd.DataFrame({name: train[name].array[rng.integers(len(train), size=rows)] for name in train})


def fit_bootstrap(train: pd.DataFrame, seed: int) -> Sampler:
    rng = np.random.default_rng(seed)
    return lambda rows: train.iloc[rng.integers(len(train), size=rows)].reset_index(drop=True)


METHODS = (Method("trees", fit_trees), Method("independent", fit_independent), Method("bootstrap", fit_bootstrap))


def actg175(file: str | None) -> tuple[pd.DataFrame, str]:
    """The real trial and the column to predict."""
    from synthnb.datasets import fetch_actg175

    return fetch_actg175(file=file), "event"


def register(rows: int, seed: int) -> tuple[pd.DataFrame, str]:
    """A simulated register: skewed, discrete, dated and missing in blocks, with known dependence."""
    rng = np.random.default_rng(seed)
    age = np.clip(rng.gamma(9, 6, rows), 18, 99).round()
    female = rng.random(rows) < 0.52
    region = np.minimum(rng.zipf(1.4, rows), 80)
    education = np.clip(np.round(rng.normal(2.5 - (age - 50) / 40, 1, rows)), 0, 4).astype(int)
    bmi = np.round(rng.normal(24 + age / 25 + (education < 2), 4, rows).clip(15, 55), 1)
    smoker = rng.random(rows) < 1 / (1 + np.exp(0.6 * education + age / 60 - female * 0.2))
    pressure = np.round(100 + 0.4 * age + 0.8 * (bmi - 25) + rng.normal(0, 10, rows))
    glucose = np.round(np.exp(rng.normal(1.6 + 0.01 * (bmi - 25) + (rng.random(rows) < 0.08) * 0.5, 0.12)), 2)
    ldl = np.round(rng.normal(3.2 + 0.01 * age, 0.8).clip(0.6, 9), 2)
    income = np.round(np.exp(rng.normal(9.8 + 0.25 * education, 0.5)) * (rng.random(rows) > 0.07), -2)
    visits = rng.poisson(np.exp(0.2 + age / 80 + smoker * 0.3))
    risk = -9 + 0.07 * age + 0.02 * pressure + 0.6 * smoker + 0.25 * glucose + 0.3 * (region > 20)
    event = rng.random(rows) < 1 / (1 + np.exp(-risk))
    entered = pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 3000, rows), unit="D")
    days = np.round(rng.exponential(np.where(event, 400, 1500))).clip(1, 3000)
    unmeasured = rng.random(rows) < 0.05 + 0.15 * (visits == 0)
    frame = pd.DataFrame(
        {
            "age": age.astype(int),
            "sex": np.where(female, "female", "male"),
            "region": [f"region {code:02d}" for code in region],
            "education": pd.Categorical(SCHOOLS[education], categories=list(SCHOOLS), ordered=True),
            "bmi": np.where(unmeasured, np.nan, bmi),
            "smoker": smoker,
            "pressure": np.where(unmeasured, np.nan, pressure),
            "glucose": glucose,
            "ldl": ldl,
            "income": income,
            "visits": visits,
            "entered": entered,
            "days": days.astype(int),
            "event": event.astype(int),
            "noise": rng.normal(size=rows),
        }
    )
    return frame, "event"


def binned(frame: pd.DataFrame, train: pd.DataFrame) -> Array:
    """Codes of levels and of the training rows' deciles; missing is a code of its own."""
    return np.column_stack([_codes(frame[name], train[name]) for name in train])


def _codes(cells: pd.Series[Any], real: pd.Series[Any]) -> Array:
    if not _is_ordered(real) or real.nunique() <= 10:
        levels = {level: code for code, level in enumerate(real.dropna().unique())}
        codes = [levels.get(cell, len(levels)) for cell in cells.astype(object)]
    else:
        numbers = _numbers(real)
        edges = np.unique(np.nanquantile(numbers, np.linspace(0.1, 0.9, 9)))
        codes = list(np.searchsorted(edges, _numbers(cells), side="right"))
    return np.where(cells.isna(), 99, np.array(codes))


def _is_ordered(cells: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_datetime64_any_dtype(cells)


def _numbers(cells: pd.Series[Any]) -> Array:
    if pd.api.types.is_datetime64_any_dtype(cells):
        return cells.to_numpy("M8[s]").astype("f8")
    return cells.to_numpy(dtype="f8", na_value=np.nan)


def pairwise_tvd(left: Array, right: Array) -> float:
    """Mean total variation distance over pairs of columns of codes."""
    found = []
    for i, j in combinations(range(left.shape[1]), 2):
        width = 1 + max(left[:, j].max(), right[:, j].max())
        a, b = left[:, i] * width + left[:, j], right[:, i] * width + right[:, j]
        size = 1 + max(a.max(), b.max())
        found.append(0.5 * np.abs(np.bincount(a, minlength=size) / len(a) - np.bincount(b, minlength=size) / len(b)).sum())
    return float(np.mean(found))


def features(frame: pd.DataFrame, real: pd.DataFrame) -> pd.DataFrame:
    """Numbers as they are, other columns as integer codes of the real levels."""
    made = {}
    for name in real:
        if _is_ordered(real[name]):
            made[name] = _numbers(frame[name])
        else:
            levels = sorted(map(str, real[name].dropna().unique()))
            made[name] = pd.Categorical(frame[name].astype(str), categories=levels).codes.astype("f8")
    return pd.DataFrame(made)


def two_sample_auc(made: pd.DataFrame, held: pd.DataFrame, seed: int) -> float:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    x = pd.concat([made, held], ignore_index=True)
    y = np.r_[np.ones(len(made)), np.zeros(len(held))]
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    model = HistGradientBoostingClassifier(max_iter=80, random_state=seed)
    guess = cross_val_predict(model, x, y, cv=folds, method="predict_proba")[:, 1]
    return float(roc_auc_score(y, guess))


def tested_on_real(made: pd.DataFrame, held: pd.DataFrame, target: str, seed: int) -> float:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    y = made[target].to_numpy().astype(int)
    if len(np.unique(y)) < 2:
        return float("nan")
    model = HistGradientBoostingClassifier(max_iter=80, random_state=seed).fit(made.drop(columns=target), y)
    return float(roc_auc_score(held[target].astype(int), model.predict_proba(held.drop(columns=target))[:, 1]))


def points(frame: pd.DataFrame, real: pd.DataFrame) -> Array:
    """Ranks for numbers, unit distance between levels, missing as a level."""
    parts = []
    for name in real:
        if _is_ordered(real[name]):
            numbers, reference = _numbers(frame[name]), np.sort(_numbers(real[name])[real[name].notna().to_numpy()])
            ranks = (np.searchsorted(reference, numbers, "left") + np.searchsorted(reference, numbers, "right")) / 2 / len(reference)
            parts.append(np.where(np.isnan(numbers), 0.5, ranks)[:, None])
        codes = _codes(frame[name], real[name]) if not _is_ordered(real[name]) else np.where(frame[name].isna(), 99, 0)
        parts += [(codes[:, None] == np.unique(codes)[None, :]) / np.sqrt(2)] if len(np.unique(codes)) > 1 else []
    return np.column_stack(parts).astype("f4")


def measure(method: Method, train: pd.DataFrame, held: pd.DataFrame, target: str, seed: int, judged: int) -> Row:
    start = time.perf_counter()
    sampler = method.fit(train, seed)
    middle = time.perf_counter()
    made = sampler(len(train))
    end = time.perf_counter()
    rng = np.random.default_rng(seed)
    some = made.iloc[rng.permutation(len(made))[:judged]]
    stacked = points(pd.concat([some, train, held], ignore_index=True), pd.concat([train, held], ignore_index=True))
    few = features(made, train).iloc[:judged], features(held, train).iloc[:judged]
    real_rows = set(_tuples(train))
    copies = np.mean([row in real_rows for row in _tuples(made)])
    return Row(
        method=method.name,
        tvd2=pairwise_tvd(binned(made, train), binned(train, train)),
        auc=two_sample_auc(*few, seed),
        tstr=tested_on_real(features(made, train), features(held, train), target, seed),
        nearer=nearer_share(stacked[: len(some)], stacked[len(some) : len(some) + len(train)], stacked[len(some) + len(train) :]),
        copies=float(copies),
        fit=middle - start,
        draw=end - middle,
        megabytes=peak(method, train, seed),
    )


def _tuples(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Rows as tuples in which a missing cell equals a missing cell."""
    return list(frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None))


def peak(method: Method, train: pd.DataFrame, seed: int) -> float:
    tracemalloc.start()
    try:
        method.fit(train, seed)(len(train))
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def report(name: str, frame: pd.DataFrame, target: str, seed: int, judged: int) -> None:
    shuffled = np.random.default_rng(seed).permutation(len(frame))
    half = len(frame) // 2
    train, held = (frame.iloc[index].reset_index(drop=True) for index in (shuffled[:half], shuffled[half : 2 * half]))
    real = tested_on_real(features(train, train), features(held, train), target, seed)
    rows = [measure(method, train, held, target, seed, judged) for method in METHODS]
    print(f"\n{name}: {half:,} rows learnt, {half:,} held out, {frame.shape[1]} columns; predicting {target}, real rows give {real:.3f}")
    print(f"{'':12}{'TVD2':>8}{'AUC':>8}{'TSTR':>8}{'nearer':>8}{'copies':>8}{'fit s':>8}{'draw s':>8}{'MB':>8}")
    for row in rows:
        print(
            f"{row.method:12}{row.tvd2:8.3f}{row.auc:8.3f}{row.tstr:8.3f}{row.nearer:8.3f}{row.copies:8.2%}"
            f"{row.fit:8.2f}{row.draw:8.2f}{row.megabytes:8.0f}"
        )
    trees, independent, bootstrap = rows
    print(f"trees / bootstrap: TVD2 {trees.tvd2 / bootstrap.tvd2:.2f}, TSTR {trees.tstr / bootstrap.tstr:.3f}")
    print(f"trees / independent: TVD2 {trees.tvd2 / independent.tvd2:.2f}; trees / real rows: TSTR {trees.tstr / real:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--table", choices=["actg175", "register", "all"], default="all")
    parser.add_argument("--file", help="the lifelines wheel or its ACTG175.csv, for machines without network")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the simulated register, both halves together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--judged", type=int, default=5_000, help="most rows used for AUC and nearest rows")
    options = parser.parse_args()
    if options.table in {"actg175", "all"}:
        report("actg175", *actg175(options.file), options.seed, options.judged)
    if options.table in {"register", "all"}:
        report("register", *register(options.rows, options.seed), options.seed, options.judged)


if __name__ == "__main__":
    main()
