"""Direct identifiers in text: found by their spelling, their check digits and the words before them.

======================  =============================================================================
kind                    found by
======================  =============================================================================
e-mail address          its spelling
telephone number        ``+`` and a country code; national groupings; bare digits after a word such as ``tel``
social security number  US: 3-2-4 digits, areas never issued left out
IBAN                    ISO 13616: length by country, ISO 7064 MOD 97-10
payment card            issuer's prefix and length, ISO/IEC 7812-1 (Luhn)
health number           NHS (MOD 11) in groups or after its name; US Medicare (MBI) by its letter classes
national number         Spain's DNI and NIE, France's NIR, Italy's codice fiscale: check characters
                        Netherlands, Brazil, Poland, Canada: check digits, after their name or in their grouping
record number           digits after ``MRN``, ``patient no``, ``passport`` and the like
date of birth           a date after ``born``, ``DOB`` and the like
name                    a capitalised name after a title or after ``name:``
street address          a house number with a street
IP address              versions 4 and 6
access key              vendors' prefixes
postcode, web address   their spelling; not *direct*: they point to many
======================  =============================================================================

A name without a title, a nickname or a rare diagnosis is not found: this is a net for slips, no proof of their absence.
Spans are of the text as it came. A finding never carries the value itself, only its shape.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

__all__ = ["KINDS", "Finding", "find_identifiers", "tell_findings"]

_LONGEST_SHAPE = 24
_OTHERS: dict[str, str] = {chr(0xFF10 + digit): str(digit) for digit in range(10)} | {"＠": "@"}
_PLAIN = str.maketrans(_OTHERS | dict.fromkeys("\u00a0\u2007\u2009\u202f", " ") | dict.fromkeys("\u2010\u2011\u2012\u2013", "-"))
"""Other spellings of digits, spaces, hyphens and ``@``; each one character, so that spans stay."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One identifier in one text, without its value."""

    kind: str
    """What it is; one of `KINDS`."""
    start: int
    """Where it begins in its text, in characters."""
    end: int
    """Where it ends."""
    shape: str
    """Its spelling with every letter and digit as ``•``, cut to 24 characters."""
    direct: bool
    """Whether it alone points to one person or account."""
    text: int = 0
    """Which of several texts it is in, from 0."""


@dataclass(frozen=True)
class _Net:
    """One way of finding one kind."""

    kind: str
    pattern: re.Pattern[str]
    holds: Callable[[str], bool] = bool
    direct: bool = True


def find_identifiers(text: str, *, before: str = "", number: int = 0) -> list[Finding]:
    """Return the identifiers in a text, in order, none inside another.

    Parameters
    ----------
    text : str
        Any text; time grows with its length only.
    before : str
        Words that would stand right before it, such as the name of its column: ``"date of birth"``.
    number : int
        Which of several texts it is, for `Finding.text`.

    Examples
    --------
    >>> [(found.kind, found.shape) for found in find_identifiers("Write to j.doe@example.org.")]
    [('e-mail address', '•.•••@•••••••.•••')]
    """
    lead = f"{before.replace('_', ' ')[-60:]}: " if before else ""
    plain = (lead + text).translate(_PLAIN)
    taken = bytearray(len(plain))
    found: list[Finding] = []
    for net in _NETS:
        for start, end in _caught(net, plain):
            if start < len(lead) or 1 in taken[start:end]:
                continue
            taken[start:end] = b"\x01" * (end - start)
            shape = _shape(plain[start:end])
            found.append(Finding(kind=net.kind, start=start - len(lead), end=end - len(lead), shape=shape, direct=net.direct, text=number))
    return sorted(found, key=lambda one: one.start)


def tell_findings(findings: Iterable[Finding]) -> str:
    """How many of each kind, in words: ``"2 of e-mail address, 1 of IBAN"``."""
    return ", ".join(f"{count:,} of {kind}" for kind, count in Counter(found.kind for found in findings).most_common())


def _caught(net: _Net, plain: str) -> Iterator[tuple[int, int]]:
    for match in net.pattern.finditer(plain):
        span = match.span("value") if "value" in net.pattern.groupindex else match.span()
        if net.holds(plain[span[0] : span[1]]):
            yield span


def _shape(value: str) -> str:
    shape = "".join("•" if sign.isalnum() else sign for sign in value)
    return shape if len(shape) <= _LONGEST_SHAPE else f"{shape[: _LONGEST_SHAPE - 1]}…"


def _digits(value: str) -> list[int]:
    return [int(sign) for sign in value if sign in "0123456789"]


