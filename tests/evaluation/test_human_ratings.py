"""Rating files: whole lines, the last answer counts, and what a crash leaves is passed over."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from synthnb.errors import OptionError, StorageError
from synthnb.evaluation.human.ratings import Rating, append_rating, check_rater, counting, read_ratings

ONE = Rating(kind="rating", review="review-0", rater="a", item="item-001", digest="sha256:0", question="q", rating=3, rubric="sha256:1")


def test_a_rating_survives_being_written(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "a.ratings.jsonl"
    hostile = replace(ONE, note="<img src=x> \u2028 =1+1 \x00 \ud800 \n{", seconds=1.5)
    append_rating(file, ONE)
    append_rating(file, hostile)
    assert read_ratings(file) == [ONE, hostile]
    assert len(file.read_bytes().splitlines()) == 2


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    append_rating(tmp_path / "a.ratings.jsonl", ONE)
    assert stat.S_IMODE((tmp_path / "a.ratings.jsonl").stat().st_mode) == 0o600


def test_a_line_holds_what_the_format_names(tmp_path: Path) -> None:
    append_rating(tmp_path / "a.ratings.jsonl", ONE)
    line = json.loads((tmp_path / "a.ratings.jsonl").read_text(encoding="utf-8"))
    wanted = {"schema", "kind", "review", "rater", "item", "digest", "question", "rating", "note", "seconds", "time", "rubric", "undo"}
    assert set(line) == wanted


@pytest.mark.parametrize("cut", [1, 20, 90])
def test_a_line_cut_short_is_passed_over_and_the_next_begins_anew(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "a.ratings.jsonl"
    append_rating(file, ONE)
    append_rating(file, replace(ONE, rating=4))
    file.write_bytes(file.read_bytes()[:-cut])
    assert [rating.rating for rating in read_ratings(file)] == ([3, 4] if cut == 1 else [3])
    append_rating(file, replace(ONE, rating=5))
    assert [rating.rating for rating in read_ratings(file)] == ([3, 4, 5] if cut == 1 else [3, 5])


def test_the_last_answer_counts_and_what_is_taken_back_is_gone() -> None:
    lines = [
        ONE,
        replace(ONE, rating=5),
        replace(ONE, item="item-002"),
        replace(ONE, item="item-002", rating=None),
        replace(ONE, rater="b"),
    ]
    assert counting(lines) == {"a": {"item-001": {"q": 5}}, "b": {"item-001": {"q": 3}}}


@pytest.mark.parametrize("content", [b"not json\n", b'{"a": 1}\n', b"\x00\xff\n", b"[]\n", b'{"schema":"synthnb.rating/1","kind":"x"}\n'])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.jsonl"
    file.write_bytes(content)
    with pytest.raises(OptionError, match=r"Line 1 of other\.jsonl isn't a rating of synthnb"):
        read_ratings(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="There is no rating file at"):
        read_ratings(tmp_path / "none")


@pytest.mark.parametrize("seconds", [-1, 1e9, float("nan"), "3", True])
def test_seconds_that_can_not_be_are_left_out(tmp_path: Path, seconds: Any) -> None:
    file = tmp_path / "a.ratings.jsonl"
    file.write_text(json.dumps(json.loads(ONE.to_line()) | {"seconds": seconds}) + "\n", encoding="utf-8")
    assert read_ratings(file)[0].seconds is None


@pytest.mark.parametrize("bad", ["", " ", "a/b", "x" * 41, "<b>", None, 5, "a\nb"])
def test_a_raters_id_is_a_short_word(bad: Any) -> None:
    with pytest.raises(OptionError, match="A rater's id of 1 to 40 letters"):
        check_rater(bad)


def test_a_folder_that_can_not_be_written_says_that_earlier_ratings_are_intact(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match=r"wasn't written to a\.ratings\.jsonl.*Earlier ratings are intact"):
        append_rating(tmp_path / "file" / "a.ratings.jsonl", ONE)
