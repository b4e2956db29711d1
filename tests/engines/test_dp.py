"""The engine dp: what it promises, what it refuses, and how near its rows come."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.engines.base import State
from synthnb.engines.dp import Dp, FittedDp, count_and_fit
from synthnb.engines.dp.bins import onto_simplex
from synthnb.engines.dp.domain import declared_domains
from synthnb.engines.dp.graph import Clique, Graph, junction_tree
from synthnb.engines.dp.noise import Noise
from synthnb.engines.dp.plan import Method, Wishes, plan_steps
from synthnb.errors import FrameError, OptionError, RecordError
from synthnb.recipes.conditions import parse_conditions
from synthnb.recipes.infer import infer_recipe

N = 4_000
ROWS = np.arange(2_000)
DOMAIN = {
    "age": [18, 90],
    "sex": ["f", "m"],
    "arm": ["a", "b", "c", None],
    "gain": [0, 99_999],
    "day": ["2020-01-01", "2024-12-31"],
    "score": {"min": 0, "max": 100, "step": 0.5},
}


def real(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age = np.clip(np.round(rng.normal(50, 15, N)), 18, 90).astype(int)
    sex = np.where(rng.random(N) < 0.3 + 0.005 * age, "f", "m")
    arm = np.where(sex == "f", rng.choice(["a", "b"], N), rng.choice(["b", "c"], N)).astype(object)
    arm[rng.random(N) < 0.1] = None
    gain = np.where(rng.random(N) < 0.9, 0, rng.integers(5_000, 9_000, N))
    day = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1_800, N), unit="D")
    score = np.clip(np.round(2 * (age + rng.normal(0, 4, N))) / 2, 0, 100)
    return pd.DataFrame({"age": age, "sex": sex, "arm": arm, "gain": gain, "day": day, "score": score})


def fit(frame: pd.DataFrame, **options: Any) -> FittedDp:
    recipe = infer_recipe(frame, table="t", rows=len(frame), seed=1)
    chosen: dict[str, Any] = {"epsilon": 3.0, "domain": DOMAIN} | options
    return Dp(**chosen).fit(frame, recipe, seed=1)


@cache
def fitted(method: Method = "tree") -> FittedDp:
    """Fitted with noise that repeats, as no option allows."""
    frame, wishes = real(), Wishes(3.0, 1e-6, method)
    recipe = infer_recipe(frame, table="t", rows=N, seed=1)
    domains = declared_domains(frame, recipe, DOMAIN)
    noise = Noise(np.random.default_rng(5).bytes)
    return count_and_fit(frame, recipe, domains, plan_steps(domains, wishes), wishes, noise=noise)


def drawn(one: FittedDp, rows: Any = ROWS, seed: int = 1, unit: Any = (0,), **more: Any) -> pd.DataFrame:
    return one.draw(rows, seed=seed, unit=unit, **more).frame


def where(text: str) -> Any:
    return parse_conditions(text, infer_recipe(real(), table="t", rows=1, seed=0).columns)


@pytest.mark.parametrize("method", ["tree", "aim"])
def test_columns_and_pairs_come_near(method: Method) -> None:
    frame, made = real(), drawn(fitted(method), np.arange(N))
    assert made["age"].mean() == pytest.approx(frame["age"].mean(), abs=2)
    assert made["arm"].isna().mean() == pytest.approx(0.1, abs=0.03)
    assert made["score"].corr(made["age"]) > 0.7
    assert (made["arm"][made["sex"] == "f"].dropna() == "c").mean() < 0.08


def test_a_spike_is_found_without_reading_the_data() -> None:
    made = drawn(fitted())["gain"]
    assert (made == 0).mean() == pytest.approx(0.9, abs=0.05)
    assert made[made > 1_000].between(4_000, 10_000).mean() > 0.6


def test_cells_keep_their_types_and_stay_in_the_domain() -> None:
    frame, made = real(), drawn(fitted())
    assert made.dtypes.astype(str).to_dict() == frame.dtypes.astype(str).to_dict()
    assert made["age"].between(18, 90).all()
    assert (made["score"] % 0.5 == 0).all()
    assert made["day"].between("2020-01-01", "2024-12-31").all()


def test_epsilon_has_no_default() -> None:
    with pytest.raises(OptionError, match=r"needs epsilon, the privacy it is to promise.*no default"):
        fit(real(), epsilon=None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epsilon": 0}, "epsilon must be a number above 0, at most 1,000; got 0"),
        ({"epsilon": "1"}, "epsilon must be a number"),
        ({"delta": 0.1}, "delta must be above 0, at most 0.001; got 0.1"),
        ({"method": "tre"}, "method must be one of tree, aim.*Did you mean 'tree'"),
        ({"degree": 4}, "degree must be 2 or 3; got 4"),
    ],
)
def test_an_option_outside_its_range_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Dp(**({"epsilon": 1.0} | options))


def test_without_a_frame_there_is_nothing_to_learn() -> None:
    with pytest.raises(FrameError, match="learns from a frame; there is none"):
        Dp(epsilon=1.0).fit(None, infer_recipe(real(), table="t", rows=1, seed=0), seed=1)


@pytest.mark.parametrize("method", ["tree", "aim"])
def test_the_steps_spend_the_budget_and_no_more(method: Method) -> None:
    domains = declared_domains(None, infer_recipe(real(), table="t", rows=1, seed=0), DOMAIN)
    steps = plan_steps(domains, Wishes(1.0, method=method)).steps
    spent = sum(step.times * step.rho for step in steps)
    rho = fit(real(), epsilon=1.0, method=method).parameters["rho"] if method == "tree" else spent
    assert 0.99 * rho <= spent <= rho * (1 + 1e-9)


class Counted(Noise):
    """Adds up the ρ of all draws made from it."""

    rho = 0.0

    def gaussian(self, variance: Any, size: int) -> Any:
        self.rho += 1.0 / (2.0 * float(variance))
        return super().gaussian(variance, size)

    def choose(self, scores: Any, epsilon: Any) -> int:
        self.rho += (float(epsilon) * 64 if self.scaled else float(epsilon)) ** 2 / 8.0
        return super().choose(scores, epsilon)

    scaled = False


@pytest.mark.parametrize("method", ["tree", "aim"])
def test_what_is_drawn_keeps_within_the_budget(method: Any) -> None:
    frame, wishes, noise = real(), Wishes(1.0, 1e-6, method), Counted()
    noise.scaled = method == "aim"
    recipe = infer_recipe(frame, table="t", rows=1, seed=0)
    domains = declared_domains(frame, recipe, DOMAIN)
    plan = plan_steps(domains, wishes)
    count_and_fit(frame, recipe, domains, plan, wishes, noise=noise)
    assert 0.9 * plan.rho <= noise.rho <= plan.rho * (1 + 1e-9)


def test_the_split_is_announced_before_anything_is_spent(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(steps: Any) -> None:
        raise RuntimeError(", ".join(step["name"] for step in steps))

    monkeypatch.setenv("SYNTHNB_BUDGET", str(tmp_path / "none.sqlite3"))
    engine = Dp(epsilon=1.0, domain=DOMAIN, budget="trial")
    engine.announce = stop
    with pytest.raises(RuntimeError, match=r"counts of 'age', .*choosing a pair of columns, counts of a chosen pair"):
        engine.fit(real(), infer_recipe(real(), table="t", rows=1, seed=0), seed=1)
    assert not (tmp_path / "none.sqlite3").exists()


def test_a_plan_tells_what_each_step_takes() -> None:
    domains = declared_domains(None, infer_recipe(real(), table="t", rows=1, seed=0), DOMAIN)
    plan = plan_steps(domains, Wishes(1.0))
    last = plan.to_list()[-1]
    assert (plan.epsilon, plan.delta, round(plan.rho, 4)) == (1.0, 1e-6, 0.0244)
    assert (last["name"], last["times"], last["mechanism"]) == ("counts of a chosen pair", 5, "gaussian")
    assert sum(step["times"] * step["rho"] for step in plan.to_list()) == pytest.approx(plan.rho, rel=0.01)


def test_the_same_seed_does_not_repeat_the_noise() -> None:
    one, other = (fit(real()) for _ in range(2))
    assert not np.array_equal(one.marginals[0].mass, other.marginals[0].mass)
    assert "not repeatable, by design" in str(one.parameters["noise"])
    assert any("even with the same seed" in note for note in one.notes({}))


def test_the_noise_cannot_be_chosen_by_an_option() -> None:
    with pytest.raises(TypeError, match="noise"):
        Dp(epsilon=1.0, noise=Noise(np.random.default_rng(0).bytes))  # type: ignore[call-arg] # that is the test


def test_drawing_repeats_with_the_seed() -> None:
    one = fitted()
    pd.testing.assert_frame_equal(drawn(one), drawn(one))
    assert not drawn(one).equals(drawn(one, seed=2))
    assert not drawn(one).equals(drawn(one, unit=(1,)))


def test_a_row_does_not_depend_on_which_others_are_drawn() -> None:
    one, some = fitted(), np.array([3, 70, 1_999])
    pd.testing.assert_frame_equal(drawn(one).iloc[some].reset_index(drop=True), drawn(one, some))


def test_the_number_of_rows_is_an_estimate() -> None:
    assert fitted().rows == pytest.approx(N, rel=0.05)
    assert len({fit(real(), epsilon=0.5).rows for _ in range(4)}) > 1


def test_given_cells_come_back_and_decide_the_others() -> None:
    given = pd.DataFrame({"sex": ["f", "m"] * 1_000, "age": [30, 80] * 1_000})
    made = drawn(fitted(), given=given)
    assert made[["sex", "age"]].equals(given)
    assert made["score"][made["age"] == 30].mean() == pytest.approx(30, abs=6)
    assert (made["arm"][made["sex"] == "f"].dropna() == "c").mean() < 0.1


def test_a_condition_holds_by_construction() -> None:
    made = fitted().draw(ROWS, seed=1, unit=(0,), where=where("70 <= age <= 75 and sex == 'f' and not isna(arm)"))
    assert made.short is None
    assert made.frame["age"].between(70, 75).all()
    assert set(made.frame["sex"]) == {"f"}
    assert made.frame["arm"].notna().all()
    assert made.frame["score"].mean() == pytest.approx(72, abs=6)


def test_a_condition_beyond_the_domain_leaves_every_row_short() -> None:
    short = fitted().draw(ROWS[:50], seed=1, unit=(0,), where=where("age > 95")).short
    assert short is not None
    assert short.all()


def test_rows_that_break_a_condition_on_several_columns_are_marked() -> None:
    made = fitted().draw(ROWS, seed=1, unit=(0,), where=where("score > age"))
    assert made.short is not None
    assert (made.short == ~(made.frame["score"] > made.frame["age"])).all()


@pytest.mark.parametrize("method", ["tree", "aim"])
def test_a_saved_generator_draws_the_same_rows(method: Method) -> None:
    one = fitted(method)
    state = one.to_state()
    assert all(array.dtype.kind in "if" for array in state.arrays.values())
    pd.testing.assert_frame_equal(drawn(Dp().restore(one.recipe, state)), drawn(one))


@pytest.mark.parametrize("change", ["table0", "mass1", "bin2", "tree"])
def test_a_state_that_lies_is_refused(change: str) -> None:
    one = fitted()
    state = one.to_state()
    arrays = {name: array[:-1] if name == change else array for name, array in state.arrays.items()}
    meta = state.meta | ({"tree": state.meta["tree"][:-1]} if change == "tree" else {})
    with pytest.raises(RecordError, match="isn't one of the engine dp"):
        Dp().restore(one.recipe, State(meta, arrays))


def test_the_account_says_what_holds() -> None:
    told = fitted().account
    assert "ε = 3 and δ = 1e-06 for one row more or less" in told["method"]
    assert told["copies"].startswith("not looked for")


def test_spending_that_nobody_books_is_said() -> None:
    assert any("booked on no account" in note for note in fitted().notes({}))


def test_an_empty_account_stops_the_run(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from synthnb.engines.dp.budget import Budgets

    monkeypatch.setenv("SYNTHNB_BUDGET", str(tmp_path / "b.sqlite3"))
    Budgets().limit("trial", epsilon=4.0, delta=1e-6)
    assert fit(real(), budget="trial").parameters["budget"]["epsilon_left"] < 2.7
    with pytest.raises(OptionError, match="'trial' doesn't hold enough"):
        fit(real(), budget="trial")


def test_one_column_takes_the_whole_budget() -> None:
    one = fit(real()[["age"]], domain={"age": [18, 90]})
    assert one.parameters["tables"] == []
    assert drawn(one)["age"].mean() == pytest.approx(50, abs=2)


@pytest.mark.parametrize("method", ["tree", "aim"])
@pytest.mark.parametrize("rows", [1, 30])
def test_few_rows_give_a_table_all_the_same(method: str, rows: int) -> None:
    made = drawn(fit(real()[:rows], epsilon=0.1, method=method), np.arange(20))
    assert len(made) == 20
    assert made["age"].between(18, 90).all()


def test_a_level_that_fills_the_column_and_one_that_nobody_holds() -> None:
    frame = pd.DataFrame({"a": ["x"] * 500, "b": [1.0] * 500})
    made = drawn(fit(frame, epsilon=20.0, domain={"a": ["x", "never"], "b": [0, 2]}))
    assert (made["a"] == "x").mean() > 0.99
    assert made["b"].mean() == pytest.approx(1.0, abs=0.02)


def test_text_is_left_out_and_said() -> None:
    recipe = infer_recipe(real(), table="t", rows=N, seed=1, overrides={"arm": "text"})
    one = Dp(epsilon=1.0, domain={name: declared for name, declared in DOMAIN.items() if name != "arm"}).fit(real(), recipe, seed=1)
    assert any("'arm' was left out" in note for note in one.notes({}))
    assert "arm" not in drawn(one)


def test_projection_onto_the_simplex_by_hand() -> None:
    assert onto_simplex(np.array([5.0, 3.0, -2.0]), 6.0) == pytest.approx([4.0, 2.0, 0.0])
    assert math.isclose(onto_simplex(np.array([-1.0, -5.0]), 2.0).sum(), 2.0)


def test_conditioning_on_a_graph_is_exact() -> None:
    rng = np.random.default_rng(0)
    joint = rng.random((2, 3, 2))
    joint = joint.sum(axis=2)[:, :, None] * (joint.sum(axis=0) / joint.sum(axis=(0, 2))[:, None])[None]  # 0 and 2 independent given 1
    joint /= joint.sum()
    tree = (Clique((0, 1), -1, ()), Clique((1, 2), 0, (1,)))
    graph = Graph((2, 3, 2), tree, (joint.sum(axis=2), joint.sum(axis=0)))
    codes, possible = graph.draw(rng.random((30_000, 2)), {2: np.array([[0.0, 1.0]])})
    assert possible.all()
    assert (codes[:, 2] == 1).all()
    expected = joint[:, :, 1] / joint[:, :, 1].sum()
    seen = np.histogram2d(codes[:, 0], codes[:, 1], bins=(2, 3))[0] / len(codes)
    assert seen == pytest.approx(expected, abs=0.015)


def test_a_junction_tree_holds_every_set_and_hangs_together() -> None:
    sets = [(0, 1), (1, 2), (2, 3), (0, 3), (4,)]
    tree = junction_tree(sets, [2, 3, 4, 5, 2])
    assert all(any(set(columns) <= set(clique.columns) for clique in tree) for columns in sets)
    for i, clique in enumerate(tree[1:], 1):
        earlier = {column for other in tree[:i] for column in other.columns}
        assert set(clique.shared) == set(clique.columns) & earlier
