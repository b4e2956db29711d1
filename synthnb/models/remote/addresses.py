"""From a model's name to where it is served, and who is asked for a key there."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, urlsplit

from synthnb.config import get_config
from synthnb.errors import OptionError, shown
from synthnb.models.remote.pacing import Patience

if TYPE_CHECKING:
    from synthnb.models.remote.wire import Dialect

__all__ = ["PORTS", "Address", "default_base", "is_loopback", "patient", "place_of", "read_address", "read_base", "split_options"]

PORTS: dict[str, int] = {"ollama": 11434, "vllm": 8000, "llama-server": 8080, "lmstudio": 1234}
"""By kind of server, the port it listens on unless told otherwise."""
_DIALECTS: dict[str, Dialect] = {
    "ollama": "ollama",
    "vllm": "vllm",
    "llama-server": "llama-server",
    "lmstudio": "lmstudio",
    "server": "openai",
}
_AT = re.compile(r"@(?=https?://)")
_AT_ONCE = 64
_LOCAL_SILENCE, _LOCAL_TOTAL = 1200.0, 3600.0
_OPTIONS = ("at_once", "tries", "timeout")


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a model is served."""

    name: str
    """The name it was opened by, options and all."""
    model: str
    """The id it is served under."""
    base: str
    """The base address, without a slash at its end."""
    dialect: Dialect
    """Whose additions to the protocol the server understands."""
    at_once: int = _AT_ONCE
    """Calls at once, at most."""
    patience: Patience = field(default_factory=Patience)
    """How often a call is tried, and how long is waited."""

    @property
    def local(self) -> bool:
        """The server is on this machine."""
        return is_loopback(self.base)

    @property
    def host(self) -> str:
        """The server's host name."""
        return urlsplit(self.base).hostname or ""

    @property
    def root(self) -> str:
        """The base address without the ``/v1`` at its end."""
        return self.base.removesuffix("/v1")

    @property
    def carries_keys(self) -> bool:
        """A key may be sent there: over https, or without leaving this machine."""
        return self.local or self.base.startswith("https:")


def read_address(name: str) -> Address:
    """Read a model's name.

    Parameters
    ----------
    name : str
        ``ollama/MODEL``, ``vllm/MODEL``, ``llama-server/MODEL``, ``lmstudio/MODEL``, ``server/MODEL`` (at the address of the
        setting ``server``), or ``MODEL@http://host:port/v1``; options may follow, as in ``?at_once=8&timeout=60``.

    Raises
    ------
    OptionError
        The name lacks a model or an address, or an option isn't one.
    """
    plain, options = split_options(name)
    if _AT.search(plain):
        model, base = _AT.split(plain, maxsplit=1)
        dialect: Dialect = "openai"
    else:
        kind, _, model = plain.partition("/")
        dialect, base = _served_by(kind)
    if not model.strip():
        raise OptionError(f"The name of a served model was expected; {shown(plain)} names none.", fix=f"Write {_example(plain)}.")
    base = read_base(base)
    found = Address(name=name, model=model, base=base, dialect=dialect)
    silence, total = (_LOCAL_SILENCE, _LOCAL_TOTAL) if found.local else (Patience.silence, Patience.total)
    at_once, patience = patient(options, Patience(silence=silence, total=total), found.at_once)
    return replace(found, at_once=at_once, patience=patience)


def split_options(name: str) -> tuple[str, dict[str, str]]:
    """A name and the options behind its question mark."""
    plain, mark, rest = name.partition("?")
    options = dict(parse_qsl(rest, keep_blank_values=True))
    if mark and not options:
        raise OptionError(f"Options were expected after the question mark of {shown(name)}.", fix=f"Choose from {', '.join(_OPTIONS)}.")
    return plain, options


def _example(plain: str) -> str:
    at = _AT.split(plain, maxsplit=1)
    return f"MODEL@{at[1]}" if len(at) > 1 else f"{plain.partition('/')[0]}/MODEL"


def _served_by(kind: str) -> tuple[Dialect, str]:
    """The dialect and the base address of a kind of server."""
    if kind not in _DIALECTS:
        raise OptionError.from_choice("A kind of server", kind, list(_DIALECTS))
    base = default_base(kind)
    if not base:
        raise OptionError(
            "The address of the server isn't set.",
            fix="Set SYNTHNB_SERVER to it, such as http://localhost:8000/v1, or name it: MODEL@http://localhost:8000/v1",
        )
    return _DIALECTS[kind], base


def default_base(kind: str) -> str:
    """The base address where a kind of server is looked for; empty if none is set."""
    if kind == "server":
        return get_config().server
    if kind == "ollama" and (host := os.environ.get("OLLAMA_HOST", "").strip()):
        return _ollama_base(host)
    return f"http://127.0.0.1:{PORTS[kind]}/v1"


def _ollama_base(host: str) -> str:
    """The base address in Ollama's own variable, which may lack the scheme, the port or both.

    The same variable tells Ollama where to listen, so that it may hold 0.0.0.0, which means this machine.
    """
    text = host if "://" in host else f"http://{host}"
    parts = urlsplit(text)
    name = "127.0.0.1" if parts.hostname in {None, "0.0.0.0", "::"} else parts.hostname  # noqa: S104  # read, not listened on
    port = parts.port or (443 if parts.scheme == "https" and "://" in host else PORTS["ollama"])
    return f"{parts.scheme}://{f'[{name}]' if ':' in str(name) else name}:{port}/v1"


def read_base(text: str) -> str:
    """A base address, checked.

    Raises
    ------
    OptionError
        It isn't an http address, has no host, or holds a password.
    """
    try:
        parts: SplitResult | None = urlsplit(text.strip())
        port_is_one = parts is not None and (parts.port is None or parts.port > 0)
    except ValueError:
        parts, port_is_one = None, False
    if parts is not None and (parts.username is not None or parts.password is not None):
        raise OptionError(
            f"The address of {parts.hostname} holds a name or a password, which would be kept in records.",
            fix="Leave it out, and set SYNTHNB_API_KEY or use %synth key server.",
        )
    if parts is None or not port_is_one or parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise OptionError(f"The address of a server was expected; got {shown(text)}.", fix="Write one like http://localhost:8000/v1")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def place_of(base: str) -> str:
    """A base address as a record tells it: host, port, and what of its path tells servers apart."""
    parts = urlsplit(base)
    return f"{parts.netloc}{parts.path.removesuffix('/').removesuffix('/v1')}"


def is_loopback(base: str) -> bool:
    """Whether an address stays on this machine."""
    host = (urlsplit(base).hostname or "").rstrip(".")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def patient(options: dict[str, str], patience: Patience, at_once: int) -> tuple[int, Patience]:
    """Calls at once and patience, as the options of a name change them.

    Raises
    ------
    OptionError
        An option doesn't exist, or its value is outside what is allowed.
    """
    for name, text in options.items():
        if name not in _OPTIONS:
            raise OptionError.from_choice("An option of a served model", name, list(_OPTIONS))
        if name == "timeout":
            seconds = _number(name, text, 0.1, 86_400)
            patience = replace(patience, silence=seconds, total=seconds, connect=min(seconds, patience.connect))
        elif name == "tries":
            patience = replace(patience, tries=int(_number(name, text, 1, 100)))
        else:
            at_once = int(_number(name, text, 1, 1024))
    return at_once, patience


def _number(name: str, text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most or (name != "timeout" and not value.is_integer()):
        raise OptionError(f"{name} must be from {least:g} to {most:g}; got {shown(text)}.", fix="Correct the option.")
    return value