def _luhn(value: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    digits = _digits(value)[::-1]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0 and len(set(digits)) > 1


def _card(value: str) -> bool:
    digits = "".join(map(str, _digits(value)))
    lengths = {"3": {14, 15, 16}, "4": {13, 16, 19}, "5": {16}, "2": {16}, "6": {16, 19}}
    return len(digits) in lengths.get(digits[0], set()) and _luhn(digits)


_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28, "CH": 21, "CR": 22,
    "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22,
    "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30,
    "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31,
    "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24,
    "SI": 19, "SK": 24, "SM": 27, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip


def _iban(value: str) -> bool:
    """ISO 13616: the country's length, and 1 modulo 97 with letters as 10 to 35."""
    code = value.replace(" ", "").upper()
    if len(code) != _IBAN_LENGTHS.get(code[:2]):
        return False
    return int("".join(str(int(sign, 36)) for sign in code[4:] + code[:4])) % 97 == 1


def _nhs(value: str) -> bool:
    """MOD 11 with weights 10 to 2 (NHS Data Dictionary, NHS NUMBER)."""
    digits = _digits(value)
    check = -sum(weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=False)) % 11
    return len(digits) == 10 and check == digits[9] and len(set(digits)) > 1


def _ssn(value: str) -> bool:
    area, group, serial = re.split(r"[- ]", value)
    return area not in {"000", "666"} and area[0] != "9" and group != "00" and serial != "0000"


def _dni(value: str) -> bool:
    """Spain: the letter is the number modulo 23; X, Y and Z at the front are 0, 1 and 2."""
    code = re.sub(r"[- .]", "", value).upper()
    number = {"X": "0", "Y": "1", "Z": "2"}.get(code[0], code[0]) + code[1:-1]
    return code[-1] == "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]


def _nir(value: str) -> bool:
    """France: the key is 97 less the number modulo 97; Corsica's 2A and 2B count as 19 and 18."""
    code = value.replace(" ", "").upper().replace("2A", "19").replace("2B", "18")
    return code.isdigit() and len(code) == 15 and 97 - int(code[:13]) % 97 == int(code[13:])


_ODD_PLACES = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", (
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23
), strict=True))  # fmt: skip


def _fiscal_code(value: str) -> bool:
    """Italy: odd places by the ministry's table, even ones by their rank, modulo 26 (decree of 23 December 1976)."""
    code = value.upper()
    even = sum(int(sign) if sign.isdigit() else ord(sign) - 65 for sign in code[1:15:2])
    return chr(65 + (sum(_ODD_PLACES[sign] for sign in code[0:15:2]) + even) % 26) == code[15]


def _weighted(value: str, weights: Iterable[int], modulus: int) -> bool:
    digits = _digits(value)
    return sum(a * b for a, b in zip(weights, digits, strict=True)) % modulus == 0 and len(set(digits)) > 1


def _bsn(value: str) -> bool:
    """The Netherlands: weights 9 to 2 and -1, modulo 11."""
    return _weighted(value, (9, 8, 7, 6, 5, 4, 3, 2, -1), 11)


def _pesel(value: str) -> bool:
    """Poland: weights 1, 3, 7, 9 in turn and 1 for the check digit, modulo 10."""
    return _weighted(value, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1), 10)


def _cpf(value: str) -> bool:
    """Brazil: two check digits, each ten times the weighted sum of those before it, modulo 11 and 10."""
    digits = _digits(value)
    held = [10 * sum((n + 1 - i) * digit for i, digit in enumerate(digits[:n])) % 11 % 10 == digits[n] for n in (9, 10)]
    return all(held) and len(set(digits)) > 1


def _address(value: str) -> bool:
    try:
        return not ipaddress.ip_address(value).is_unspecified
    except ValueError:
        return False


def _address6(value: str) -> bool:
    """Version 6; a time of day such as ``10:15:30`` has too few parts, and one with ``::`` needs a letter or four parts."""
    return _address(value) and (value.count(":") == 7 or any(sign.isalpha() for sign in value) or value.count(":") > 3)


def _phone(value: str) -> bool:
    return 7 <= len(_digits(value)) <= 15 and len(set(_digits(value))) > 2


