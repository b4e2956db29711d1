"""Which language a text is in, as far as its script and its commonest words tell.

This tells a reply in the wrong language from one in the right one; it is no
identification of languages. It says nothing where a text is too short or another
language is as likely.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import Any

from synthnb._novelty import words
from synthnb.errors import OptionError, shown

__all__ = ["Language", "read_language"]

_LEAST_WORDS = 6
_LEAST_FOUND = 2
_MARGIN = 1.5

_STOP_WORDS = {
    "en": "the and of to in is was with for on at that this by from are has had not she he her his they their we you it be an after who",
    "de": "der die das und ist nicht ein eine einen mit von zu den dem des im auf für sich sie er es wir ich wurde hat bei nach auch war",
    "fr": "le la les des et est une dans pour pas que qui sur avec il elle du au aux ce cette sont nous vous depuis été plus mais son sa",
    "es": "el los las y es una en que por para con no se del al su sus como más pero está fue ha desde muy sin este esta le lo",
    "it": "il lo gli e è una di che per non con del della dei nel nella sono ha da al alla si come più ma anche stato questo questa",
    "pt": "o os as e é uma em que por para com não se do da dos das no na ao seu sua como mais mas foi está desde muito um",
    "nl": "de het een en van is niet met voor op zijn te dat die er aan door ook heeft wordt naar bij was haar hij zij maar sinds om",
    "sv": "och att det som en är på för med av inte den till har var om ett jag hon han men vid sig efter från hade",
    "da": "og at det som en er på for med af ikke den til har var om et jeg hun han men ved sig efter fra havde blev",
    "no": "og at det som en er på for med av ikke den til har var om et jeg hun han men ved seg etter fra hadde ble",
    "fi": "ja on ei että oli se hän joka mutta myös kun niin ovat ole kanssa jo olen sitten vain potilas hänen sen",
    "pl": "i w na z jest nie się do że to o od po przez dla jak był była ale oraz przy tym jego jej są ma",
    "cs": "a v na je se že to z do s o pro jako byl byla ale od po při jeho její jsou má také které který",
    "ro": "și în de la cu pe nu este un o care a fost pentru din mai sau că se are sunt după prin lui ei",
    "hu": "a az és hogy nem egy is volt van meg de ez vagy már csak még el fel után mint aki ami",
    "tr": "ve bir bu için ile da de çok olarak daha olan gibi sonra kadar ama en hasta değil var yok ne",
    "id": "dan yang di dengan untuk tidak ini itu dari pada ke adalah akan telah oleh juga dalam saya ia sudah",
    "vi": "và của là có không được cho với một các trong người này đã khi tôi ở những từ sau",
}
_NAMES = {
    "en": "english", "de": "german deutsch", "fr": "french français", "es": "spanish español castellano", "it": "italian italiano",
    "pt": "portuguese português", "nl": "dutch nederlands", "sv": "swedish svenska", "da": "danish dansk", "no": "norwegian norsk nb nn",
    "fi": "finnish suomi", "pl": "polish polski", "cs": "czech čeština", "ro": "romanian română", "hu": "hungarian magyar",
    "tr": "turkish türkçe", "id": "indonesian", "vi": "vietnamese", "ru": "russian русский", "uk": "ukrainian українська",
    "bg": "bulgarian български", "el": "greek ελληνικά", "he": "hebrew עברית", "ar": "arabic العربية", "fa": "persian farsi فارسی",
    "hi": "hindi हिन्दी", "bn": "bengali বাংলা", "ta": "tamil தமிழ்", "th": "thai ไทย", "zh": "chinese mandarin 中文", "ja": "japanese 日本語",
    "ko": "korean 한국어",
}  # fmt: skip
_SCRIPTS = {
    "ru": "CYRILLIC", "uk": "CYRILLIC", "bg": "CYRILLIC", "el": "GREEK", "he": "HEBREW", "ar": "ARABIC", "fa": "ARABIC", "hi": "DEVANAGARI",
    "bn": "BENGALI", "ta": "TAMIL", "th": "THAI", "zh": "CJK", "ja": "KANA", "ko": "HANGUL",
}  # fmt: skip
_SETS = {code: frozenset(listed.split()) for code, listed in _STOP_WORDS.items()}
_REGION = re.compile(r"[-_ ][A-Za-z]{2,4}$")


@dataclass(frozen=True)
class Language:
    """A language that texts are asked for in."""

    name: str
    """As the user called it."""
    code: str
    """ISO 639-1; empty where texts in it can't be told from others, and only the prompt asks for it."""

    def holds(self, text: str) -> bool | None:
        """Whether a text is in it; None where that can't be told.

        A text is held to be in another script if most of its letters are; in another language of the Latin script if that
        one's commonest words make up 1.5 times as many of its words, and two at least. Texts of fewer than six words are undecided.
        """
        if not self.code:
            return None
        script = _script(text)
        if script is None:
            return None
        wanted = _SCRIPTS.get(self.code, "LATIN")
        if script != wanted:
            return False
        return True if wanted != "LATIN" else self._by_words(text)

    def _by_words(self, text: str) -> bool | None:
        found = words(text)
        if len(found) < _LEAST_WORDS:
            return None
        tally = {code: sum(word in common for word in found) for code, common in _SETS.items()}
        own = tally.pop(self.code)
        other = max(tally.values())
        if max(own, other) < _LEAST_FOUND or own == other:
            return None
        if other >= _MARGIN * own:
            return False
        return True if own > other else None


def read_language(name: Any) -> Language:
    """A language by its ISO 639-1 code, with or without a region, or by its name in English or in itself.

    Raises
    ------
    OptionError
        It isn't a word.
    """
    if not isinstance(name, str) or not name.strip():
        raise OptionError(f"A language is a name or a code, such as 'German' or 'de'; got {shown(name)}.", fix="Name one.")
    asked = " ".join(name.split())
    wanted = _REGION.sub("", asked).casefold()
    found = next((code for code, names in _NAMES.items() if wanted == code or wanted in names.split()), "")
    return Language(asked, found)


def _script(text: str) -> str | None:
    """The script that most letters are in; None for a text without letters."""
    tally = Counter(_of_letter(sign) for sign in text if sign.isalpha())
    if not tally:
        return None
    if tally["KANA"] and tally["KANA"] + tally["CJK"] > tally.total() / 2:
        return "KANA"
    return tally.most_common(1)[0][0]


def _of_letter(sign: str) -> str:
    name = unicodedata.name(sign, "").split(" ", 1)[0]
    return "KANA" if name in {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"} else name
