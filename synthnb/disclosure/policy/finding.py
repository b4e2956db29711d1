"""Which policy holds here: the institution's, the project's, both, one that is named, or none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from synthnb.disclosure.policy.policy import Policy
    from synthnb.disclosure.policy.reading import PolicyFile

__all__ = ["FILE", "InForce", "find_policy"]

FILE = "synthnb.toml"
"""The name of a project's policy, in the project's folder and those above it."""
_MOST_EXTENDED = 8


@dataclass(frozen=True)
class InForce:
    """The policy that holds, laid together from its files."""

    policy: Policy
    """What holds."""
    files: tuple[PolicyFile, ...]
    """From the outermost to the innermost."""

    @property
    def name(self) -> str:
        """What it is called: the project's policy under the institution's."""
        return self.policy.name

    @cached_property
    def digest(self) -> str:
        """Digest of what holds, whoever wrote which part of it."""
        from synthnb._canonical import digest

        return digest(self.policy.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"contact", "extends"}))

    def place(self, rule: str) -> str:
        """Where a rule stands: the innermost file that sets it, and the line."""
        from synthnb.disclosure.policy.reading import place_of

        setting = [file for file in self.files if any(path == rule or path.startswith(f"{rule}.") for path in file.values)]
        return place_of((setting or list(self.files))[-1], rule)

    def locks(self, rule: str) -> bool:
        """Whether a rule can't be gone past."""
        overrides = self.policy.overrides
        return overrides.allowed is False or rule in overrides.locked or (rule.startswith("release.") and "release" in overrides.locked)


def find_policy(named: str = "default", *, folder: Path | None = None, also: Sequence[Path] = ()) -> InForce | None:
    """Return the policy that holds, or None where there is none.

    Parameters
    ----------
    named : str
        ``"default"``: the file that the setting ``policy`` names (the institution's), and every ``synthnb.toml`` from the
        folder upwards (the project's), an inner one laid over an outer one. Else a file's path, which takes the place of
        the project's.
    folder : Path, optional
        Where to look from; the working folder by default.
    also : sequence of Path
        Further folders, of which the same holds: of two rules of projects that lie side by side the stricter holds.

    Raises
    ------
    OptionError
        A file is missing or isn't a policy, or one loosens another.
    StorageError
        A file can't be read.
    """
    from synthnb.config import get_config

    outer = get_config().policy
    inner = [_upwards(one) for one in (folder or Path.cwd(), *also)] if named == "default" else [[_existing(named, "The policy named")]]
    if not outer and not any(inner):
        return None
    from synthnb.disclosure.policy.layering import laid_over

    first = [_existing(outer, "The setting policy (SYNTHNB_POLICY) names a file that")] if outer else []
    read: dict[Path, list[PolicyFile]] = {
        path: _with_extended(path) for path in dict.fromkeys([*first, *(path for one in inner for path in one)])
    }
    held: list[PolicyFile] = []
    for chain in inner:
        files = _once([file for path in [*first, *chain] for file in read[path]])
        if files:
            laid_over(files)  # each is held against what is around it alone
        held = _once([*held, *files])
    return InForce(laid_over(held, beside=any(inner[1:])), tuple(held))


def _once(files: list[PolicyFile]) -> list[PolicyFile]:
    return list({file.path: file for file in files}.values())


def _upwards(folder: Path) -> list[Path]:
    """The policies in a folder and those above it, the outermost first."""
    places = (folder.resolve(), *folder.resolve().parents)
    return [place / FILE for place in reversed(places) if (place / FILE).is_file()]


def _existing(named: str | os.PathLike[str], what: str) -> Path:
    path = Path(named).expanduser()
    if not path.is_file():
        raise OptionError(f"{what} should be a policy's; there is no file {shown(path.name)} there.", fix="Correct the path.")
    return path.resolve()


def _with_extended(path: Path) -> list[PolicyFile]:
    """A policy's file after those that it extends, outermost first."""
    from synthnb.disclosure.policy.reading import read_policy

    files: list[PolicyFile] = []
    while True:
        file = read_policy(path)
        files.insert(0, file)
        if not file.policy.extends:
            return files
        path = _existing(path.parent / Path(file.policy.extends).expanduser(), f"What {file.label} extends")
        if len(files) > _MOST_EXTENDED or any(known.path == path for known in files):
            raise OptionError(
                f"Policies extend one another in a circle, or over more than {_MOST_EXTENDED} files: {file.label}.", fix="Take one out."
            )
