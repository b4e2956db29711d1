"""Rubrics: what raters are asked, on which scale, with which anchors. Data, with a digest that each rating carries."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from numbers import Real
from pathlib import Path
from typing import Any, Literal

from synthnb._canonical import digest
from synthnb.errors import OptionError, shown

__all__ = ["RUBRICS", "Answer", "Question", "Rubric", "find_rubric", "join_rubrics", "read_rubric"]

Scale = Literal["origin", "ordinal", "nominal"]

REAL, SYNTHETIC = "real", "synthetic"
_SCALES = ("origin", "ordinal", "nominal")
_MOST_ANSWERS = 9
_MOST_QUESTIONS = 12
_LONGEST_TEXT = 2000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,79}")


@dataclass(frozen=True)
class Answer:
    """One answer to a question."""

    value: int | str
    """What a rating file holds: a whole number on an ordinal scale, a word otherwise."""
    label: str
    """What the rater reads: the scale's anchor."""


@dataclass(frozen=True)
class Question:
    """One question about an item."""

    id: str
    """Its id within the rubric."""
    text: str
    """The question as the rater reads it."""
    scale: Scale
    """``ordinal`` (values are ranks), ``nominal``, or ``origin`` (real or synthetic)."""
    answers: tuple[Answer, ...]
    """From 2 to 9; on an ordinal scale with rising values."""

    def __post_init__(self) -> None:
        problems = list(_question_problems(self))
        if problems:
            raise OptionError(f"Question {shown(self.id)}: {'; '.join(problems)}.", fix="Correct the rubric.")

    @property
    def values(self) -> tuple[int | str, ...]:
        """What may be answered, in order."""
        return tuple(answer.value for answer in self.answers)

    def value_of(self, given: object) -> int | str:
        """The rubric's own value that an answer equals, as a rating file holds it: 3 for 3.0 and for a numpy integer.

        Raises
        ------
        OptionError
            It is none of them.
        """
        if isinstance(given, str) or (isinstance(given, Real) and type(given).__name__ not in ("bool", "bool_")):
            for value in self.values:
                if isinstance(value, str) == isinstance(given, str) and value == given:
                    return value
        raise OptionError.from_choice(f"An answer to {self.id}", given, [str(value) for value in self.values])


