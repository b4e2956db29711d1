"""One file over HTTP, continued where it stopped, with what came checked as it comes."""

from __future__ import annotations

import http.client
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synthnb.errors import SynthnbError

__all__ = ["PAUSES", "NotAllowed", "download"]

Progress = Callable[[int, int, str], None]

PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds to wait after each failure in a row; one more failure ends the download."""

_PIECE = 1 << 18
_TIMEOUT = 30
_LONGEST_PAUSE = 30.0
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_NETWORK = (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError, ssl.SSLError)
_CERTIFICATES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class _Dropped(Exception):
    """The connection failed in a way that a further attempt may mend."""

    def __init__(self, reason: object, pause: float = 0.0) -> None:
        super().__init__(str(reason))
        self.pause = pause


class NotAllowed(SynthnbError):
    """The server wants credentials that aren't ours to give."""


def download(url: str, part: Path, *, size: int, title: str, progress: Progress, pauses: Iterable[float] = PAUSES) -> None:
    """Bring a file of known size into ``part``, going on from what is there already.

    Parameters
    ----------
    url : str
        An ``http`` or ``https`` address; proxies are taken from the environment,
        certificates from ``SSL_CERT_FILE``, ``PIP_CERT`` or ``REQUESTS_CA_BUNDLE``.
    part : Path
        Where it goes. Kept when the download fails, so that the next goes on from there.
    size : int
        Bytes expected.
    title : str
        What to call it in messages.
    progress : callable
        Called as ``progress(done, total, what)``.
    pauses : iterable of float
        Seconds to wait after each failure in a row.

    Raises
    ------
    SynthnbError
        The server can't be reached, refuses, or sends something else.
    NotAllowed
        The server answered 401 or 403.
    OSError
        ``part`` can't be written.
    """
    if not url.startswith(("http://", "https://")):
        raise SynthnbError(
            f"An http or https address was expected for {title}; got {url}.", fix="Check the package index that pip is set to."
        )
    waits = iter(pauses)
    while (before := _length(part)) != size:
        try:
            _go_on(url, part, size, title, progress)
        except _Dropped as dropped:
            if _length(part) > before:
                waits = iter(pauses)
            wait = next(waits, None)
            if wait is None:
                raise SynthnbError(
                    f"The download of {title} stopped at {_length(part) / 1e6:.1f} of {size / 1e6:.1f} MB: {dropped}.",
                    fix="Check the connection and run it again; it goes on from there.",
                ) from dropped
            time.sleep(max(wait, dropped.pause))


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _go_on(url: str, part: Path, size: int, title: str, progress: Progress) -> None:
    """Read until the file is whole or the connection ends."""
    have = _length(part)
    if have > size:
        part.unlink()
        have = 0
    with _opened(url, have, part, title) as response:
        resumed = response.status == http.client.PARTIAL_CONTENT
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            part.unlink()
            raise _Dropped("the server sent another part than the one asked for")
        with part.open("ab" if resumed else "wb") as file:
            done = have if resumed else 0
            progress(done, size, title)
            while piece := _piece(response):
                done += len(piece)
                if done > size:
                    break
                file.write(piece)
                progress(done, size, title)
    if done > size:
        part.unlink()
        raise SynthnbError(f"{title} should be {size:,} bytes; the server sent more.", fix="Check the package index that pip is set to.")
    if done < size:
        raise _Dropped("the connection ended early")


def _piece(response: Any) -> bytes:
    try:
        return bytes(response.read(_PIECE))
    except (OSError, http.client.HTTPException) as error:
        raise _Dropped(str(error) or type(error).__name__) from error


@contextmanager
def _opened(url: str, have: int, part: Path, title: str) -> Iterator[Any]:
    headers = {"User-Agent": "synthnb", "Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  # `download` has checked the scheme
    try:
        response = urllib.request.urlopen(request, timeout=_TIMEOUT, context=_certificates())  # noqa: S310  # as above
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(error, part, title) from error
    except _NETWORK as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise SynthnbError(
                f"The certificate of the server that has {title} isn't trusted: {reason.verify_message}.",
                fix="Point SSL_CERT_FILE or PIP_CERT to your organisation's certificates.",
            ) from error
        raise _Dropped(reason) from error
    with response:
        yield response


def _refused(error: urllib.error.HTTPError, part: Path, title: str) -> Exception:
    """What an HTTP error means: try again, start over, or give up."""
    if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.unlink(missing_ok=True)
        return _Dropped("the server couldn't go on from the part that was kept")
    if error.code in _TRANSIENT:
        after = error.headers.get("Retry-After", "")
        return _Dropped(f"the server answered {error.code} {error.reason}", min(float(after), _LONGEST_PAUSE) if after.isdigit() else 0.0)
    kind = NotAllowed if error.code in {401, 403} else SynthnbError
    return kind(f"The server refused {title}: {error.code} {error.reason}.", fix="Check the package index that pip is set to.")


def _certificates() -> ssl.SSLContext:
    context = ssl.create_default_context()
    for name in _CERTIFICATES:
        if path := os.environ.get(name):
            try:
                context.load_verify_locations(**{"capath" if Path(path).is_dir() else "cafile": path})
            except (OSError, ssl.SSLError) as error:
                raise SynthnbError(
                    f"The certificates that {name} points to can't be read: {error}.", fix="Correct or unset the variable."
                ) from error
    return context
