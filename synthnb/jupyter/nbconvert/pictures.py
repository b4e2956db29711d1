"""Pictures beside a document, each named by its content, so that none replaces another."""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthnb.jupyter.nbconvert.local import picture_file

__all__ = ["Pictures"]

_BEGINNINGS = {
    "png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "jpg": re.compile(rb"\xff\xd8\xff"),
    "gif": re.compile(rb"GIF8[79]a"),
    "webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "svg": re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg\b", re.DOTALL),
}
_KINDS = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}


class Pictures:
    """The pictures of one document.

    Parameters
    ----------
    kinds : str
        Which of png, jpg, gif, webp and svg the document can show, the best first.
    folder : str or Path, optional
        The notebook's folder, from which pictures in prose are taken.
    beside : str
        What a picture's name begins with in the document, such as ``report_files/``.
    """

    def __init__(self, *kinds: str, folder: str | Path | None = None, beside: str = "") -> None:
        self.files: dict[str, bytes] = {}
        self._kinds = kinds
        self._folder = folder
        self._beside = beside

    def of_output(self, bundle: Mapping[str, Any]) -> str | None:
        """Keep the picture of an output that suits best and return its name, or None if there is none that can be shown."""
        for kind in self._kinds:
            for mime, word in _KINDS.items():
                if word == kind and isinstance(bundle.get(mime), str):
                    name = self._keep(_bytes(bundle[mime], kind))
                    if name is not None:
                        return name
        return None

    def of_address(self, address: str, attachments: Mapping[str, Any] | None = None) -> str | None:
        """Keep the picture that prose names, a file or an attachment, and return its name, or None."""
        if address.startswith("attachment:"):
            held = (attachments or {}).get(address.removeprefix("attachment:"))
            return self.of_output(held) if isinstance(held, Mapping) else None
        if found := re.fullmatch(r"data:(image/[a-z+]+);base64,([A-Za-z0-9+/=\s]+)", address):
            return self.of_output({found[1]: found[2]}) if found[1] != "image/svg+xml" else None
        file = picture_file(address, self._folder)
        try:
            return None if file is None else self._keep(file.read_bytes())
        except OSError:
            return None

    def _keep(self, data: bytes) -> str | None:
        kind = next((kind for kind in self._kinds if _BEGINNINGS[kind].match(data)), None)
        if kind is None:
            return None
        name = f"{self._beside}{hashlib.sha256(data).hexdigest()[:16]}.{kind}"
        self.files[name] = data
        return name


def _bytes(text: str, kind: str) -> bytes:
    if kind == "svg":
        return text.encode("utf-8", "replace")
    try:
        return b64decode(text)
    except (binascii.Error, ValueError):
        return b""
