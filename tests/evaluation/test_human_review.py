"""Reviews: written as they go, gone on with after a restart, merged from several notebooks, and blind until the results."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.config import config_context
from synthnb.errors import OptionError, StorageError
from synthnb.evaluation.human import Review, damaged_reviews, export_review, kept_reviews, open_review, start_review
from synthnb.evaluation.human.ratings import read_ratings


@pytest.fixture
def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(1)
    made = [
        pd.DataFrame({"age": rng.integers(20, 90, 80), "note": [f"{who} cell {i}" for i in range(80)], "sex": ["f", "m"] * 40})
        for who in ("alpha", "beta")
    ]
    return made[0], made[1]


@pytest.fixture
def begin(frames: Any, tmp_path: Path) -> Any:
    def start(**more: Any) -> Review:
        return start_review(*frames, **{"n": 24, "seed": 5, "folder": tmp_path / "reviews", **more})

    return start


def rate_all(review: Review, rater: str, call: Any = "real") -> None:
    for item in review.order(rater):
        review.rate(rater, item.id, "origin", call(item) if callable(call) else call)
        review.rate(rater, item.id, "confidence", 3)


def texts_under(folder: Path) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file())


def test_a_review_is_gone_on_with_where_it_stopped(begin: Any) -> None:
    first = begin()
    for item in first.order("a")[:7]:
        first.rate("a", item.id, "origin", "real")
        first.rate("a", item.id, "confidence", 2)
    again = begin(seed=None)
    assert again.id == first.id
    assert again.items == first.items
    assert again.order("a") == first.order("a")
    assert again.progress("a") == (7, 24)
    assert again.answers("a") == first.answers("a")


def test_another_seed_rubric_or_size_is_another_review(begin: Any) -> None:
    ids = {begin(**more).id for more in ({}, {"seed": 6}, {"n": 20}, {"rubric": "harm"}, {"text": "note"})}
    assert len(ids) == 5


def test_the_same_seed_draws_the_same_rows(begin: Any, frames: Any, tmp_path: Path) -> None:
    one, two = begin(), start_review(*frames, n=24, seed=5, folder=tmp_path / "elsewhere")
    assert one.id != two.id
    assert sorted(str(item.content) for item in one.items) == sorted(str(item.content) for item in two.items)
    assert one.order("a") != one.order("b")


def test_no_seed_decides_the_key_nor_a_raters_order(begin: Any, frames: Any, tmp_path: Path) -> None:
    one, two = begin(), start_review(*frames, n=24, seed=5, folder=tmp_path / "elsewhere")
    assert one.origins() != two.origins()
    assert [item.id for item in one.order("a")] != [item.id for item in two.order("a")]


def test_the_key_follows_from_the_secret_whatever_the_seed_and_the_frames() -> None:
    from synthnb.evaluation.human.items import draw_sample

    frames = [pd.DataFrame({"x": range(at, at + 60)}) for at in (0, 100)]

    def key(seed: int, salt: str, secret: str) -> Any:
        return draw_sample(*frames, n=24, text=None, columns=None, seed=seed, salt=salt, secret=secret).key

    assert key(1, "a", "s") == key(2, "b", "s")
    assert key(1, "a", "s") != key(1, "a", "t")


def test_what_raters_get_holds_nothing_that_the_key_was_made_from(begin: Any, tmp_path: Path) -> None:
    review = begin(seed=987_654_321)
    review.rate("a", "item-001", "origin", "real")
    key = json.loads((tmp_path / "reviews" / review.id / "key.json").read_text(encoding="utf-8"))
    export = export_review(review, tmp_path / "sample.review.json").read_text(encoding="utf-8")
    others = [path.read_text(encoding="utf-8") for path in (tmp_path / "reviews" / review.id).glob("*") if path.name != "key.json"]
    for text in (export, *others):
        assert key["secret"] not in text
        assert "987654321" not in text


def test_the_same_ratings_give_the_same_bytes(begin: Any, frames: Any, tmp_path: Path) -> None:
    found = []
    for review in (begin(), start_review(*frames, n=24, seed=5, folder=tmp_path / "elsewhere")):
        rate_all(review, "a", lambda item: "real" if int(item.content[0][1]) % 2 else "synthetic")
        found.append(json.dumps([score.to_dict() for score in review.results().scores]))
    assert found[0] == found[1]


def test_no_file_but_the_key_says_where_items_come_from(begin: Any, tmp_path: Path) -> None:
    review = begin()
    review.remark("a", "item-001", "odd")
    rate_all(review, "a", lambda item: "synthetic")
    folder = tmp_path / "reviews" / review.id
    key = json.loads((folder / "key.json").read_text(encoding="utf-8"))
    assert sorted(set(key["origin"].values())) == ["real", "synthetic"]
    assert stat.S_IMODE((folder / "key.json").stat().st_mode) == 0o600
    facts = json.loads((folder / "review.json").read_text(encoding="utf-8"))
    assert all(set(item) == {"id", "digest"} for item in facts["items"])
    assert "seed" not in facts
    assert "salt" not in facts


def test_no_file_holds_what_an_item_says(begin: Any, tmp_path: Path) -> None:
    review = begin(text="note")
    rate_all(review, "a")
    assert " cell " not in texts_under(tmp_path / "reviews")
    assert " cell " not in json.dumps(review.to_dict())


def test_the_key_joins_only_in_the_results(begin: Any, tmp_path: Path) -> None:
    review = begin()
    rate_all(review, "a", "synthetic")
    assert review.results().score("discrimination_accuracy").value == 0.5
    (tmp_path / "reviews" / review.id / "key.json").unlink()
    assert review.results().score("discrimination_accuracy").reason == "The key to the items isn't here."


def test_perfect_calls_are_found(begin: Any, tmp_path: Path) -> None:
    review = begin()
    key = json.loads((tmp_path / "reviews" / review.id / "key.json").read_text(encoding="utf-8"))["origin"]
    for rater in "ab":
        rate_all(review, rater, lambda item: key[item.id])
    results = review.results()
    assert results.score("discrimination_accuracy").value == 1.0
    assert results.score("cohen_kappa", "origin").value == 1.0
    assert results.disagreements == ()
    assert results.finished
    assert results.double_rated == 1.0


def test_undo_takes_back_and_restores(begin: Any) -> None:
    review = begin()
    review.rate("a", "item-001", "origin", "real")
    review.rate("a", "item-001", "origin", "synthetic")
    review.rate("a", "item-002", "origin", "real")
    assert review.undo("a") == "item-002"
    assert review.undo("a") == "item-001"
    assert review.answers("a") == {"item-001": {"origin": "real"}}
    assert begin().answers("a") == {"item-001": {"origin": "real"}}
    assert review.undo("a") == "item-001"
    assert review.undo("a") is None


def test_notes_and_qualifications_are_kept(begin: Any) -> None:
    review = begin()
    review.remark("a", "item-003", "odd <b>dose</b>")
    review.qualify("a", "oncologist, 10 years")
    again = begin()
    assert again.notes("a") == {"item-003": "odd <b>dose</b>"}
    assert again.results().raters[0]["qualification"] == "oncologist, 10 years"


def test_a_raters_median_time_is_reported(begin: Any) -> None:
    review = begin()
    for item, seconds in (("item-001", 2.0), ("item-002", 4.0), ("item-003", 90.0)):
        review.rate("a", item, "origin", "real", seconds=seconds)
    assert review.results().raters[0]["median_seconds"] == 4.0


def test_raters_in_other_notebooks_rate_the_same_items(begin: Any, tmp_path: Path) -> None:
    review = begin()
    rate_all(review, "a")
    file = export_review(review, tmp_path / "sample.review.json")
    other = open_review(file, folder=tmp_path / "other")
    assert other.items == review.items
    rate_all(other, "b", "synthetic")
    assert review.add(other.rating_file("b")) == 48
    assert review.add(other.rating_file("b")) == 0
    assert review.progress("b") == (24, 24)
    assert review.results().score("cohen_kappa", "confidence").reason is not None


def test_an_exported_sample_holds_no_key(begin: Any, tmp_path: Path) -> None:
    file = export_review(begin(), tmp_path / "sample.review.json")
    data = json.loads(file.read_text(encoding="utf-8"))
    assert "origin" not in json.dumps(data["items"])
    assert "seed" not in data["review"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    other = open_review(file, folder=tmp_path / "other")
    assert other.results().score("discrimination_accuracy").reason == "The key to the items isn't here."


def test_a_sample_whose_items_were_changed_is_refused(begin: Any, tmp_path: Path) -> None:
    file = export_review(begin(text="note"), tmp_path / "sample.review.json")
    file.write_text(file.read_text(encoding="utf-8").replace(" cell ", " CELL ", 1), encoding="utf-8")
    with pytest.raises(OptionError, match=r"The items in sample\.review\.json aren't as they were written"):
        open_review(file, folder=tmp_path / "other")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"review": 1}', "nul"])
def test_a_file_that_is_no_sample_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content, encoding="utf-8")
    with pytest.raises(OptionError, match=r"x\.json isn't a review that synthnb wrote"):
        open_review(tmp_path / "x.json", folder=tmp_path)


def test_a_samples_id_can_not_lead_out_of_the_folder(begin: Any, tmp_path: Path) -> None:
    file = export_review(begin(), tmp_path / "sample.review.json")
    data = json.loads(file.read_text(encoding="utf-8"))
    data["review"]["id"] = "../../etc"
    file.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(OptionError, match="A review's id as synthnb makes it was expected"):
        open_review(file, folder=tmp_path / "other")


def changed(path: Path, to: Path, **parts: Any) -> Path:
    lines = [json.loads(line) | parts for line in path.read_text(encoding="utf-8").splitlines()]
    to.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return to


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"review": "review-000000000000"}, "holds ratings of 'review-000000000000'; this review is"),
        ({"rubric": "sha256:0"}, "holds ratings by another rubric than discrimination"),
        ({"digest": "sha256:0"}, "rates 'item-001', which isn't as it is in this review"),
        ({"item": "item-999"}, "rates 'item-999', which isn't as it is in this review"),
        ({"rating": "fake"}, "holds an answer that origin doesn't have"),
        ({"question": "other"}, "A question must be one of origin, confidence; got 'other'"),
        ({"rater": "<b>"}, "A rater's id of 1 to 40 letters"),
    ],
)
def test_a_foreign_rating_file_is_refused(begin: Any, tmp_path: Path, parts: dict[str, Any], said: str) -> None:
    review = begin()
    review.rate("a", "item-001", "origin", "real")
    file = changed(review.rating_file("a"), tmp_path / "b.ratings.jsonl", **parts)
    with pytest.raises(OptionError, match=said):
        review.add(file)
    assert len(review.answers("a")) == 1


def test_changed_frames_begin_another_review(begin: Any, frames: Any, tmp_path: Path) -> None:
    first = begin()
    other = start_review(frames[0].assign(age=1), frames[1], n=24, seed=5, folder=tmp_path / "reviews")
    assert other.id != first.id


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (("a", "item-999", "origin", "real"), "There is no item 'item-999' in this review. Items run from item-001 to item-024"),
        (("a", "item-001", "x", "real"), "A question must be one of origin, confidence"),
        (("a", "item-001", "origin", "fake"), "An answer to origin must be one of real, synthetic; got 'fake'"),
        (("a", "item-001", "confidence", 6), "An answer to confidence must be one of 1, 2, 3, 4, 5; got 6"),
        (("a", "item-001", "confidence", True), "got True"),
        (("", "item-001", "origin", "real"), "A rater's id"),
        (("a", "item-001", "origin", "real", "x" * 2001), "A text of at most 2,000 characters was expected"),
    ],
)
def test_an_answer_that_can_not_be_is_refused_and_not_written(begin: Any, answer: Any, said: str) -> None:
    review = begin()
    with pytest.raises(OptionError, match=said):
        review.rate(*answer)
    assert not review.rating_file("a").exists()


@pytest.mark.parametrize("given", [3.0, np.int64(3), np.float64(3), np.uint8(3)])
def test_a_number_that_equals_a_step_of_the_scale_is_written_as_the_step(begin: Any, given: Any) -> None:
    review = begin()
    review.rate("a", "item-001", "confidence", given)
    assert type(begin().answers("a")["item-001"]["confidence"]) is int


@pytest.mark.parametrize("given", [2.5, np.nan, np.bool_(1), "3", [3]])
def test_what_equals_no_step_of_the_scale_is_refused(begin: Any, given: Any) -> None:
    review = begin()
    with pytest.raises(OptionError, match="An answer to confidence must be one of 1, 2, 3, 4, 5"):
        review.rate("a", "item-001", "confidence", given)
    assert not review.rating_file("a").exists()


def test_undo_takes_back_what_was_answered_last_in_any_notebook(begin: Any) -> None:
    one, two = begin(), begin()
    one.rate("a", "item-001", "origin", "real")
    two.rate("a", "item-002", "origin", "real")
    assert one.undo("a") == "item-002"
    assert one.answers("a") == {"item-001": {"origin": "real"}}
    two.rate("a", "item-003", "origin", "real")
    one.refresh()
    assert set(one.answers("a")) == {"item-001", "item-003"}


@pytest.mark.parametrize("content", [b"{}", b"\xff\x00", b"[]", b'{"id": 3, "items": 5}'])
def test_a_damaged_review_is_named_and_the_rest_are_shown(begin: Any, tmp_path: Path, content: bytes) -> None:
    broken, whole = begin(), begin(n=20)
    (tmp_path / "reviews" / broken.id / "review.json").write_bytes(content)
    assert [review.id for review in kept_reviews(tmp_path / "reviews")] == [whole.id]
    assert list(damaged_reviews(tmp_path / "reviews")) == [broken.id]
    assert begin(n=20).id == whole.id


def test_a_review_whose_ratings_are_damaged_is_named(begin: Any, tmp_path: Path) -> None:
    review = begin()
    review.rating_file("a").write_text("no rating\n", encoding="utf-8")
    assert kept_reviews(tmp_path / "reviews") == []
    assert "isn't a rating of synthnb" in damaged_reviews(tmp_path / "reviews")[review.id]


def test_a_long_name_is_cut(begin: Any) -> None:
    shape = begin(names=("x" * 1_000_000, "y\ud800" * 500_000)).to_dict()
    assert (len(shape["name"]), len(shape["synthetic"]["name"]), len(shape["real"]["name"])) == (80, 80, 80)
    assert json.dumps(shape).encode()


def test_a_long_column_name_is_cut(frames: Any, tmp_path: Path) -> None:
    long = [frame.rename(columns={"age": "c" * 1_000_000}) for frame in frames]
    assert len(json.dumps(start_review(*long, n=10, folder=tmp_path).to_dict())) < 20_000


def test_columns_named_by_numbers_are_found(frames: Any, tmp_path: Path) -> None:
    numbered = [frame.set_axis([0, 1, 2], axis=1) for frame in frames]
    settings: tuple[dict[str, Any], ...] = ({"columns": [0]}, {"text": 1})
    first, second = (start_review(*numbered, n=10, folder=tmp_path, **one) for one in settings)
    assert (first._facts["columns"], second.kind) == (["0"], "text")


def test_a_note_says_which_columns_spelling_tells_and_not_how(tmp_path: Path) -> None:
    frames = [pd.DataFrame({"x": [form.format(i % 9) for i in range(60)]}) for form in ("no. {}", "#{}")]
    note = start_review(*frames, n=20, columns=["x"], folder=tmp_path).note
    assert "The frames spell x differently throughout" in note
    assert "#" not in note


def test_an_answer_that_can_not_be_written_does_not_count(begin: Any) -> None:
    review = begin()
    review.rating_file("a").mkdir()
    with pytest.raises(StorageError, match="The rating wasn't written to"):
        review.rate("a", "item-001", "origin", "real")
    assert review.answers("a") == {}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"n": 1}, "n must be from 2 to 5,000; got 1"),
        ({"n": True}, "n must be from 2 to 5,000; got True"),
        ({"raters": 0}, "raters must be from 1 to 50; got 0"),
        ({"rubric": "x"}, "rubric must be one of"),
        ({"rubric": 3}, "rubric must be one of .* got 3"),
        ({"rubric": []}, "rubric must be one of"),
        ({"rubric": ["harm", None]}, "rubric must be one of"),
        ({"columns": ["age", "age"]}, "columns names 'age' twice"),
        ({"columns": "age"}, "A list of column names was expected; got 'age'"),
        ({"columns": [["age"]]}, "A column's name was expected"),
        ({"seed": -1}, "A seed must be from 0"),
    ],
)
def test_a_review_that_can_not_be_is_refused(begin: Any, more: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        begin(**more)


def test_telling_real_from_synthetic_needs_real_rows(frames: Any, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="asks whether items are real; no real frame was given"):
        start_review(frames[0], n=10, folder=tmp_path)
    assert len(start_review(frames[0], n=10, rubric="plausibility", folder=tmp_path).items) == 10


def test_a_review_shows_counts_only(begin: Any) -> None:
    review = begin(text="note")
    review.rate("a", "item-001", "origin", "real")
    assert repr(review) == f"<Review {review.id}: 24 texts, Real or synthetic; a 0 of 24>"


def test_the_ledgers_view_has_counts_and_scores_and_no_item(begin: Any) -> None:
    review = begin()
    rate_all(review, "AB")
    shape = review.to_dict()
    assert (shape["kind"], shape["seed"], shape["planned_raters"]) == ("review", 5, 2)
    assert [rater["role"] for rater in shape["raters"]] == ["rater 1"]
    assert "AB" not in json.dumps(shape)
    assert "item-0" not in json.dumps(shape)
    assert "The review isn't finished: figures rest on the ratings so far." in shape["notes"]


def test_another_process_of_the_same_rater_is_heard(begin: Any) -> None:
    one, two = begin(), begin()
    one.rate("a", "item-001", "origin", "real")
    two.rate("a", "item-002", "origin", "real")
    one.refresh()
    assert len(one.answers("a")) == 2
    assert len(read_ratings(one.rating_file("a"))) == 2


def test_reviews_are_kept_beside_the_ledger(frames: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with config_context(ledger=".synthnb/ledger.sqlite3"):
        review = start_review(*frames, n=10)
        [kept] = kept_reviews()
    assert (tmp_path / ".synthnb" / "reviews" / review.id / "review.json").exists()
    assert (tmp_path / ".synthnb" / ".gitignore").read_text(encoding="utf-8") == "*\n"
    assert kept.id == review.id
    rate_all(review, "a")
    kept.refresh()
    assert kept.results().scores == review.results().scores


def test_a_damaged_state_file_is_passed_over(begin: Any, tmp_path: Path) -> None:
    review = begin()
    (tmp_path / "reviews" / review.id / "key.json").write_text("{", encoding="utf-8")
    assert begin().id != review.id
