"""Everything synthnb raises on purpose.

::

    SynthnbError
    ├── OptionError         an argument outside what is allowed
    ├── FrameError          a frame that can't be used as it is
    ├── RecipeError         a recipe that doesn't hold together
    ├── ModelError          a language model that is missing, damaged or failing
    │   ├── ModelMissingError
    │   └── ModelFileError
    ├── NotebookError       a file that isn't the notebook it should be
    ├── RecordError         a disclosure record that doesn't match its schema
    ├── StorageError        a disk that is full, read-only or locked
    ├── MissingExtraError   an optional package that isn't installed
    └── Interrupted         stopped by the user; also a KeyboardInterrupt

    SynthnbWarning          something beside the work went wrong; the work is done

Each message says what was expected, what came, and what to do. In a notebook
cell it is shown as one line, without a trace.
"""

from __future__ import annotations

__all__ = [
    "FrameError",
    "Interrupted",
    "MissingExtraError",
    "ModelError",
    "ModelFileError",
    "ModelMissingError",
    "NotebookError",
    "OptionError",
    "RecipeError",
    "RecordError",
    "StorageError",
    "SynthnbError",
    "SynthnbWarning",
]

_LONGEST_SHOWN = 120


def shown(value: object) -> str:
    """A value as it may stand in a message: its repr, cut, on one line."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}… ({len(text):,} characters)"


def reason(error: BaseException) -> str:
    """What an error says, in words that a sentence can end in: without its fix and its full stop."""
    text = error.message if isinstance(error, SynthnbError) else str(error)
    return text.rstrip(" .")


class SynthnbError(Exception):
    """Base of every error synthnb raises on purpose.

    Parameters
    ----------
    message : str
        What was expected and what came.
    fix : str, keyword-only
        What to do about it, as a sentence.
    """

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        """What was expected and what came."""
        self.fix = fix
        """What to do about it; empty if nothing can be done."""

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()

    def _render_traceback_(self) -> list[str]:
        """Show one line in a notebook cell instead of a trace (IPython's hook)."""
        from synthnb.config import get_config

        if get_config().debug:
            import traceback

            return traceback.format_exception(self)
        return [f"{type(self).__name__}: {self}"]


class OptionError(SynthnbError, ValueError):
    """An argument is outside what is allowed."""

    @classmethod
    def from_choice(cls, name: str, value: object, choices: list[str]) -> OptionError:
        """Name the option, what came, and every value it takes."""
        import difflib

        near = difflib.get_close_matches(str(value), choices, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        return cls(f"{name} must be one of {', '.join(choices)}; got {shown(value)}.", fix=f"{hint}Choose one of these.")

    @classmethod
    def from_existing(cls, path: object) -> OptionError:
        """Name the file that would be lost."""
        return cls(
            f"{shown(str(path))} exists and isn't as synthnb wrote it.", fix="Choose another name, or overwrite it with --overwrite."
        )


class FrameError(SynthnbError, ValueError):
    """A frame can't be used as it is."""


class RecipeError(SynthnbError, ValueError):
    """A recipe doesn't hold together."""


class ModelError(SynthnbError):
    """A language model can't be used or failed."""


class ModelMissingError(ModelError):
    """A language model isn't on this machine."""


class ModelFileError(ModelError):
    """A model's file is truncated, altered or not a model."""


class NotebookError(SynthnbError):
    """A file isn't the notebook it should be, or can't be found."""


class RecordError(SynthnbError):
    """A disclosure record doesn't match its schema."""


class StorageError(SynthnbError, OSError):
    """A disk is full, read-only or locked."""

    def __str__(self) -> str:
        return SynthnbError.__str__(self)


class MissingExtraError(SynthnbError, ImportError):
    """An optional package isn't installed."""

    def __str__(self) -> str:
        return SynthnbError.__str__(self)

    @classmethod
    def from_extra(cls, package: str, extra: str) -> MissingExtraError:
        """Name the package and the extra that brings it."""
        return cls(f"This needs the package {package}, which isn't installed.", fix=f"Run: pip install 'synthnb[{extra}]'")


class Interrupted(SynthnbError, KeyboardInterrupt):
    """The user stopped the work; what was finished is kept."""


class SynthnbWarning(UserWarning):
    """Something beside the work went wrong, such as a ledger that can't be written; the work is done."""
