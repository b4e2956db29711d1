"""A crate's page for readers and its README: what it is, and how to check it, without a network."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from synthnb.disclosure.crates.answers import answers
from synthnb.disclosure.crates.parts import MANIFEST, METADATA, PREVIEW, README, Part
from synthnb.disclosure.crates.prov_picture import prov_picture
from synthnb.disclosure.crates.words import clean
from synthnb.disclosure.label import label_part
from synthnb.disclosure.page import page_part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Template

    from synthnb.disclosure.crates.account import Account

__all__ = ["preview", "readme"]


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, PackageLoader

    found = Environment(
        loader=PackageLoader("synthnb", "templates"), autoescape=name.endswith(".html.j2"), trim_blocks=True, lstrip_blocks=True
    )
    return found.get_template(name)


def preview(account: Account, parts: Sequence[Part], *, absent: Sequence[str], withheld: Mapping[str, str]) -> str:
    """Return the page: questions and answers, the picture of the provenance, the files, the whole record; no script, nothing fetched."""
    return _template("crate.html.j2").render(
        title=_title(account),
        answers=answers(account),
        picture=prov_picture(account),
        parts=sorted(parts, key=lambda part: part.place),
        absent=absent,
        withheld=withheld,
        record=label_part(account.record) + page_part(account.record),
        digest=account.digest,
        manifest=MANIFEST,
    )


def readme(account: Account, *, notebook: str, absent: Sequence[str], withheld: Mapping[str, str]) -> str:
    """Return the README: how to verify the crate, with synthnb and without."""
    names = {"metadata": METADATA, "preview": PREVIEW, "manifest": MANIFEST, "readme": README, "notebook": notebook}
    return _template("crate.md.j2").render(
        title=_line(_title(account)),
        digest=account.digest,
        absent=[_line(name) for name in absent],
        withheld=[(_line(name), _line(words)) for name, words in withheld.items()],
        **names,
    )


def _title(account: Account) -> str:
    return clean((account.stated("name") or account.said("name") or ["Synthetic data"])[0])


def _line(text: str) -> str:
    from synthnb.disclosure.render import inline

    return inline(text)
