"""Keys of providers: found in this process, the environment or the keyring, and shown to nobody."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass
from typing import NoReturn

from synthnb.errors import OptionError

__all__ = ["VARIABLES", "Key", "Lookup", "find_key", "forget_key", "set_key", "variable_of"]

VARIABLES = {
    "openai": ("OPENAI_API_KEY",),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "google": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "server": ("SYNTHNB_API_KEY",),
}
"""By provider, the environment variables its key is read from; ``server`` is any OpenAI-compatible server."""

_SERVICE = "synthnb"
_PATIENCE = 2.0
_BLOT = "[key]"
_SHORTEST_ANYWHERE = 6
_given: dict[str, Key] = {}
_locked: dict[str, str] = {}


class Key:
    """A provider's key. Its text, its repr and its pickle don't hold it; only `reveal` gives it.

    Parameters
    ----------
    secret : str
        The key.
    source : str
        Where it was found, as it may be shown.
    """

    __slots__ = ("_secret", "source")

    def __init__(self, secret: str, source: str) -> None:
        self._secret = secret
        self.source = source

    def reveal(self) -> str:
        """The key itself, for the header of a request and nothing else."""
        return self._secret

    def scrub(self, text: str) -> str:
        """A model's text with the key blotted out; a key under six characters may be one of its words and stays."""
        return text if len(self._secret) < _SHORTEST_ANYWHERE else text.replace(self._secret, _BLOT)

    def scrub_said(self, text: str) -> str:
        """A provider's own words with the key blotted out.

        A key under six characters is blotted out where it stands as a word of its own; of a longer one also its start
        at the text's end, where the text may have been cut.
        """
        if len(self._secret) < _SHORTEST_ANYWHERE:
            return re.sub(rf"(?<![\w-]){re.escape(self._secret)}(?![\w-])", _BLOT, text)
        text = self.scrub(text)
        for length in range(min(len(text), len(self._secret) - 1), _SHORTEST_ANYWHERE - 1, -1):
            if text.endswith(self._secret[:length]):
                return f"{text[:-length]}{_BLOT}"
        return text

    def __repr__(self) -> str:
        return f"<Key from {self.source}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A key can't be pickled.")


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """What came of looking for a key."""

    key: Key | None
    """The key, if there is one."""
    skipped: str = ""
    """Why the keyring wasn't asked or gave nothing, if it failed."""


def variable_of(provider: str) -> str:
    """The environment variable that a provider's key is read from first."""
    return _variables(provider)[0]


def set_key(provider: str, value: str) -> None:
    """Use a key in this process; it is kept in memory only, and goes before any other.

    Raises
    ------
    OptionError
        There is no such provider, or the value can't be a key.
    """
    _variables(provider)
    _given[provider] = Key(_checked(value, f"The key of {provider}"), "this session")


def forget_key(provider: str) -> None:
    """Forget a key that `set_key` was given."""
    _given.pop(provider, None)


def find_key(provider: str, *, patience: float = _PATIENCE) -> Lookup:
    """The key of a provider: one set in this process, else from the environment, else from the keyring.

    Parameters
    ----------
    provider : str
        ``openai``, ``anthropic``, ``google`` or ``server``.
    patience : float
        Seconds to wait for the keyring, which may hang behind a locked desktop; after that it isn't asked again.

    Raises
    ------
    OptionError
        There is no such provider, or a variable holds what can't be a key.
    """
    variables = _variables(provider)
    if provider in _given:
        return Lookup(key=_given[provider])
    for name in variables:
        if value := os.environ.get(name, "").strip():
            return Lookup(key=Key(_checked(value, name), name))
    return _from_keyring(provider, patience)


def _variables(provider: str) -> tuple[str, ...]:
    if provider not in VARIABLES:
        raise OptionError.from_choice("A provider with a key", provider, list(VARIABLES))
    return VARIABLES[provider]


def _checked(value: object, what: str) -> str:
    """The value, if a header can carry it; the message never shows it."""
    value = value.strip() if isinstance(value, str) else ""
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise OptionError(f"{what} must be printable ASCII without spaces; what came isn't.", fix="Copy the key again.")
    return value


def _from_keyring(provider: str, patience: float) -> Lookup:
    """Ask the keyring on a thread of its own; one that hung once is left alone."""
    if provider in _locked or "" in _locked:
        return Lookup(key=None, skipped=_locked.get(provider) or _locked[""])
    found: list[Lookup] = []
    thread = threading.Thread(target=lambda: found.append(_ask_keyring(provider)), daemon=True)
    thread.start()
    thread.join(patience)
    if found:
        return found[0]
    _locked[""] = f"the keyring didn't answer in {patience:g} s"
    return Lookup(key=None, skipped=_locked[""])


def _ask_keyring(provider: str) -> Lookup:
    try:
        import keyring
    except ImportError:
        return Lookup(key=None)
    try:
        value = keyring.get_password(_SERVICE, provider)
    except Exception as error:  # noqa: BLE001  # a backend of somebody else's; whatever it throws, the key is looked for no further
        return Lookup(key=None, skipped=f"the keyring failed ({type(error).__name__})")
    try:
        return Lookup(key=Key(_checked(value, "The keyring's entry"), "the keyring") if value else None)
    except OptionError:
        return Lookup(key=None, skipped="the keyring's entry isn't printable ASCII without spaces")
