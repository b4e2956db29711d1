"""Who says what only a person can."""

from __future__ import annotations

__all__ = ["person"]

_LONGEST = 200


def person(by: str | None = None) -> dict[str, str]:
    """Return who makes a statement as an entry's ``detail`` has it: ``{"by": NAME}``, or nothing where nobody is named.

    Parameters
    ----------
    by : str, optional
        A name, with a role if one likes; the setting ``person`` (``SYNTHNB_PERSON``) by default. A model or a program states nothing.

    Raises
    ------
    OptionError
        It isn't a text, or is longer than 200 characters.
    """
    from synthnb.config import get_config
    from synthnb.errors import OptionError, shown

    given: object = get_config().person if by is None else by
    if not isinstance(given, str) or len(given) > _LONGEST:
        raise OptionError(f"The name of a person, of at most {_LONGEST} characters, was expected; got {shown(given)}.", fix="Shorten it.")
    name = " ".join(given.split())
    return {"by": name} if name else {}
