"""Which policy holds here: the institution's, the project's, both, one that is named, or none."""

from __future__ import annotations

import os
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
"""The name of a project's policy, in the project's folder or one above it."""
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


def find_policy(named: str = "default", *, folder: Path | None = None) -> InForce | None:
    """Return the policy that holds, or None where there is none.

    Parameters
    ----------
    named : str
        ``"default"``: the file that the setting ``policy`` names (the institution's), and the nearest ``synthnb.toml`` from the
        folder upwards (the project's). Else a file's path, which takes the place of the project's.
    folder : Path, optional
        Where to look from; the working folder by default.

    Raises
    ------
    OptionError
        A file is missing or isn't a policy, or one loosens another.
    StorageError
        A file can't be read.
    """
    from synthnb.config import get_config

    outer = get_config().policy
    inner = _nearest(folder or Path.cwd()) if named == "default" else _existing(named, "The policy named")
    if not outer and inner is None:
        return None
    from synthnb.disclosure.policy.layering import laid_over

    files: list[PolicyFile] = []
    for path in (_existing(outer, "The setting policy (SYNTHNB_POLICY) names a file that") if outer else None, inner):
        files += [file for file in _with_extended(path) if all(file.path != known.path for known in files)] if path is not None else []
    return InForce(laid_over(files), tuple(files))


def _nearest(folder: Path) -> Path | None:
    for place in (folder.resolve(), *folder.resolve().parents):
        if (place / FILE).is_file():
            return place / FILE
    return None


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