_EDGE = r"(?<![\w.])"
_END = r"(?![\w]|[.,]\d)"
_OF = r"(?: ?(?:no|nr|num|number|id|code|#)\b)?\.?"
_IS = r"[ \t]*[:=#)-]{0,3}[ \t]*(?:is |was |es |est )?"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic)[a-zéû]{0,7}\.?"
_DATE = "|".join((
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}",
    r"\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})",
    rf"\d{{1,2}}(?:st|nd|rd|th)?[ -](?:de |of )?{_MONTH},?[ -](?:de |del )?(?:\d{{4}}|\d{{2}})",
    rf"{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}",
    r"(?:19|20)\d{6}",
))  # fmt: skip
_BORN = "|".join((
    r"d\.?o\.?b\.?", r"born(?: on)?", r"(?:date|day) of birth", r"birth[ -]?da(?:te|y)", r"geb(?:oren|\.)?(?: am)?",
    r"geburtsdatum", r"fecha de nacimiento", r"nacid[oa] el", r"née? le", r"date de naissance",
))  # fmt: skip
_RECORD = "|".join((
    r"m\.?r\.?n\b\.?",
    rf"(?:medical|health|hosp(?:ital)?|clinical|patient|pt|subject)[ -]?(?:record|chart|file|registration)?{_OF}",
    rf"(?:chart|case|record|account|member|policy|passport|licen[cs]e){_OF}",
    r"n\.?h\.?c\.?",
    r"historia cl[ií]nica",
))  # fmt: skip
_SPOKEN = r"tel(?:ephone|[eé]fono)?|phone|mobile|cell|fax|m[oó]vil|whatsapp|call(?:ed)?(?: \w{1,12})?(?: (?:on|at))?"
_NAME = r"[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ'’]{1,30}(?:-[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ'’]{1,30})?"
_NAMED = r"(?:(?:patient|full|first|last|sur|family|given)[ -]?)?name(?: is)?|nombre|signed(?: by)?"
_TITLE = r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Rev|Sr|Sra|Srta|Don|Doña|Herr|Frau|Mme|Mlle)"
_RELATIVE = r"(?:[Pp]atient|[Mm]other|[Ff]ather|[Hh]usband|[Ww]ife|[Ss]on|[Dd]aughter)"
_STREET = r"(?:Street|St\b|Road|Rd\b|Avenue|Ave\b|Lane|Ln\b|Drive|Dr\b|Boulevard|Blvd|Close|Court|Crescent|Place|Square|Terrace)"
_STREET_FIRST = r"(?:Calle|C/|Avda\.?|Avenida|Plaza|Paseo|Rue|Via|Carrer) (?:(?:de|del|la|las|los|du|des) ){0,2}"
_KEYS = "|".join((
    r"sk-[A-Za-z0-9_-]{20,200}", r"AKIA[A-Z0-9]{16}", r"gh[pousr]_[A-Za-z0-9]{30,100}", r"AIza[A-Za-z0-9_-]{35}",
    r"hf_[A-Za-z0-9]{30,60}", r"xox[abp]-[A-Za-z0-9-]{20,100}", r"eyJ[A-Za-z0-9_-]{20,2000}\.eyJ[A-Za-z0-9_-]{10,4000}",
))  # fmt: skip
_IBANS = "|".join(rf"(?i:{country})\d\d(?: ?[A-Za-z0-9]){{{length - 4}}}" for country, length in _IBAN_LENGTHS.items())
_CARDS = r"\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,4}(?:\1\d{3})?|\d{4}[ -]?\d{6}[ -]?\d{4,5}"
_DNIS = r"(?:\d{8}|\d\d\.\d{3}\.\d{3}|[XYZxyz][- ]?\d{7})[- ]?[A-HJ-NP-TV-Za-hj-np-tv-z]"
_LETTER, _EITHER = "[AC-HJKMNP-RT-Y]", "[AC-HJKMNP-RT-Y0-9]"
_PHONES = "|".join((
    r"(?!\+\d{1,3}\.\d+(?![ .-]?\d))(?:\+|00)[1-9]\d{0,2}[ .-]?(?:\(0?\d{1,4}\)[ .-]?)?\d(?:[ .-]?\d){5,12}",
    r"\(\d{3}\) ?\d{3}[ .-]\d{4}",
    r"(?:1[ .-])?[2-9]\d\d([.-])[2-9]\d\d\1\d{4}",
    r"[2-9]\d\d [2-9]\d\d[ -]\d{4}",
    r"[6789]\d\d([ .-])(?:\d{3}\2\d{3}|\d\d\2\d\d\2\d\d)",
    r"0\d([ .-])\d\d\3\d\d\3\d\d\3\d\d",
    r"0\d{2,4}[ /-]\d{3,4}[ -]?\d{3,5}",
    r"\(0\d{2,4}\) ?\d{3,4}[ -]?\d{3,5}",
    r"07\d{9}",
))  # fmt: skip


def _after(words: str, value: str) -> re.Pattern[str]:
    """A value right after some words; case doesn't matter."""
    return re.compile(rf"(?<!\w)(?:{words}){_IS}(?P<value>{value})(?!\w)", re.IGNORECASE)


def _alone(value: str) -> re.Pattern[str]:
    """A value that no letter, digit or underscore touches."""
    return re.compile(rf"(?<!\w)(?:{value})(?!\w)")


