from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthnb.engines.corpus.evidence import locate

TEXT = "Features are computed from a digitized\n    image of a “fine needle”\naspirate – of a breast mass. They describe the cells."


@pytest.mark.parametrize(
    "quote",
    [
        "Features are computed from a digitized image",
        'image of a "fine needle" aspirate - of a breast mass.',
        "“They describe the cells.”",
        "they describe THE cells",
        "They   describe\tthe cells...",
        "…digitized image of a “fine needle” aspirate…",
        r"computed from a digitized\n    image",
        r"a \u201cfine needle\u201d aspirate",
        'image of a \\"fine needle\\"',
    ],
)
def test_a_quotation_is_found_whatever_became_of_white_space_and_marks(quote: str) -> None:
    found = locate(TEXT, quote)
    assert found is not None
    kept = "".join(sign for sign in TEXT[found[0] : found[1]].lower() if sign.isalnum())
    assert kept in "".join(
        sign for sign in quote.lower().replace("\\n", "").replace("\\u201c", "").replace("\\u201d", "") if sign.isalnum()
    )


@pytest.mark.parametrize(
    "quote", ["", "the", "cells.", "Features computed from an image", "They describe … breast mass", "\\", "\ud800 \ud800 ab"]
)
def test_what_is_no_quotation_is_not_found(quote: str) -> None:
    assert locate(TEXT, quote) is None


def test_a_quotation_is_looked_for_in_the_passage_alone() -> None:
    start = TEXT.index("They")
    assert locate(TEXT, "Features are computed", start) is None
    assert locate(TEXT, "They describe the cells", start) == (start, len(TEXT) - 1)


@given(st.lists(st.sampled_from(["alpha", "beta", "Gamma's", "“x”", "1,5", "–"]), min_size=4, max_size=30), st.data())
def test_the_slice_found_says_what_the_quotation_says(words: list[str], data: st.DataObject) -> None:
    gaps = data.draw(st.lists(st.sampled_from([" ", "  ", "\n", "\n    ", "\t"]), min_size=len(words), max_size=len(words)))
    text = "".join(word + gap for word, gap in zip(words, gaps, strict=True)).strip()
    first = data.draw(st.integers(0, len(words) - 4))
    quote = " ".join(words[first : first + 4])
    found = locate(text, quote)
    if found is not None:
        assert " ".join(text[found[0] : found[1]].split()).strip("“”–., ") in quote
    elif sum(word[0].isalnum() for word in words[first : first + 4]) >= 3:
        raise AssertionError(quote)


def test_a_megabyte_is_searched_in_time() -> None:
    assert locate("word " * 200_000 + "the needle is here now", "the needle is here now") is not None
