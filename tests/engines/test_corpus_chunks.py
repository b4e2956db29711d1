from __future__ import annotations

import itertools
import pydoc_data.topics
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthnb.engines.corpus.allotment import allot
from synthnb.engines.corpus.chunks import cut, room_for_text
from synthnb.engines.corpus.documents import read_documents
from synthnb.engines.corpus.sentences import content_words, estimate_tokens, find_sentences, is_prose
from synthnb.errors import OptionError
from synthnb.models.base import ModelInfo
from synthnb.models.registry import open_model

TOPICS = {name: text for name, text in pydoc_data.topics.topics.items() if len(text) > 500}
INFO = ModelInfo(id="m", name="m", provider="p", licence="MIT", locality="in-process", context=4096)


def sentences(text: str) -> list[str]:
    return [text[found.start : found.end] for found in find_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Roe saw Fig. 3, e.g. today. Then she left.", ["Dr. Roe saw Fig. 3, e.g. today.", "Then she left."]),
        ("By R.A. Fisher in 1936. Next.", ["By R.A. Fisher in 1936.", "Next."]),
        ("Version 3.11 is out. pip is next.", ["Version 3.11 is out. pip is next."]),
        ("A line\ngoes on. And on.", ["A line\ngoes on.", "And on."]),
        ("A list:\n- one\n- two\n\nEnd", ["A list:", "- one", "- two", "End"]),
        ("他来了。她走了！好？", ["他来了。", "她走了！", "好？"]),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet=st.sampled_from("aB. \n!?-。x1)"), max_size=200))
def test_between_sentences_there_is_only_white_space(text: str) -> None:
    place = 0
    for found in find_sentences(text):
        assert not text[place : found.start].strip()
        assert found.end > found.start >= place
        place = found.end
    assert not text[place:].strip()


@pytest.mark.parametrize("tokens", [100, 400, 3000])
def test_chunks_of_a_real_corpus_fit_and_hold_every_sentence(tokens: int) -> None:
    corpus = read_documents(TOPICS)
    chunks = cut(corpus.documents, tokens)
    assert max(chunk.tokens for chunk in chunks) <= tokens
    for number, document in enumerate(corpus.documents):
        own = [chunk for chunk in chunks if chunk.document == number]
        left = [document.text[one.end : other.start] for one, other in itertools.pairwise(own)]
        assert (own[0].start, own[-1].end, "".join(left).strip()) == (0, len(document.text), "")


def test_overlapping_chunks_repeat_whole_sentences_within_the_bound() -> None:
    corpus = read_documents(TOPICS)
    chunks = cut(corpus.documents, 400, overlap=100)
    pairs = [(one, other) for one, other in itertools.pairwise(chunks) if one.document == other.document]
    repeated = [corpus.documents[one.document].text[other.start : one.end] for one, other in pairs if other.start < one.end]
    assert len(repeated) > len(pairs) / 2
    assert max(estimate_tokens(text) for text in repeated) <= 101
    assert max(chunk.tokens for chunk in chunks) <= 400


@pytest.mark.parametrize("piece", ["x", "a. ", "中", "- x\n", "A.B.C. ", "\n", "[", "."])
def test_a_long_text_without_borders_is_cut_in_time(piece: str) -> None:
    begun = time.process_time()
    corpus = read_documents({"a": "x " + piece * (300_000 // len(piece)), "b": "Another."})
    chunks = cut(corpus.documents, 500)
    assert max(chunk.tokens for chunk in chunks) <= 500
    assert time.process_time() - begun < 20


def test_the_estimate_of_tokens_is_not_below_what_the_embedded_model_counts() -> None:
    from synthnb.models.base import Request

    texts = [
        TOPICS["assert"][:2000],
        "1.234 5,678 9.01 " * 40,
        "Größenänderungen überraschen. " * 30,
        "机器学习很重要。" * 40,
        "Это важно для всех. " * 30,
    ]
    model = open_model("local")
    counted = dict(model.write([Request(prompt=text, max_tokens=1) for text in texts]))
    model.close()
    for place, text in enumerate(texts):
        assert counted[place].tokens_in - 40 <= estimate_tokens(text)


def test_the_room_for_a_text_is_what_prompt_and_reply_leave_of_the_context() -> None:
    assert room_for_text(INFO, prompt=500, reply=1000) == int(4096 * 0.9 - 1500)
    assert room_for_text(INFO, prompt=500, reply=1000, shares=2) == int((4096 * 0.9 - 1500) / 2)
    with pytest.raises(OptionError, match="leave 0"):
        room_for_text(INFO, prompt=500, reply=4000)


@pytest.mark.parametrize(
    ("sentence", "prose"),
    [
        ("The airways narrow during an attack of asthma.", True),
        ("The airways narrow", False),
        ("See also: https://example.org for more of the same thing.", False),
        (":Number of Instances: 150 (50 in each of three classes).", False),
        ("Fisher, R.A. The use of multiple measurements, Annals of Eugenics, pp. 179-188.", False),
        ("Petal width sepal width petal length sepal length iris setosa.", False),
    ],
)
def test_prose_can_stand_as_evidence(sentence: str, prose: bool) -> None:
    assert is_prose(sentence) is prose


def test_stop_words_of_seven_languages_carry_no_meaning() -> None:
    assert content_words("The patients of the clinic, und die Ärzte des Hauses") == ["patients", "clinic", "die", "ärzte", "hauses"]


@given(st.integers(0, 10_000), st.lists(st.floats(0, 1e6), min_size=1, max_size=30).filter(lambda weights: sum(weights) > 1e-3))
def test_parts_add_up_and_lie_within_one_of_their_share(total: int, weights: list[float]) -> None:
    parts = allot(total, weights)
    assert sum(parts) == total
    assert all(abs(part - total * weight / sum(weights)) < 1 + 1e-6 for part, weight in zip(parts, weights, strict=True))


def test_nothing_can_be_divided_over_nothing() -> None:
    assert allot(0, [0, 0]) == [0, 0]
    with pytest.raises(OptionError, match="at least one of them above 0"):
        allot(1, [0, 0])
