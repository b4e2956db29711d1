"""Real tables to try things on, pulled from the package index on first use and kept in the user's cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from synthnb._packages import Pinned, fetch

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fetch_actg175"]

# lifelines asks for pandas < 3, so it can't be a dependency; the file alone is taken from its wheel.
ACTG175 = Pinned(
    title="ACTG 175",
    requirement="lifelines==0.30.3",
    wheel_sha256="44802480a28d6cb836c7fea4a54ec0ba220eb31c6d7444589637a8bd66066e8c",
    wheel_size=409_055,
    member="lifelines/datasets/ACTG175.csv",
    member_sha256="56fba31fa0d7bfbff9667b7149fd96a97c352e72aa582871a62a935e812f0e07",
    member_size=185_144,
    licence="MIT",
    source="Hammer et al., N Engl J Med 1996;335:1081-90; carried by the package lifelines.",
    folder="datasets",
)
"""The file that holds the table."""

ACTG175_COLUMNS = {
    "age": "age",
    "gender": "sex",
    "race": "race",
    "wtkg": "weight_kg",
    "hemo": "hemophilia",
    "homo": "homosexual_activity",
    "drugs": "injection_drug_use",
    "karnof": "karnofsky",
    "symptom": "symptomatic",
    "oprior": "other_prior_therapy",
    "z30": "zidovudine_last_30_days",
    "preanti": "prior_therapy_days",
    "strat": "prior_therapy",
    "arms": "arm",
    "offtrt": "off_treatment_early",
    "cd40": "cd4_baseline",
    "cd420": "cd4_week20",
    "cd496": "cd4_week96",
    "cd80": "cd8_baseline",
    "cd820": "cd8_week20",
    "cens": "event",
    "days": "days",
}
"""Columns of the table, by their names in the file; the others are dropped."""

_LABELS = {
    "sex": {0: "female", 1: "male"},
    "race": {0: "white", 1: "non-white"},
    "prior_therapy": {1: "none", 2: "up to 52 weeks", 3: "over 52 weeks"},
    "arm": {0: "zidovudine", 1: "zidovudine + didanosine", 2: "zidovudine + zalcitabine", 3: "didanosine"},
}
_BOOLEANS = (
    "hemophilia",
    "homosexual_activity",
    "injection_drug_use",
    "symptomatic",
    "other_prior_therapy",
    "zidovudine_last_30_days",
    "off_treatment_early",
    "event",
)


def _quiet(_done: int, _total: int, _what: str) -> None:
    """No progress shown."""


def fetch_actg175(*, file: str | Path | None = None, progress: Callable[[int, int, str], None] = _quiet) -> pd.DataFrame:
    """Return ACTG 175, a randomised trial of four treatments in 2,139 patients with HIV.

    AIDS Clinical Trials Group Study 175 compared zidovudine alone with three other
    nucleoside regimens in adults with CD4 counts from 200 to 500 per mm³. The primary
    end point was a decline of the CD4 count by at least 50 %, an AIDS-defining event,
    or death.

    Parameters
    ----------
    file : str or Path, optional
        The wheel lifelines 0.30.3 or its file ``ACTG175.csv``, for machines without network.
    progress : callable
        Called as ``progress(done, total, what)`` while it is pulled.

    Returns
    -------
    pandas.DataFrame
        2,139 rows, one a patient, and 22 columns:

        ===========================  ========  =====================================================
        column                       type      meaning
        ===========================  ========  =====================================================
        ``age``                      integer   age at entry, years (``age``)
        ``sex``                      category  female, male (``gender``)
        ``race``                     category  white, non-white (``race``)
        ``weight_kg``                real      weight at entry, kg (``wtkg``)
        ``hemophilia``               boolean   has hemophilia (``hemo``)
        ``homosexual_activity``      boolean   reported homosexual activity (``homo``)
        ``injection_drug_use``       boolean   history of injection drug use (``drugs``)
        ``karnofsky``                integer   Karnofsky performance score, 70 to 100 (``karnof``)
        ``symptomatic``              boolean   had symptoms of HIV infection at entry (``symptom``)
        ``other_prior_therapy``      boolean   antiretrovirals other than zidovudine before (``oprior``)
        ``zidovudine_last_30_days``  boolean   zidovudine in the 30 days before entry (``z30``)
        ``prior_therapy_days``       integer   days of antiretroviral therapy before (``preanti``)
        ``prior_therapy``            ordered   none (at most 7 days), up to 52 weeks,
                                               over 52 weeks (``strat``)
        ``arm``                      category  zidovudine, zidovudine + didanosine,
                                               zidovudine + zalcitabine, didanosine (``arms``)
        ``off_treatment_early``      boolean   off treatment before week 96 ± 5 (``offtrt``)
        ``cd4_baseline``             integer   CD4 cells per mm³ at entry (``cd40``)
        ``cd4_week20``               integer   CD4 cells per mm³ at week 20 ± 5 (``cd420``)
        ``cd4_week96``               integer   CD4 cells per mm³ at week 96 ± 5, missing for 797
                                               patients (``cd496``)
        ``cd8_baseline``             integer   CD8 cells per mm³ at entry (``cd80``)
        ``cd8_week20``               integer   CD8 cells per mm³ at week 20 ± 5 (``cd820``)
        ``event``                    boolean   reached the end point; else censored (``cens``)
        ``days``                     integer   days to the end point or to censoring (``days``)
        ===========================  ========  =====================================================

        ``cd4_week96`` is ``Int64``, pandas' integer with missing cells. Left out: the row
        number; ``pidnum``, the patient's identifier; ``zprior``, which is 1 for all;
        ``treat`` (0 for zidovudine alone), ``str2`` (0 for no prior therapy) and ``r``
        (``cd496`` was observed), which repeat ``arms``, ``strat`` and ``cd496``.

    Raises
    ------
    SynthnbError
        It isn't in the cache and can't be pulled, or isn't what was pinned.
    StorageError
        The cache's disk is full or read-only.

    References
    ----------
    Hammer SM, Katzenstein DA, Hughes MD, et al. A trial comparing nucleoside
    monotherapy with combination therapy in HIV-infected adults with CD4 cell counts
    from 200 to 500 per cubic millimeter. N Engl J Med 1996;335:1081-90.
    doi:10.1056/NEJM199610103351501
    """
    import pandas as pd

    raw = pd.read_csv(fetch(ACTG175, file=file, progress=progress))
    frame = raw[list(ACTG175_COLUMNS)].rename(columns=ACTG175_COLUMNS)
    for name, labels in _LABELS.items():
        frame[name] = pd.Categorical(frame[name].map(labels), categories=list(labels.values()), ordered=name == "prior_therapy")
    return frame.astype(dict.fromkeys(_BOOLEANS, "bool") | {"cd4_week96": "Int64"})
