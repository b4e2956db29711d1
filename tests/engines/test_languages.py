from __future__ import annotations

from typing import Any

import pytest

from synthnb.engines.llm.languages import read_language
from synthnb.errors import OptionError

SENTENCES = {
    "en": "The patient came to the clinic with a cough, and she was seen by the nurse.",
    "de": "Der Patient ist heute mit einem Husten in die Praxis gekommen und wurde untersucht.",
    "fr": "La patiente est venue à la consultation avec une toux depuis trois jours et elle dort mal.",
    "es": "El paciente fue a la consulta con una tos desde hace tres días y no duerme por la noche.",
    "it": "Il paziente è arrivato in ambulatorio con la tosse da tre giorni e non dorme di notte.",
    "pt": "O doente foi à consulta com tosse há três dias e não dorme bem, mas está sem febre.",
    "nl": "De patiënt is naar de praktijk gekomen met een hoest en het gaat niet goed met haar.",
    "sv": "Patienten har kommit till mottagningen med hosta och det är inte bra för att hon sover dåligt.",
    "fi": "Potilas on tullut vastaanotolle, koska hän on yskinyt jo kolme päivää, mutta kuumetta ei ole.",
    "pl": "Pacjent jest dziś w przychodni z powodu kaszlu i nie śpi w nocy, ale był u niego lekarz.",
    "tr": "Hasta öksürük ile kliniğe geldi ve bu gece çok kötü uyudu ama ateş yok, daha iyi değil.",
    "ru": "Пациент пришёл в клинику с кашлем и плохо спит.",
    "el": "Ο ασθενής ήρθε στο ιατρείο με βήχα.",
    "ja": "患者は咳で来院しました。",
    "zh": "病人因咳嗽来到诊所。",
    "ko": "환자는 기침으로 병원에 왔습니다.",
    "ar": "جاء المريض إلى العيادة بسبب السعال.",
    "hi": "मरीज़ खाँसी के साथ क्लिनिक आया।",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_is_held_by_its_own_language(code: str) -> None:
    assert read_language(code).holds(SENTENCES[code]) is True


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_is_held_by_no_other_language(code: str) -> None:
    assert [other for other in SENTENCES if other != code and read_language(other).holds(SENTENCES[code]) is not False] == []


def test_a_short_text_or_one_without_common_words_is_undecided() -> None:
    english = read_language("en")
    assert english.holds("Cough, mild.") is None
    assert english.holds("Metformin 500 mg bd, ramipril 5 mg od, HbA1c 7.1 %.") is None
    assert english.holds("42 / 17") is None


@pytest.mark.parametrize("name", ["German", "german", "de", "de-AT", "de_CH", "Deutsch"])
def test_a_language_by_any_of_its_names(name: str) -> None:
    assert read_language(name).code == "de"


def test_a_language_that_is_not_known_is_never_checked() -> None:
    found = read_language("Klingon")
    assert (found.name, found.code, found.holds(SENTENCES["en"])) == ("Klingon", "", None)


@pytest.mark.parametrize("name", ["", " ", 3, None])
def test_what_is_no_word_is_refused(name: Any) -> None:
    with pytest.raises(OptionError, match="A language is a name or a code, such as 'German' or 'de'; got"):
        read_language(name)
