"""What is visible at the top is what `__all__` says, sorted and documented."""

from __future__ import annotations

import inspect

import pytest

import synthnb


def test_all_is_sorted() -> None:
    assert list(synthnb.__all__) == sorted(synthnb.__all__)


def test_dir_shows_exactly_all() -> None:
    assert dir(synthnb) == sorted(synthnb.__all__)


@pytest.mark.parametrize("name", [name for name in synthnb.__all__ if not name.startswith("__")])
def test_each_public_name_is_documented(name: str) -> None:
    doc = inspect.getdoc(getattr(synthnb, name))
    assert doc is not None
    assert len(doc.splitlines()[0]) > 10


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'generat'"):
        _ = synthnb.generat
