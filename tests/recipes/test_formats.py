"""`synthnb.recipes.formats` and the spelling read off real codes: what is read, drawn and refused."""

from __future__ import annotations

import random
import re
import uuid

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthnb.errors import RecipeError
from synthnb.recipes._spellings import infer_format, infer_integer_format
from synthnb.recipes.formats import Format, Run, Shape, luhn_remainder, mod97_remainder, parse_format

N = 200
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def codes(kind: str, n: int = N) -> list[str]:
    """Made-up codes of a known spelling."""
    draw = random.Random(1)

    def letters(k: int) -> str:
        return "".join(draw.choices(UPPER, k=k))

    makers = {
        "padded": lambda: f"P-{draw.randrange(10**5):05d}",
        "postcode": lambda: f"{letters(2)}{draw.randrange(10, 100)} {draw.randrange(10)}{letters(2)}",
        "uuid4": lambda: str(uuid.UUID(int=draw.getrandbits(128), version=4)),
        "md5": lambda: f"{draw.getrandbits(128):032x}",
        "mail": lambda: f"{letters(draw.randrange(3, 9)).lower()}@{draw.choice(['uni', 'lab'])}.es",
        "phone": lambda: f"+34 6{draw.randrange(100):02d} {draw.randrange(1000):03d} {draw.randrange(1000):03d}",
        "site": lambda: f"{draw.choice(['MAD', 'BCN'])}-{draw.randrange(10**5):05d}",
        "two": lambda: f"A{draw.randrange(10**5):05d}" if draw.random() < 0.7 else f"{draw.randrange(10**4):04d}/X",
        "unpadded": lambda: f"MRN{draw.randrange(1, 10 ** draw.randrange(4, 8))}",
        "name": lambda: f"{letters(1)}{letters(draw.randrange(3, 8)).lower()} {letters(1)}{letters(5).lower()}",
        "surname": lambda: f"{letters(1)}{letters(draw.randrange(3, 8)).lower()}",
        "street": lambda: f"{draw.randrange(300)} {letters(1)}{letters(draw.randrange(3, 8)).lower()} Street",
        "remark": lambda: f"visit {draw.randrange(10**6)} ok",
        "score": lambda: f"{draw.randrange(10**4)} of {draw.randrange(10**4)}",
        "suffix": lambda: f"{draw.randrange(10**5):05d} ES",
        "prose": lambda: f"The patient came back after {draw.randrange(10**6)} days and felt better",
    }
    return [makers[kind]() for _ in range(n)]


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("padded", "P-[0-9]{5}"),
        ("postcode", "[A-Z]{2}[1-9][0-9] [0-9][A-Z]{2}"),
        ("uuid4", "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
        ("md5", "[0-9a-f]{32}"),
        ("mail", "[a-z]{3,8}@(?:lab|uni)\\.es"),
        ("phone", "\\+34 6[0-9]{2} [0-9]{3} [0-9]{3}"),
        ("site", "(?:BCN|MAD)-[0-9]{5}"),
        ("unpadded", "MRN[1-9][0-9]{2,6}"),
        ("suffix", "[0-9]{5} ES"),
    ],
)
def test_the_spelling_of_codes(kind: str, pattern: str) -> None:
    assert str(infer_format(codes(kind))) == pattern


@pytest.mark.parametrize("kind", ["name", "surname", "street", "prose", "remark", "score"])
def test_words_have_no_spelling(kind: str) -> None:
    assert infer_format(codes(kind)) is None


def test_two_spellings_keep_their_shares() -> None:
    found = infer_format(codes("two"))
    assert found is not None
    assert [str(spelling) for spelling in found.spellings] == ["A[0-9]{5}", "[0-9]{4}/X"]
    assert found.spellings[0].share == pytest.approx(0.7, abs=0.1)


@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        ([f"P-{i:04d}" for i in range(1, N)], "P-[0-9]{4,18}(?#in order)"),
        ([f"patient {i}" for i in range(0, 2 * N, 2)], "patient [0-9]{1,18}(?#in order)"),
    ],
)
def test_codes_that_count_upwards(values: list[str], pattern: str) -> None:
    assert str(infer_format(values)) == pattern


def test_words_that_go_on_after_a_count_are_no_code() -> None:
    assert infer_format([f"visit {i} ok" for i in range(N)]) is None


def test_a_spelling_that_is_nearly_used_up_gets_a_place_more() -> None:
    values = [f"P-{i:03d}" for i in random.Random(1).sample(range(1000), 900)]
    assert str(infer_format(values)) == "P-[0-9]{4}"


def test_a_rare_spelling_is_no_part_of_the_format() -> None:
    assert str(infer_format([*codes("padded", 500), "Ms Jane Doe 1"])) == "P-[0-9]{5}"


