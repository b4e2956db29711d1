"""From a description to everything that rules read from it."""

from __future__ import annotations

from synthnb.errors import OptionError, shown
from synthnb.recipes.statements.amounts import read_ages, read_limits, read_moments, read_quartiles
from synthnb.recipes.statements.doubts import leave_doubtful, leave_said_in_words
from synthnb.recipes.statements.families import read_families
from synthnb.recipes.statements.hedges import hedged
from synthnb.recipes.statements.page import Page
from synthnb.recipes.statements.relations import (
    read_correlations,
    read_dates,
    read_missing,
    read_orders,
    read_rows,
    read_texts,
    read_unique,
)
from synthnb.recipes.statements.shares import read_arms, read_levels, read_shares
from synthnb.recipes.statements.statement import Reading

__all__ = ["LONGEST", "read_statements"]

LONGEST = 10_000
"""Most characters of a description."""

# What is more particular comes first: what one reader accounts for, the next doesn't see.
_READERS = (
    leave_doubtful,
    read_rows,
    read_arms,
    read_dates,
    read_quartiles,
    read_moments,
    read_ages,
    read_unique,
    read_missing,
    read_shares,
    read_limits,
    read_correlations,
    read_orders,
    read_texts,
    read_levels,
    read_families,
    leave_said_in_words,
)


def read_statements(description: str) -> Reading:
    """Return what a description says outright, read by rules alone.

    The rules are for English. They read what is said in figures or in plain words: limits, shares,
    means, medians, levels, arms, dates, missing cells, correlations, codes, orders, free text and distributions by name. What they
    don't understand they leave: every number among it is listed, and so are exclusions, comparisons and
    statements in words that no statement accounts for.

    Parameters
    ----------
    description : str
        At most `LONGEST` characters.

    Raises
    ------
    OptionError
        It is empty, too long, or no text.

    Examples
    --------
    >>> found = read_statements("200 adults aged 40 to 85, 60 % female.")
    >>> [item.meaning for item in found.statements]
    ['the table has 200 rows', 'age is from 40 to 85 years', "0.6 of sex is 'female'"]
    """
    words: object = description
    if not isinstance(words, str) or not words.strip():
        raise OptionError(f"A description is text that isn't empty; got {shown(description)}.", fix="Say what the table holds.")
    if len(description) > LONGEST:
        raise OptionError(f"A description may have {LONGEST:,} characters; got {len(description):,}.", fix="Shorten it.")
    page = Page(description)
    for read in _READERS:
        read(page)
    found = sorted((hedged(item, page) for item in page.found), key=lambda item: (item.start, item.end, item.column))
    return Reading(description, tuple(found), tuple(page.unread()))
