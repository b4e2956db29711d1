"""Run one method on one table: learn ``train.parquet``, write as many rows to ``made.parquet`` and the cost to ``run.json``.

This script is run by the interpreter of the method's own environment, so it may import
nothing of this project at its top, and each method's package only inside its function.
Settings are each package's defaults unless a line below says why not. Imports, and for
our engines a first call on forty rows, are outside the seconds reported.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

Domain = dict[str, list[Any]]


class Order(NamedTuple):
    """What is asked of a method."""

    train: pd.DataFrame
    rows: int
    seed: int
    options: dict[str, Any]
    folder: Path
    """Where files may be left."""
    domain: Domain
    """For differential privacy: the declared range of each number, or the levels of each category."""


class Prepared(NamedTuple):
    """A method whose packages are imported: `fit` learns and returns what draws."""

    fit: Callable[[], Callable[[], pd.DataFrame]]
    packages: tuple[str, ...]
    fit_seconds: Callable[[], float] | None = None
    """Where fitting and drawing are one call: how many of its seconds were spent on fitting."""


def independent(order: Order) -> Prepared:
    """Each column drawn by itself from the cells learnt."""
    rng = np.random.default_rng(order.seed)
    train = order.train
    return Prepared(
        lambda: lambda: pd.DataFrame({name: train[name].array[rng.integers(len(train), size=order.rows)] for name in train}), ()
    )


def bootstrap(order: Order) -> Prepared:
    """Rows learnt, drawn with replacement: the floor of every distance, and no synthetic data at all."""
    rng = np.random.default_rng(order.seed)
    return Prepared(lambda: lambda: order.train.iloc[rng.integers(len(order.train), size=order.rows)].reset_index(drop=True), ())


def synthnb(order: Order) -> Prepared:
    """One of our engines, through the public function."""
    package = importlib.import_module("synthnb")
    asked = dict(order.options)
    engine = asked.pop("engine")
    if order.domain:
        asked["domain"] = order.domain
    told = {"options": asked} if asked else {}

    def both(train: pd.DataFrame, **more: Any) -> Any:
        return package.generate(train, engine=engine, random_state=order.seed, **more)

    if not order.domain:  # with differential privacy every call spends budget
        both(pd.DataFrame({"number": range(60), "level": ["a", "b", "c"] * 20}), rows=10)
    made: list[Any] = []

    def fit() -> Callable[[], pd.DataFrame]:
        made.append(both(order.train, rows=order.rows, **told))
        return lambda: made[0].frame

    return Prepared(fit, ("synthnb",), lambda: float(made[0].run.seconds["fit"]))


def sdv(order: Order) -> Prepared:
    """SDV: metadata as detected, but no column is taken for an identifier or a person's datum, which SDV would make up."""
    single = importlib.import_module("sdv.single_table")
    metadata = importlib.import_module("sdv.metadata").Metadata.detect_from_dataframes({"table": order.train}, infer_keys=None)
    for name, column in metadata.to_dict()["tables"]["table"]["columns"].items():
        if column["sdtype"] not in {"numerical", "categorical", "boolean", "datetime"}:
            numeric = pd.api.types.is_numeric_dtype(order.train[name])
            metadata.update_column(name, sdtype="numerical" if numeric else "categorical")
    _seed_torch(order.seed)
    model = getattr(single, order.options["class"])(metadata, **order.options.get("arguments", {}))

    def fit() -> Callable[[], pd.DataFrame]:
        model.fit({"table": order.train})
        return lambda: _frame(model.sample(num_rows=order.rows)["table"])

    return Prepared(fit, ("sdv", "ctgan", "copulas", "torch"))


def mostlyai(order: Order) -> Prepared:
    """MOSTLY AI's TabularARGN."""
    engine = importlib.import_module("mostlyai.engine")
    model = engine.TabularARGN(device="cpu", random_state=order.seed)

    def fit() -> Callable[[], pd.DataFrame]:
        model.fit(order.train)
        return lambda: _frame(model.sample(n_samples=order.rows))

    return Prepared(fit, ("mostlyai-engine", "torch"))


def synthpop(order: Order) -> Prepared:
    """The Python port named ``synthpop-py``: sequential trees."""
    package = importlib.import_module("synthpop")
    model = package.Synthesiser(random_seed=order.seed)

    def fit() -> Callable[[], pd.DataFrame]:
        model.fit(order.train)
        return lambda: _frame(model.generate(order.rows))

    return Prepared(fit, ("synthpop-py",))