def test_real_codes_never_stand_in_a_pattern() -> None:
    values = [*codes("padded", 100), "SECRET/1", "SECRET/2", "SECRET/3", "SECRET/4"]
    assert "SECRET" not in str(infer_format(values))


@pytest.mark.parametrize("values", [[], ["a1"], ["", "a1"] * 20, ["x" * 200] * 20, ["a\n1"] * 20])
def test_what_is_no_code_has_no_spelling(values: list[str]) -> None:
    assert infer_format(values) is None


@pytest.mark.parametrize(
    ("values", "largest", "pattern"),
    [
        (range(5, 105), 2**63 - 1, "[0-9]{1,18}(?#in order)"),
        ([7, 0, 12, 400, 3, 99], 2**63 - 1, "[1-9](?#0.5)|[1-9][0-9](?#0.3333)|[1-9][0-9]{2}(?#0.1667)"),
        ([30_000, 12_345, 29_999, 11_111], 32_767, "[1-2][0-9]{4}"),
        ([2_147_483_647, 2_000_000_001, 1_500_000_000], 2**31 - 1, "1[0-9]{9}"),
    ],
)
def test_whole_numbers_have_no_leading_zeros_and_fit_their_type(values: list[int], largest: int, pattern: str) -> None:
    assert str(infer_integer_format(list(values), largest=largest)) == pattern.replace("[1-2]", "[12]").replace("1[0-9]{9}", "[1][0-9]{9}")


def test_luhn_by_hand() -> None:
    code = np.array(["79927398713", "79927398710"]).view("u4").reshape(2, -1)
    assert luhn_remainder(code).tolist() == [0, 7]


def test_mod97_by_hand() -> None:
    code = np.array(["79444", "79445"]).view("u4").reshape(2, -1)  # 79444 = 819 × 97 + 1
    assert mod97_remainder(code).tolist() == [1, 2]


@pytest.mark.parametrize("check", ["luhn", "mod97"])
def test_check_digits_that_hold_are_kept(check: str) -> None:
    made = parse_format(f"4[0-9]{{11}}(?#{check})")
    at = np.arange(0, 10**9, 10**7, dtype="u8")
    values = ["".join(map(chr, row)) for row in made.shapes[0].spell(at, at)]
    assert str(infer_format(values[::-1])).endswith(f"(?#{check})")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[0-9", "can't be read from character 1"),
        ("a*", "can't be read from character 2"),
        ("[z-a]", "runs backwards"),
        ("a|", "an empty spelling"),
        ("[0-9]{1,300}", "at most 256"),
        ("[a-z](?#luhn)", "must end in digits"),
        ("[0-9]{1,40}[a-z]{1,40}", "more than 1,024 combinations"),
        ("[a-z]{1,2}[a-z0-9]{1,2}", "spells one code in two ways"),
        ("[0-9]|[1-3]", "spells one code in two ways"),
        ("A[0-9]{2}B[0-9](?#in order)", "one run of digits"),
        ("A[0-9](?#often)", "neither a share"),
        ("x" * 3000, "longer than 2,000 characters"),
    ],
)
def test_a_pattern_that_cannot_be_drawn_from_is_refused(text: str, message: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(message)):
        parse_format(text)


def alphabets() -> st.SearchStrategy[str]:
    return st.sets(st.sampled_from("abcXYZ019-]^\\é."), min_size=1, max_size=6).map(lambda found: "".join(sorted(found)))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.builds(lambda a, n: Run(a, n, n), alphabets(), st.integers(1, 4)), min_size=1, max_size=4))
def test_a_pattern_reads_back_and_agrees_with_regular_expressions(runs: list[Run]) -> None:
    made = parse_format("".join(map(str, runs)))
    at = np.arange(min(made.size, 50), dtype="u8")
    spelt = ["".join(map(chr, row)) for row in made.shapes[0].spell(at, at)]
    assert str(parse_format(str(made))) == str(made)
    assert len(set(spelt)) == len(spelt)
    assert all(re.fullmatch(str(made), code) for code in spelt)


def test_literal_characters_are_escaped() -> None:
    made = parse_format("a\\.b\\[\\|[0-9]")
    assert made.matches("a.b[|7")
    assert not made.matches("axb[|7")


def test_the_size_counts_every_spelling_and_length() -> None:
    assert parse_format("[0-9]{1,2}|(?:a|b)[01]").size == 10 + 100 + 4


def test_shares_of_shapes_add_up() -> None:
    shapes: tuple[Shape, ...] = parse_format("A[0-9]{1,2}(?#0.8)|B[0-9](?#0.2)").shapes
    assert [round(shape.share, 3) for shape in shapes] == [0.4, 0.4, 0.2]
    assert isinstance(parse_format("A"), Format)
