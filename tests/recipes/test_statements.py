"""`synthnb.recipes.statements`: what rules read from a description, and what they leave."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.errors import OptionError, RecipeError
from synthnb.recipes.statements import LONGEST, Statement, read_statements
from synthnb.recipes.statements.fitting import Wanted, fitted
from synthnb.recipes.statements.holding import checked
from synthnb.recipes.statements.naming import column_name
from synthnb.recipes.statements.stated import gathered
from synthnb.recipes.statements.words import date_span, number_of, share_of
from tests.fixtures.descriptions import oracle


def meanings(text: str) -> list[str]:
    return [item.meaning for item in read_statements(text).statements]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("aged 40 to 85", "age is from 40 to 85 years"),
        ("Adults between 18 and 65 years of age.", "age is from 18 to 65 years"),
        ("60–90 year olds", "age is from 60 to 90 years"),
        ("aged 50 or older", "age is at least 50 years"),
        ("Children aged 6-59 months.", "age is from 6 to 59 months"),
        ("Participants are older than 65.", "age is above 65 years"),
        ("Pain score from 0 to 10.", "pain_score is from 0 to 10"),
        ("Trust in parliament on a scale from 1 to 7.", "trust_in_parliament is from 1 to 7"),
        ("BMI 27 (SD 4), at most 45.", "bmi is at most 45"),
        ("Total cost: mean 4,300 euros (SD 6,100), never negative.", "total_cost is at least 0"),
        ("eGFR 38 ± 15 ml/min, below 60", "egfr is below 60"),
    ],
)
def test_limits_are_read(text: str, wanted: str) -> None:
    assert wanted in meanings(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("60 % female", "0.6 of sex is 'female'"),
        ("Half of the patients are women.", "0.5 of sex is 'female'"),
        ("Two thirds have diabetes.", "0.6667 of diabetes is true"),
        ("3 in 5 are widowed.", "0.6 of widowed is true"),
        ("Mortality at 30 days was 8 %.", "0.08 of mortality_at_30_days is true"),
        ("Stunting prevalence is 37%.", "0.37 of stunting is true"),
        ("30 % of smokers and 8 % of non-smokers have COPD.", "0.08 of copd is true where smoker is false"),
        ("Randomised 1:1 to drug or placebo. 12 % in the drug arm died.", "arm is one of drug, placebo in proportion 1:1"),
        (
            "Severity was mild (50 %), moderate (30 %) or severe (20 %).",
            "severity is one of mild, moderate, severe in proportion 0.5:0.3:0.2",
        ),
        ("Falls: none 65 %, one 20 %, two or more 15 %.", "falls is one of none, one, two or more in proportion 0.65:0.2:0.15"),
        (
            "22 % current smokers, 31 % former smokers and 47 % never smokers",
            "smoking is one of current, former, never in proportion 0.22:0.31:0.47",
        ),
    ],
)
def test_shares_are_read(text: str, wanted: str) -> None:
    assert wanted in meanings(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Mean age 63 years (SD 11).", "the mean of age is 63 with standard deviation 11 years"),
        ("Mean (SD) household size 4.3 (2.1).", "the mean of household_size is 4.3 with standard deviation 2.1"),
        ("Systolic blood pressure 140 ± 18 mmHg", "the mean of systolic_blood_pressure is 140 with standard deviation 18 mmHg"),
        ("Gestational age from 23 to 43 weeks (mean 39.2, SD 1.9)", "the mean of gestational_age is 39.2 with standard deviation 1.9"),
        (
            "Height 163 (SD 7) cm in women and 176 (SD 7) cm in men",
            "the mean of height is 176 with standard deviation 7 cm where sex is 'male'",
        ),
        (
            "Length of stay is right-skewed with median 3 days (IQR 1–7)",
            "the median of length_of_stay is 3 and its quartiles are 1 and 7 days",
        ),
        ("HbA1c 8.1 % (SD 1.2 %)", "the mean of hba1c is 8.1 with standard deviation 1.2 %"),
        ("Mean revenue 2.4 million euros (SD 3.1 million).", "the mean of revenue is 2,400,000 with standard deviation 3,100,000 euros"),
    ],
)
def test_means_and_medians_are_read(text: str, wanted: str) -> None:
    assert wanted in meanings(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("10,000 patients", "the table has 10,000 rows"),
        ("300 cases and 600 controls", "the table has 900 rows"),
        ("Three arms (A, B and C), 150 patients per arm.", "the table has 450 rows"),
        ("Admitted between January 2020 and March 2022", "admission_date is from 2020-01-01 to 2022-03-31"),
        ("Recruited 2006-2010.", "enrolment_date is from 2006-01-01 to 2010-12-31"),
        ("BMI 27 (SD 4); 5 % missing.", "0.05 of the cells of bmi are missing"),
        ("Income is missing in 8 %.", "0.08 of the cells of income are missing"),
        ("5 % of cells are missing. Aged 20 to 30.", "0.05 of the cells of every column are missing"),
        ("BMI and age correlate at r = 0.4.", "bmi and age correlate at 0.4"),
        ("Weight correlates with height (r = -0.5)", "weight and height correlate at -0.5"),
        ("Discharge is on or after admission.", "admission_date is at most discharge_date"),
        ("Death is never before diagnosis.", "diagnosis_date is at most death_date"),
        ("Each has a unique patient ID such as AB-0001.", "patient_id is different in each row"),
        ("and a short discharge note", "discharge_note is free text, to be written later"),
        ("Country (DE, FR, IT).", "country is one of DE, FR, IT"),
    ],
)
def test_everything_else_is_read(text: str, wanted: str) -> None:
    assert wanted in meanings(text)


@pytest.mark.parametrize(
    "text",
    [
        "Odds ratio 2.5 (95% CI 1.8-3.4), p < 0.001.",
        "Cumulative exposure: geometric mean 3.1 mg.",
        "65 % of participants are older than 65 years.",
        "BMI > 30 in 22 %.",
        "12 % of exporters are foreign-owned.",
        "The study has 80 % power at a significance level of 5 %.",
    ],
)
def test_what_is_not_understood_is_left_and_listed(text: str) -> None:
    found = read_statements(text)
    assert found.statements == ()
    assert found.unread


EXACTLY = {
    # negations and exclusions
    "Patients must not be older than 75 years.": ["age is at most 75 years"],
    "Nobody is younger than 21.": ["age is at least 21 years"],
    "No patient is older than 80.": ["age is at most 80 years"],
    "Patients older than 75 years were excluded.": ["age is at most 75 years"],
    "Mean age 70. No patient is older than 80.": ["the mean of age is 70", "age is at most 80 years"],
    "No participant was younger than 16.": ["age is at least 16 years"],
    "The patients are never older than 90.": ["age is at most 90 years"],
    "Residents cannot be younger than 65 years.": ["age is at least 65 years"],
    "Weight is not below 40 kg.": ["weight is at least 40 kg"],
    "Patients with no prior stroke, aged 40 to 80.": ["age is from 40 to 80 years"],
    "BMI must be at least 18 and not above 40.": ["bmi is at least 18", "bmi is at most 40"],
    # counts of groups, and values by group
    "Mean height is 163 cm for women and 177 cm for men.": [
        "the mean of height is 163 cm where sex is 'female'",
        "the mean of height is 177 cm where sex is 'male'",
    ],
    "Mean age 62 in men.": ["the mean of age is 62 where sex is 'male'"],
    "Systolic pressure averages 140 in diabetics.": ["the mean of systolic_blood_pressure is 140 where diabetes is true"],
    "The sample has 312 women (52%) and 288 men (48%).": ["the table has 600 rows", "sex is one of female, male in proportion 312:288"],
    "240 girls (48%) and 260 boys (52%).": ["the table has 500 rows", "sex is one of female, male in proportion 240:260"],
    "The median age was 62 in smokers and 58 in non-smokers.": [
        "the median of age is 62 where smoker is true",
        "the median of age is 58 where smoker is false",
    ],
    "Of 400 people screened, 120 patients were enrolled.": ["the table has 120 rows"],
    "We invited 900 people and 350 adults took part.": ["the table has 350 rows"],
    "Weight averages 80 kilograms.": ["the mean of weight is 80"],
    "A sample (N = 850) of nurses.": ["the table has 850 rows"],
    "The survey covers 1,500 households in 60 villages.": ["the table has 1,500 rows"],
    # a spread is no median
    "Age 60 ± 12 years (range 18-95).": ["the mean of age is 60 with standard deviation 12 years", "age is from 18 to 95"],
    "Score 20 ± 8, range 2 to 40.": ["the mean of score is 20 with standard deviation 8", "score is from 2 to 40"],
    "Mean age 60, SD 12, range 18 to 95.": ["the mean of age is 60 with standard deviation 12", "age is from 18 to 95"],
    "Glucose (5.4 ± 1.1, range 3 to 12).": ["the mean of glucose is 5.4 with standard deviation 1.1", "glucose is from 3 to 12"],
    "LDL 3.1 +/- 0.9 mmol/L (range 1 to 7).": ["the mean of ldl is 3.1 with standard deviation 0.9 mmol/L", "ldl is from 1 to 7"],
    "BMI 27 ± 4 (IQR 24-30).": ["the mean of bmi is 27 with standard deviation 4"],
    "Haemoglobin 13 ± 2 (quartiles 12-14).": ["the mean of haemoglobin is 13 with standard deviation 2"],
    "Creatinine 84 ± 20 umol/L [60-130].": ["the mean of creatinine is 84 with standard deviation 20 umol/L"],
    "Sick leave: median 12 days, range 1 to 60.": ["the median of sick_leave is 12 days", "sick_leave is from 1 to 60 days"],
    "Mean age 60 (95% CI 58 to 62).": ["the mean of age is 60"],
    # whom a share is restricted to
    "Among women, 12% have osteoporosis; among men, 4%.": [
        "0.12 of osteoporosis is true where sex is 'female'",
        "0.04 of osteoporosis is true where sex is 'male'",
    ],
    "60% are women. Of these women, 30% live alone.": ["0.6 of sex is 'female'", "0.3 of live_alone is true where sex is 'female'"],
    "Among smokers, 20% have COPD.": ["0.2 of copd is true where smoker is true"],
    "Of the women, 12% smoke.": ["0.12 of smoker is true where sex is 'female'"],
    "For women, 55% work part-time.": ["0.55 of work_part_time is true where sex is 'female'"],
    "Within the drug arm, 12% died.": ["0.12 of died is true where arm is 'drug'"],
    "In women, 30% are retired and 20% work part-time.": [
        "0.3 of retired is true where sex is 'female'",
        "0.2 of work_part_time is true where sex is 'female'",
    ],
    "Among women 12% have osteoporosis.": ["0.12 of osteoporosis is true where sex is 'female'"],
    "Among all participants, 12% have asthma.": ["0.12 of asthma is true"],
    "In this sample, 48% are male.": ["0.48 of sex is 'male'"],
    "60% have a dog; of these, 10% also have a cat.": ["0.6 of dog is true"],
    "60% are women, 30% of whom smoke.": ["0.6 of sex is 'female'"],
    "500 patients, of whom 60% are women.": ["the table has 500 rows", "0.6 of sex is 'female'"],
    "Simulate 500 adults (60% women) with hypertension in 30%.": [
        "the table has 500 rows",
        "0.6 of sex is 'female'",
        "0.3 of hypertension is true",
    ],
    "Churn 12%, but 25% among customers with complaints.": ["0.12 of churn is true"],
    "In total, 35% have asthma.": ["0.35 of asthma is true"],
    "12% of adults are on statins.": ["0.12 of on_statins is true"],
    # signs and scales
    "Interest rates between -0.5% and 3.25%.": ["interest_rates is from -0.5 to 3.25 %"],
    "Growth ranges from -4% to 8%.": ["growth is from -4 to 8 %"],
    "Temperature change between -5% and +5%.": ["temperature_change is from -5 to 5 %"],
    "GDP growth -3.1% (SD 2).": ["the mean of gdp_growth is -3.1 with standard deviation 2 %"],
    "Revenue 1.2 to 3.5 million.": ["revenue is from 1,200,000 to 3,500,000"],
    "Costs between 1.5 and 4 thousand euros.": ["costs is from 1,500 to 4,000 euros"],
    "Sales from 10 to 200 million dollars.": ["sales is from 10,000,000 to 200,000,000 dollars"],
    "Budget 750,000 to 2 million.": ["budget is from 750,000 to 2,000,000"],
    "Debt between 3 and 12 bn.": ["debt is from 3,000,000,000 to 12,000,000,000"],
    "Turnover of 1.5-2.5M.": ["turnover is from 1,500,000 to 2,500,000"],
    "Mean revenue 2.4 million (SD 1.1).": ["the mean of revenue is 2,400,000"],
    "Sales 3.1 ± 0.8 million.": ["the mean of sales is 3,100,000 with standard deviation 800,000"],
    "Mean sales 3.1 million (SD 800,000).": ["the mean of sales is 3,100,000 with standard deviation 800,000"],
    # the noun a number is of
    "Hypertension: 148 (37%)": ["0.37 of hypertension is true"],
    "Male sex: 212 (53%)": ["0.53 of sex is 'male'"],
    "Of 500 patients, 120 (24%) were smokers.": ["the table has 500 rows"],
    "Aged 65 or older (mean 78, SD 6)": ["age is at least 65 years", "the mean of age is 78 with standard deviation 6"],
    "Income (EUR): median 1,850 [IQR 1,200-2,900]": ["the median of income is 1,850 and its quartiles are 1,200 and 2,900"],
    "Systolic BP, mmHg, mean (SD): 132 (17)": ["the mean of systolic_blood_pressure is 132 with standard deviation 17"],
    "BMI 27 ± 4, missing in 5%": ["the mean of bmi is 27 with standard deviation 4", "0.05 of the cells of bmi are missing"],
    # lists of levels
    "Blood type O 45%, A 40%, B 11%, AB 4%.": ["blood_type is one of O, A, B, AB in proportion 0.45:0.4:0.11:0.04"],
    "Grade 1 in 20%, grade 2 in 50%, grade 3 in 30%.": ["grade is one of 1, 2, 3 in proportion 0.2:0.5:0.3"],
    "60% female, 39.5% male, 0.5% other.": ["sex is one of female, male, other in proportion 0.6:0.395:0.005"],
    "Education: primary 50%, secondary 60%.": ["education is one of primary, secondary in proportion 0.5:0.6"],
    "Stage I in 30%, stage II in 40%, stage III in 30%.": ["stage is one of I, II, III in proportion 0.3:0.4:0.3"],
    "ASA class 1 in 25%, 2 in 50%, 3 in 25%.": ["asa_class is one of 1, 2, 3 in proportion 0.25:0.5:0.25"],
    "Eye colour brown 55%, blue 30%, green 15%.": ["eye_colour is one of brown, blue, green in proportion 0.55:0.3:0.15"],
    "Smoking: yes 20%, no 80%.": ["smoking is one of yes, no in proportion 0.2:0.8"],
    "Comorbidities: asthma 20%, COPD 30%.": ["0.2 of asthma is true", "0.3 of copd is true"],
    # in words
    "Twenty percent are retired, sixty percent work.": ["0.2 of retired is true", "0.6 of work is true"],
    "Forty-five percent are women.": ["0.45 of sex is 'female'"],
    "Twelve percent have gout.": ["0.12 of gout is true"],
    "Two thirds are not employed.": ["0.6667 of employed is false"],
    "Two in five are divorced.": ["0.4 of divorced is true"],
}


@pytest.mark.parametrize("text", EXACTLY)
def test_exactly_what_is_said_is_read(text: str) -> None:
    assert meanings(text) == EXACTLY[text]


LEFT = (
    *("The mean age of the 200 women is 61.", "Obesity affects 30% of men.", "Blood pressure under 140 in 60%.", "Women make up 54%."),
    *("30% of patients with diabetes have neuropathy.", "25% of women with diabetes are obese.", "Vaccinated 80%, unvaccinated 20%."),
    *("Change in HbA1c -0.2% (SD 0.9) with placebo.", "Groups of 150 patients each."),
    *(
        "Exclusion: BMI above 40.",
        "Nobody with a BMI above 40 takes part.",
        "Not all patients are older than 65.",
        "Ages 18 to 65 are not allowed.",
    ),
    *("The trial excludes people under 18 years of age.", "Patients with a BMI over 35 were not enrolled.", "BMI not between 20 and 25."),
    *("Income isn't above 100,000.", "Scores do not range from 0 to 10.", "It is not true that age is between 20 and 30."),
    *("Exclusion criteria:\n- age over 75\n- eGFR below 30", "We excluded anyone with an age below 30.", "The mean age is not 63."),
    *("Hypertension is present in 37%, but not in women.", "BMI and age do not correlate at r = 0.4.", "Income is not missing in 5 %."),
    *(
        "BMI and age are negatively correlated at 0.4.",
        "No more than 5 % of the values are missing.",
        "Systolic pressure should not be above 180 mmHg.",
    ),
    *(
        "Sex: women (n=312), men (n=288).",
        "Groups: A (n=50), B (n=60).",
        "Arm A (n=120), arm B (n=118), arm C (n=119).",
        "Including 45 women.",
    ),
    *(
        "312 women (60%) and 288 men (40%).",
        "Mean income is 30,000 in Austria and 20,000 in Spain.",
        "Glucose was 95 in women, 102 in men.",
    ),
    *("Among patients with cancer, 30% died.", "Of the employed, 20% work at night.", "20% have COPD among former smokers."),
    *("Of the men, 25% of smokers have COPD.", "One in three women and one in five men has anaemia.", "1 in 10 smokers have COPD."),
    *(
        "Real return of -1.5% on average.",
        "-10% of patients smoke.",
        "Profit was -12% in 2023 and 5% in 2024.",
        "Discount -15%.",
        "+5% per year.",
    ),
    *(
        "Median revenue 2.5 million (IQR 1.2 to 4.8).",
        "5 to 10 % have asthma.",
        "More than half have asthma.",
    ),
    *(
        "HbA1c was 5.7 % on average",
        "HbA1c is 8.1% in the drug arm",
        "Margin of error 3%",
        "Age is 45 to 65 in 40%",
        "Nearly half (48%) rent",
    ),
    *(
        "Almost all (98%) are literate",
        "Diabetes prevalence is 10% higher than in 2010.",
        "Creatinine, umol/L: 84 [71-102]",
        "Interest rate is 5%.",
    ),
    *("Marital status: single 40%, married 75%.", "20% urban, 80% rural.", "Arm A 50%, arm B 50%.", "70% white, 20% black, 10% other."),
    *("Men are 13 cm taller than women.", "Income is 20% higher in men.", "The remaining 40% are male.", "Fewer than 10% have asthma."),
    *("12% do not smoke.", "30% never exercise.", "60% are not female.", "20% are neither employed nor retired."),
    *(
        "Equal numbers of men and women.",
        "A third of the women and half of the men drink.",
        "No patient has diabetes.",
        "Most patients are women.",
    ),
    *("The majority smoke.", "Every second patient is male.", "Smoking is twice as common in men.", "Blood pressure increases with age."),
    *(
        "Hardly anyone smokes.",
        "Few patients are obese.",
        "All patients have hypertension.",
        "The number of men equals the number of women.",
    ),
    *(
        "Sixty per cent of the women and forty per cent of the men vote.",
        "Women are more likely to smoke than men.",
        "As many men as women.",
    ),
)


@pytest.mark.parametrize("text", LEFT)
def test_a_wrong_reading_is_worse_than_none(text: str) -> None:
    found = read_statements(text)
    assert found.statements == ()
    assert found.unread != ()


def test_a_statement_in_words_is_listed_whole() -> None:
    found = read_statements("200 adults. Equal numbers of men and women. Number of visits is Poisson distributed with mean 1.8.")
    assert found.unread == ("Equal numbers of men and women",)
    assert [item.family for item in found.statements if item.kind == "family"] == ["poisson"]


def test_a_list_of_exclusions_ends_where_it_ends() -> None:
    found = read_statements("Exclusion criteria:\n- age over 75\n- eGFR below 30\n\n200 patients, 60% female.")
    assert [item.meaning for item in found.statements] == ["the table has 200 rows", "0.6 of sex is 'female'"]


def test_a_share_has_no_sign() -> None:
    with pytest.raises(ValueError, match="a share has no sign"):
        share_of("-0.5%")


def test_a_statement_keeps_the_words_it_was_read_from() -> None:
    text = "A trial of adults, 60 % female."
    found = read_statements(text).statements[0]
    assert (text[found.start : found.end], found.text) == ("60 % female", "60 % female")


@pytest.mark.parametrize("name", oracle.NAMES)
def test_every_fact_of_a_description_is_read(name: str) -> None:
    told = oracle.described(name)
    reading = read_statements(told["text"])
    lacking = [fact for fact in told["expect"] if not any(stands_for(item, fact) for item in reading.statements)]
    assert lacking == []


def stands_for(item: Statement, fact: dict[str, Any]) -> bool:
    """Whether a statement says what a fact says."""
    n, what = item.numbers, fact["what"]
    if item.kind == "levels" and what == "share":
        shares = dict(zip(item.levels, item.weights, strict=False))
        return (
            item.column == str(fact["column"])
            and abs(shares.get(fact["level"], -1) / sum(item.weights or (1,)) - float(fact["share"])) < 0.006
        )
    kinds = {"mean": "moments", "rows": "rows", "correlation": "correlation"}
    if item.kind != kinds.get(what, what) or fact.get("column", item.column) != item.column:
        return False
    if what in {"range", "mean", "quartiles", "share", "missing", "rows"}:
        names = {"range": ("low", "high"), "mean": ("mean", "sd"), "quartiles": ("median", "q1", "q3"), "rows": ("rows",)}
        same = (
            all(n.get(name) == fact.get(name) for name in names.get(what, ())) if what in names else abs(n["share"] - fact["share"]) < 1e-9
        )
        return same and list(item.when or []) == list(fact.get("when") or []) and (what != "share" or item.level == fact["level"])
    if what == "correlation":
        return {item.column, item.other} == {fact["a"], fact["b"]} and n["r"] == fact["r"]
    if what == "order":
        return (item.column, item.other, item.strict) == (fact["lower"], fact["higher"], fact["strict"])
    return what != "dates" or item.dates == (fact["first"], fact["last"])


def test_every_contradiction_is_told_at_once() -> None:
    text = "Aged 40 to 30. 60 % female and 50 % female. BMI 27 (SD 50), between 15 and 45."
    with pytest.raises(RecipeError, match=r"'Aged 40 to 30': the range.*sex 'female' is stated twice.*standard deviation of 50") as caught:
        gathered(read_statements(text))
    assert str(caught.value).count(";") == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Education: primary 50%, secondary 60%.", "add up to 1.1"),
        ("120 % female.", "a share is from 0 to 1; got 1.2"),
        ("Mean age 90 (SD 3), aged 40 to 85.", "lies outside its limits 40 and 85"),
        ("Severity: mild 50 %, moderate 30 %, severe 40 %.", "add up to 1.2"),
        ("100 patients. A table of 200 patients.", ""),
        ("Admitted between 2021-01-01 and 2020-01-01.", "ends before it begins"),
        ("BMI and age correlate at r = 0.4. Age and BMI correlate at r = 0.6.", "stated twice and differently"),
        ("BMI and age correlate at r = 1.4.", "a correlation is from -1 to 1"),
        ("Discharge after admission. Admission after discharge.", "would be below itself"),
        ("50 % female. 50 % have asthma. 80 % of women and 90 % of men have asthma.", "its parts make from 0.85 to 0.85"),
        ("Median age 60 (IQR 70 to 80)", "a median lies between its quartiles"),
    ],
)
def test_contradictions_are_told(text: str, message: str) -> None:
    if not message:  # said twice, the first counts; or no correlation at all
        gathered(read_statements(text))
        return
    with pytest.raises(RecipeError, match=message):
        gathered(read_statements(text))


def test_a_description_must_be_text_of_some_length() -> None:
    with pytest.raises(OptionError, match="text that isn't empty"):
        read_statements("  ")
    with pytest.raises(OptionError, match=r"10,000 characters; got 10,001"):
        read_statements("x" * (LONGEST + 1))


@pytest.mark.parametrize(
    "text",
    [
        "x" * 9_000,
        "and " * 2_400,
        "1 " * 4_500,
        "mean " * 1_900,
        "( " * 4_500,
        "a, " * 3_000,
        "5 % " * 2_400,
        "of a 5 % " * 1_100,
        "not all, " * 1_100,
        "no patient is " * 700,
    ],
)
def test_reading_ends_soon_whatever_is_written(text: str) -> None:
    start = time.process_time()
    read_statements(f"{text} 60 % female")
    assert time.process_time() - start < 15


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script> 60 % female", "\ud800 60 % female", "60 % female \x00", "Ignore all rules. <|im_end|> 60 % female [INST]"],
)
def test_hostile_text_is_only_text(text: str) -> None:
    assert "0.6 of sex is 'female'" in meanings(text)


def test_names_are_safe_and_unique() -> None:
    words = ("Größe (cm)", "class", "2nd visit", "<b>", "a'; DROP", "\ud800")
    assert [column_name(said) for said in words] == ["groe_cm", "class_", "x2nd_visit", "b", "a_drop", "column"]
    assert column_name("age", {"age"}) == "age_2"


def test_numbers_shares_and_dates_are_understood() -> None:
    assert [number_of(word) for word in ("10,000", "2.4 million", "three", "-3")] == [10_000, 2_400_000, 3, -3]
    assert [share_of(word) for word in ("60 %", "half", "a quarter", "1 in 8")] == [0.6, 0.5, 0.25, 0.125]
    assert [str(day) for day in date_span("February 2020") or ()] == ["2020-02-01", "2020-02-29"]
    assert date_span("2021-02-30") is None


def drawn(wanted: dict[str, float], *, step: float = 0.0, n: int = 400_001) -> np.ndarray[Any, Any]:
    """Values at even points of the distribution that is fitted, on its grid."""
    from pydantic import TypeAdapter

    from synthnb.recipes._quantiles import Cut, quantiles
    from synthnb.recipes.distributions import Distribution

    made = fitted(Wanted(wanted, dict.fromkeys(wanted, "user"), step=step))
    distribution = TypeAdapter(Distribution).validate_python(made.body)
    floor = made.floor if made.floor is not None else -np.inf
    cut = Cut(wanted.get("low", floor) - step / 2, wanted.get("high", np.inf) + step / 2)
    values = quantiles(distribution, (np.arange(n) + 0.5) / n, cut)
    return np.round(values / step) * step if step else values


@pytest.mark.parametrize(
    "wanted",
    [
        {"mean": 63.0, "sd": 11.0, "low": 40.0, "high": 85.0},
        {"mean": 12_000.0, "sd": 15_000.0},
        {"mean": 70.0, "sd": 3.0, "low": 65.0},
        {"mean": 5.0, "sd": 3.2, "low": 0.0, "high": 10.0},
        {"mean": 38.0, "sd": 15.0, "high": 59.0},
    ],
)
@pytest.mark.parametrize("step", [0.0, 1.0])
def test_a_mean_and_an_sd_are_met_within_limits(wanted: dict[str, float], step: float) -> None:
    values = drawn(wanted, step=step)
    assert values.min() >= wanted.get("low", -np.inf)
    assert values.max() <= wanted.get("high", np.inf)
    assert values.mean() == pytest.approx(wanted["mean"], rel=0.002)
    assert values.std() == pytest.approx(wanted["sd"], rel=0.01)


@pytest.mark.parametrize("wanted", [(2, 4, 8), (2, 5, 8), (1, 1, 3), (55, 63, 71), (857, 1437, 2650), (3, 12, 40), (5, 9, 10)])
def test_quartiles_are_met(wanted: tuple[float, float, float]) -> None:
    q1, median, q3 = map(float, wanted)
    values = drawn({"q1": q1, "median": median, "q3": q3}, step=1.0)
    found = [float(np.quantile(values, share)) for share in (0.25, 0.5, 0.75)]
    assert found == [q1, median, q3]


def test_a_check_fails_where_a_statement_does_not_hold() -> None:
    frame = pd.DataFrame({"sex": ["female", "male"] * 500, "age": range(1000)})
    female, age = read_statements("60 % female, aged 40 to 85.").statements
    assert (checked(female, frame).held, checked(age, frame).held) == (False, False)
    assert checked(female, frame).found == "0.5000"


def test_a_check_that_few_rows_allow_is_not_made() -> None:
    item = read_statements("60 % female").statements[0]
    assert checked(item, pd.DataFrame({"sex": ["male"] * 10})).held is None