_NETS: tuple[_Net, ...] = (
    _Net("e-mail address", re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}\b")),
    _Net("access key", _alone(_KEYS)),
    _Net("web address", re.compile(r"(?<!\w)https?://[^\s\"'<>]{4,2000}"), direct=False),
    _Net("IBAN", _alone(_IBANS), _iban),
    _Net("payment card", re.compile(rf"{_EDGE}(?:{_CARDS}){_END}"), _card),
    _Net("national number", _alone(r"[12] ?\d\d ?\d\d ?(?:\d\d|2[ABab]) ?\d{3} ?\d{3} ?\d\d"), _nir),
    _Net("national number", _alone(r"[A-Za-z]{6}\d\d[A-EHLMPRSTa-ehlmprst]\d\d[A-Za-z]\d{3}[A-Za-z]"), _fiscal_code),
    _Net("national number", _alone(_DNIS), _dni),
    _Net("national number", re.compile(rf"{_EDGE}\d{{3}}\.\d{{3}}\.\d{{3}}-\d\d(?!\w)"), _cpf),
    _Net("national number", _after(rf"cpf{_OF}", r"\d{11}"), _cpf),
    _Net("national number", _after(rf"(?:bsn|burgerservicenummer){_OF}", r"\d{9}"), _bsn),
    _Net("national number", _after(rf"pesel{_OF}", r"\d{11}"), _pesel),
    _Net("national number", _after(rf"(?:sin|social insurance){_OF}", r"\d{3}[ -]?\d{3}[ -]?\d{3}"), _luhn),
    _Net("social security number", re.compile(r"(?<![\w.-])\d{3}([- ])\d\d\1\d{4}(?![\w-]|\.\d)"), _ssn),
    _Net("social security number", _after(rf"(?:ssn|social security){_OF}", r"\d{9}")),
    _Net("health number", re.compile(rf"{_EDGE}\d{{3}}([ -])\d{{3}}\1\d{{4}}{_END}"), _nhs),
    _Net("health number", _after(rf"nhs{_OF}", r"\d{3}[ -]?\d{3}[ -]?\d{4}"), _nhs),
    _Net("health number", _alone(rf"[1-9]{_LETTER}{_EITHER}\d[- ]?{_LETTER}{_EITHER}\d[- ]?{_LETTER}{{2}}\d\d")),
    _Net("date of birth", _after(_BORN, _DATE)),
    _Net("IP address", re.compile(r"(?<![\w.:-])(?<![Vv]ersion )(?<![Rr]elease )(?:\d{1,3}\.){3}\d{1,3}(?![:-]?\w|\.\d)"), _address),
    _Net("IP address", re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}(?![\w:])"), _address6),
    _Net("record number", _after(_RECORD, r"(?=[A-Za-z0-9/-]{0,12}\d{4})[A-Za-z]{0,4}[-/]?\d[A-Za-z0-9/-]{3,20}")),
    _Net("telephone number", re.compile(rf"(?<![\w.+-])(?:{_PHONES})(?![\w]|[.-]\d)"), _phone),
    _Net("telephone number", _after(rf"(?:{_SPOKEN}){_OF}", r"\(?\+?\d(?:[ ().-]{0,2}\d){6,14}"), _phone),
    _Net(
        "name", re.compile(rf"(?<!\w){_TITLE}\.? (?P<value>(?:[A-Z]\.? ?){{0,2}}{_NAME}(?: (?:de|van|von|la|del|bin|al|{_NAME})\b){{0,3}})")
    ),
    _Net("name", re.compile(rf"(?<!\w)(?i:{_NAMED})[ :=-]{{1,3}}(?P<value>{_NAME}(?: {_NAME}){{0,3}})")),
    _Net("name", re.compile(rf"(?<!\w){_RELATIVE},? (?P<value>{_NAME} {_NAME})")),
    _Net("street address", re.compile(rf"(?<![\w.])\d{{1,5}}[A-Za-z]?,? (?:{_NAME} ){{1,3}}{_STREET}")),
    _Net("street address", re.compile(rf"(?<!\w){_STREET_FIRST}{_NAME}(?: {_NAME})?,? (?:n[.º°]? ?)?\d{{1,4}}(?!\w)")),
    _Net("postcode", _alone(r"[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}"), direct=False),
    _Net("postcode", re.compile(r"(?<!\w)(?:[A-Z]{2} \d{5}|\d{5}-\d{4})(?![\w-])"), direct=False),
    _Net("postcode", _alone(r"[ABCEGHJ-NPRSTVXY]\d[A-Z] \d[A-Z]\d"), direct=False),
)

KINDS: tuple[str, ...] = tuple(dict.fromkeys(net.kind for net in _NETS))
"""Every kind that is looked for."""
