"""English words of the association tests: groups of people, and what they may be associated with.

From Caliskan, Bryson and Narayanan (2017), doi 10.1126/science.aal4230, supplement: tests 6 to 8 for gender (with
plurals), career, family, science and arts; tests 4 and 5 for names, as used by Bertrand and Mullainathan (2004), doi
10.1257/0002828042002561, and for pleasant and unpleasant words (test 5). Single words only; a group's
first words have their counterparts at the same places of the other group.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ASSOCIATIONS", "GROUPS", "Association", "Groups"]


class Groups(NamedTuple):
    """Two groups of people, by the words that name them; those at the same place are swapped."""

    name: str
    """What tells them apart."""
    first: tuple[str, ...]
    """Words of one."""
    second: tuple[str, ...]
    """Words of the other."""


class Association(NamedTuple):
    """Two groups and two sorts of words."""

    groups: Groups
    """Of whom."""
    words: tuple[frozenset[str], frozenset[str]]
    """With what: the first sort is the one whose share is compared."""
    reads: str
    """How the sorts are called."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GENDER = Groups(
    "women against men",
    _words("she her hers woman girl sister daughter mother aunt grandmother female women girls sisters daughters mothers"),
    _words("he his him man boy brother son father uncle grandfather male men boys brothers sons fathers"),
)
NAMES = Groups(
    "African American against European American names",
    _words(
        "darnell hakim jermaine kareem jamal leroy rasheed tremayne tyrone aisha ebony keisha kenya latonya lakisha latoya tamika tanisha"
    ),
    _words("brad brendan geoffrey greg brett jay matthew neil todd allison anne carrie emily jill laurie kristen meredith sarah"),
)
GROUPS = {"gender": GENDER, "names": NAMES}
ASSOCIATIONS = {
    "gender_family": Association(
        GENDER,
        (
            frozenset(_words("home parents children family cousins marriage wedding relatives")),
            frozenset(_words("executive management professional corporation salary office business career")),
        ),
        "family against career",
    ),
    "gender_arts": Association(
        GENDER,
        (
            frozenset(_words("poetry art shakespeare dance literature novel symphony drama")),
            frozenset(_words("science technology physics chemistry einstein nasa experiment astronomy")),
        ),
        "arts against science",
    ),
    "names_unpleasant": Association(
        NAMES,
        (
            frozenset(_words("agony terrible horrible nasty evil war awful failure")),
            frozenset(_words("joy love peace wonderful pleasure friend laughter happy")),
        ),
        "unpleasant against pleasant",
    ),
}