def synthpop_cart(order: Order) -> Prepared:
    """The Python port named ``python-synthpop``, in the steps of its own description; missing cells are filled first."""
    package = importlib.import_module("synthpop")
    handler = package.MissingDataHandler()

    def fit() -> Callable[[], pd.DataFrame]:
        whole = _filled(order.train)
        kinds = handler.get_column_dtypes(whole)
        processor = package.DataProcessor(kinds)
        model = package.CARTMethod(kinds, smoothing=True, proper=True, minibucket=5, random_state=order.seed)
        model.fit(processor.preprocess(whole))
        return lambda: _frame(processor.postprocess(model.sample(order.rows)))

    return Prepared(fit, ("python-synthpop",))


def synthcity(order: Order) -> Prepared:
    """One of synthcity's plugins; missing cells are filled first, since most of them refuse them."""
    plugins = importlib.import_module("synthcity.plugins")
    loader = importlib.import_module("synthcity.plugins.core.dataloader").GenericDataLoader
    model = plugins.Plugins().get(order.options["plugin"], random_state=order.seed, workspace=order.folder)
    _seed_torch(order.seed)

    def fit() -> Callable[[], pd.DataFrame]:
        model.fit(loader(_filled(order.train)))
        return lambda: _frame(model.generate(count=order.rows).dataframe())

    return Prepared(fit, ("synthcity", "torch"))


def syndiffix(order: Order) -> Prepared:
    """SynDiffix: returns nearly as many rows as it learnt."""
    package = importlib.import_module("syndiffix")

    def fit() -> Callable[[], pd.DataFrame]:
        model = package.Synthesizer(order.train)
        return lambda: _frame(model.sample())

    return Prepared(fit, ("syndiffix",))


def arfpy(order: Order) -> Prepared:
    """Adversarial random forests; missing cells are filled first, since the package refuses them."""
    package = importlib.import_module("arfpy.arf")
    np.random.seed(order.seed)  # noqa: NPY002 - the package draws from the global state

    def fit() -> Callable[[], pd.DataFrame]:
        model = package.arf(x=_filled(order.train), verbose=False, random_state=order.seed)
        model.forde()
        return lambda: _frame(model.forge(n=order.rows))

    return Prepared(fit, ("arfpy",))


def forest_diffusion(order: Order) -> Prepared:
    """ForestDiffusion: a flow learnt by boosted trees."""
    package = importlib.import_module("ForestDiffusion")

    def fit() -> Callable[[], pd.DataFrame]:
        codes, columns = _coded(order.train)
        kinds = {key: [i for i, column in enumerate(columns) if column.kind == key] for key in ("bin", "cat", "int")}
        model = package.ForestDiffusionModel(
            codes,
            bin_indexes=kinds["bin"],
            cat_indexes=kinds["cat"],
            int_indexes=kinds["int"],
            n_jobs=int(os.environ["OMP_NUM_THREADS"]),
            seed=order.seed,
        )
        return lambda: _decoded(model.generate(batch_size=order.rows), columns)

    return Prepared(fit, ("ForestDiffusion",))


def dpmm(order: Order) -> Prepared:
    """One of dpmm's pipelines, told the same declared ranges and levels as our engine."""
    pipelines = importlib.import_module("dpmm.pipelines")
    numeric = {name: pd.api.types.is_numeric_dtype(order.train[name]) for name in order.train}
    domain = {
        name: {"lower": cells[0], "upper": cells[1]} if numeric[name] else {"categories": cells} for name, cells in order.domain.items()
    }
    train = order.train.copy()
    for name, cells in order.domain.items():
        train[name] = train[name].clip(*cells[:2]) if numeric[name] else pd.Categorical(train[name].astype(object), categories=cells)
    model = getattr(pipelines, order.options["class"])(epsilon=order.options["epsilon"], delta=order.options["delta"], n_jobs=1)

    def fit() -> Callable[[], pd.DataFrame]:
        model.fit(train, domain, random_state=order.seed)
        return lambda: _frame(model.generate(n_records=order.rows, random_state=order.seed))

    return Prepared(fit, ("dpmm", "torch"))


METHODS: dict[str, Callable[[Order], Prepared]] = {
    "independent": independent,
    "bootstrap": bootstrap,
    "synthnb": synthnb,
    "sdv": sdv,
    "mostlyai": mostlyai,
    "synthpop": synthpop,
    "synthpop-cart": synthpop_cart,
    "synthcity": synthcity,
    "syndiffix": syndiffix,
    "arfpy": arfpy,
    "forest-diffusion": forest_diffusion,
    "dpmm": dpmm,
}


class Coded(NamedTuple):
    """How a column became numbers."""

    name: str
    kind: str
    levels: list[Any] | None