@dataclass(frozen=True)
class Rubric:
    """Questions asked of every item."""

    id: str
    """Its name, such as ``plausibility``."""
    version: int
    """Rises with any change of wording, scale or order."""
    title: str
    """Its name as people read it."""
    instructions: str
    """What raters are told before they begin."""
    questions: tuple[Question, ...]
    """In the order they are asked."""

    def __post_init__(self) -> None:
        problems = list(_rubric_problems(self))
        if problems:
            raise OptionError(f"Rubric {shown(self.id)}: {'; '.join(problems)}.", fix="Correct the rubric.")

    @property
    def digest(self) -> str:
        """``"sha256:…"`` over every word of it."""
        return digest(self.to_dict())

    def question(self, id: str) -> Question:  # noqa: A002 - the field's own name
        """The question of that id.

        Raises
        ------
        OptionError
            There is none.
        """
        for question in self.questions:
            if question.id == id:
                return question
        raise OptionError.from_choice("A question", id, [question.id for question in self.questions])

    @property
    def asks_origin(self) -> bool:
        """Whether raters are to tell real from synthetic."""
        return any(question.scale == "origin" for question in self.questions)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        shape = asdict(self)
        return shape | {"questions": [one | {"answers": list(one["answers"])} for one in shape["questions"]]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rubric:
        """Read a rubric from plain data.

        Raises
        ------
        OptionError
            A part is missing or of another type; the message names it.
        """
        return cls(
            _part(data, "id", str),
            _part(data, "version", int),
            _part(data, "title", str, data.get("id")),
            _part(data, "instructions", str, ""),
            tuple(_question(one) for one in _part(data, "questions", list)),
        )


def _question(data: Any) -> Question:
    if not isinstance(data, Mapping):
        raise OptionError(f"A question as a table was expected; got {shown(data)}.", fix="Write [[questions]] in the rubric's file.")
    scale = _part(data, "scale", str, "ordinal")
    answers = _ORIGIN if scale == "origin" and "answers" not in data else tuple(_answer(one) for one in _part(data, "answers", list))
    return Question(_part(data, "id", str), _part(data, "text", str), scale, answers)


def _answer(data: Any) -> Answer:
    if not isinstance(data, Mapping) or "value" not in data or not isinstance(data.get("label"), str):
        raise OptionError(f"An answer with value and label was expected; got {shown(data)}.", fix='Write {value = 1, label = "…"}.')
    return Answer(data["value"], data["label"])


def _part(data: Mapping[str, Any], name: str, kind: type, default: Any = None) -> Any:
    value = data.get(name, default)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise OptionError(f"A rubric's {name} of type {kind.__name__} was expected; got {shown(value)}.", fix="Correct the rubric.")
    return value


def _question_problems(question: Question) -> list[str]:
    values, problems = [answer.value for answer in question.answers], []
    if not _ID.fullmatch(question.id):
        problems.append("an id of letters, digits, _ . + - was expected")
    if not question.text.strip() or len(question.text) > _LONGEST_TEXT:
        problems.append(f"a text of 1 to {_LONGEST_TEXT} characters was expected")
    if question.scale not in _SCALES:
        problems.append(f"its scale must be one of {', '.join(_SCALES)}; got {shown(question.scale)}")
    if not 2 <= len(values) <= _MOST_ANSWERS:
        problems.append(f"2 to {_MOST_ANSWERS} answers were expected; got {len(values)}")
    if not all(0 < len(answer.label) <= _LONGEST_TEXT for answer in question.answers):
        problems.append(f"each answer needs a label of 1 to {_LONGEST_TEXT} characters")
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    if question.scale == "ordinal" and not (whole and values == sorted(set(values))):
        problems.append("the values of an ordinal scale must be rising whole numbers")
    if question.scale == "origin" and set(values) != {REAL, SYNTHETIC}:
        problems.append("the answers about the origin must be real and synthetic")
    if question.scale == "nominal" and not (whole or all(isinstance(value, str) for value in values)):
        problems.append("values must be all words or all whole numbers")
    if len(set(map(str, values))) != len(values):
        problems.append("values must differ")
    return problems


def _rubric_problems(rubric: Rubric) -> list[str]:
    problems, ids = [], [question.id for question in rubric.questions]
    if not _ID.fullmatch(rubric.id):
        problems.append("an id of letters, digits, _ . + - was expected")
    if rubric.version < 1:
        problems.append(f"a version of at least 1 was expected; got {rubric.version}")
    if not 1 <= len(ids) <= _MOST_QUESTIONS:
        problems.append(f"1 to {_MOST_QUESTIONS} questions were expected; got {len(ids)}")
    if len(set(ids)) != len(ids):
        problems.append("its questions' ids must differ")
    if sum(question.scale == "origin" for question in rubric.questions) > 1:
        problems.append("only one question may ask for the origin")
    if len(rubric.instructions) > 10 * _LONGEST_TEXT:
        problems.append(f"instructions of at most {10 * _LONGEST_TEXT:,} characters were expected")
    return problems


_ORIGIN = (Answer(REAL, "Real"), Answer(SYNTHETIC, "Synthetic"))


def _five(*anchors: str) -> tuple[Answer, ...]:
    return tuple(Answer(value, label) for value, label in enumerate(anchors, start=1))


def _single(id: str, title: str, instructions: str, text: str, *anchors: str) -> Rubric:  # noqa: A002 - the field's own name
    return Rubric(id, 1, title, instructions, (Question(id, text, "ordinal", _five(*anchors)),))


RUBRICS: dict[str, Rubric] = {
    rubric.id: rubric
    for rubric in (
        Rubric(
            "discrimination",
            1,
            "Real or synthetic",
            "Some of these items come from real data, some were generated. Decide for each where it comes from, "
            "and say how sure you are. Judge the content; form was made alike.",
            (
                Question("origin", "Where does this item come from?", "origin", _ORIGIN),
                Question(
                    "confidence",
                    "How sure are you?",
                    "ordinal",
                    _five("Guessing", "Slightly sure", "Fairly sure", "Very sure", "Certain"),
                ),
            ),
        ),
        _single(
            "plausibility",
            "Plausibility",
            "Judge whether each item could occur in practice, whatever its origin.",
            "How plausible is this item?",
            "Impossible",
            "Implausible",
            "Uncertain",
            "Plausible",
            "Entirely plausible",
        ),
        _single(
            "correctness",
            "Correctness",
            "Judge whether what each item states is right, by what is known in the field.",
            "How correct is what this item states?",
            "Wrong throughout",
            "Mostly wrong",
            "Partly right",
            "Mostly right",
            "Right throughout",
        ),
        _single(
            "completeness",
            "Completeness",
            "Judge whether each item has what someone who works with such items would need.",
            "How complete is this item?",
            "Nothing needed is there",
            "Much is missing",
            "Some is missing",
            "Little is missing",
            "Nothing is missing",
        ),
        _single(
            "harm",
            "Harm",
            "Judge what harm could follow if someone acted on each item.",
            "How much harm could acting on this item do?",
            "None",
            "Slight",
            "Moderate",
            "Serious",
            "Severe",
        ),
    )
}
"""The rubrics that come with the package, by id."""


def find_rubric(rubric: Rubric | str | Path | Sequence[str]) -> Rubric:
    """Return a rubric: itself, one of ours by name (several joined by commas), or one read from a ``.toml`` file.

    Raises
    ------
    OptionError
        There is none of that name, or the file can't be read as a rubric.
    """
    if isinstance(rubric, Rubric):
        return rubric
    if isinstance(rubric, Path) or (isinstance(rubric, str) and rubric.endswith(".toml")):
        return read_rubric(rubric)
    listed: Any = rubric.split(",") if isinstance(rubric, str) else rubric
    if not isinstance(listed, (list, tuple)) or not listed or not all(isinstance(name, str) for name in listed):
        raise OptionError.from_choice("rubric", rubric, [*RUBRICS, "a .toml file"])
    names = [name.strip() for name in listed]
    for name in names:
        if name not in RUBRICS:
            raise OptionError.from_choice("rubric", name, [*RUBRICS, "a .toml file"])
    return join_rubrics([RUBRICS[name] for name in dict.fromkeys(names)])


def join_rubrics(rubrics: Sequence[Rubric]) -> Rubric:
    """One rubric that asks the questions of several, in their order."""
    if len(rubrics) == 1:
        return rubrics[0]
    return Rubric(
        "+".join(rubric.id for rubric in rubrics),
        max(rubric.version for rubric in rubrics),
        ", ".join(rubric.title for rubric in rubrics),
        "\n".join(rubric.instructions for rubric in rubrics),
        tuple(question for rubric in rubrics for question in rubric.questions),
    )


def read_rubric(path: str | Path) -> Rubric:
    """Read a rubric from a TOML file: ``id``, ``version``, ``title``, ``instructions`` and ``[[questions]]``.

    Raises
    ------
    OptionError
        There is no such file, it isn't TOML, or it isn't a rubric.
    """
    file = Path(path).expanduser()
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(f"There is no rubric at {shown(str(path))}: {error.strerror or error}.", fix="Correct the path.") from error
    except (ValueError, RecursionError) as error:
        raise OptionError(f"{file.name} isn't a rubric in TOML: {shown(str(error))}.", fix="Correct the file.") from error
    return Rubric.from_dict(data)