def _coded(frame: pd.DataFrame) -> tuple[Any, list[Coded]]:
    """Levels as codes and a missing level as a level of its own; numbers as they are, missing ones as nan."""
    columns, parts = [], []
    for name in map(str, frame.columns):
        cells = frame[name]
        if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
            whole = bool((cells.dropna() % 1 == 0).all())
            columns.append(Coded(name, "int" if whole and cells.nunique() > 2 else "number", None))
            parts.append(cells.to_numpy("f8", na_value=np.nan))
        elif pd.api.types.is_datetime64_any_dtype(cells):
            columns.append(Coded(name, "number", ["date"]))
            parts.append(np.where(cells.isna(), np.nan, cells.to_numpy("M8[s]").astype("f8")))
        else:
            codes, levels = pd.factorize(cells.astype(object), use_na_sentinel=False)
            columns.append(Coded(name, "bin" if len(levels) == 2 else "cat", list(levels)))
            parts.append(codes.astype("f8"))
    return np.column_stack(parts), columns


def _decoded(numbers: Any, columns: list[Coded]) -> pd.DataFrame:
    made: dict[str, Any] = {}
    for j, column in enumerate(columns):
        cells = numbers[:, j]
        if column.levels is None:
            made[column.name] = cells
        elif column.levels == ["date"]:
            made[column.name] = pd.to_datetime(cells, unit="s")
        else:
            codes = np.clip(np.round(cells), 0, len(column.levels) - 1).astype(int)
            made[column.name] = [column.levels[code] for code in codes]
    return pd.DataFrame(made)


def _filled(frame: pd.DataFrame) -> pd.DataFrame:
    """Medians and the level "missing" in place of missing cells; dates as seconds."""
    made = frame.copy()
    for name in frame:
        cells = frame[name]
        if pd.api.types.is_datetime64_any_dtype(cells):
            cells = pd.Series(np.where(cells.isna(), np.nan, cells.to_numpy("M8[s]").astype("f8")))
        if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
            made[name] = cells.astype("f8").fillna(cells.median())
        else:
            made[name] = cells.astype(object).where(cells.notna(), "missing").astype(str)
    return made


def _frame(made: Any) -> pd.DataFrame:
    return pd.DataFrame(made).reset_index(drop=True)


def _seed_torch(seed: int) -> None:
    np.random.seed(seed)  # noqa: NPY002 - the packages driven here draw from the global state
    importlib.import_module("torch").manual_seed(seed)


def _cpu_seconds() -> float:
    """Processor time of this process and of workers that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _peak_mb() -> float:
    """Largest resident size of this process, or of a worker if one was larger, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    own = int(status.split("VmHWM:")[1].split()[0]) / 1024
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)


def _writable(made: pd.DataFrame) -> pd.DataFrame:
    """Mixed object cells as text, which parquet can hold; the judge compares levels as text anyway."""
    mixed = {
        name: made[name].astype(object).where(made[name].isna(), made[name].astype(str)) for name in made if made[name].dtype == object
    }
    plain = {name: made[name].astype(object) for name in made if isinstance(made[name].dtype, pd.CategoricalDtype)}
    plain = {name: cells.where(cells.isna(), cells.astype(str)) for name, cells in plain.items()}
    return made.assign(**{str(name): cells for name, cells in (mixed | plain).items()})


def main() -> None:
    """Carry out one order."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("folder", type=Path, help="holds train.parquet and order.json; made.parquet and run.json are written there")
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--order", required=True, help='JSON: {"rows", "seed", "options", "domain"}')
    given = parser.parse_args()
    asked = json.loads(given.order)
    order = Order(pd.read_parquet(given.train), asked["rows"], asked["seed"], asked["options"], given.folder, asked["domain"])
    prepared = METHODS[given.method](order)
    used = _cpu_seconds()
    start = time.perf_counter()
    draw = prepared.fit()
    middle = time.perf_counter()
    made = draw()
    end = time.perf_counter()
    fit = prepared.fit_seconds() if prepared.fit_seconds else middle - start
    run = {
        "fit": fit,
        "draw": end - start - fit,
        "cpu": _cpu_seconds() - used,
        "peak_mb": _peak_mb(),
        "load": os.getloadavg()[0],
        "threads": int(os.environ["OMP_NUM_THREADS"]),
        "versions": {name: version(name) for name in prepared.packages},
    }
    _writable(made).to_parquet(given.folder / "made.parquet")
    (given.folder / "run.json").write_text(json.dumps(run), encoding="utf-8")


if __name__ == "__main__":
    main()
