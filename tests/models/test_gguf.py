from __future__ import annotations

import struct
from pathlib import Path

import pytest

from synthnb.errors import ModelFileError
from synthnb.models.gguf import quantisation, read_header


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


ENTRIES = [
    text("general.name") + struct.pack("<I", 8) + text("Tiny"),
    text("general.file_type") + struct.pack("<II", 4, 3),
    text("tokenizer.words") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("bc"),
    text("tokenizer.scores") + struct.pack("<IIQ", 9, 6, 3) + bytes(12),
    text("last") + struct.pack("<IB", 7, 1),
]
HEADER = b"GGUF" + struct.pack("<IQQ", 3, 0, len(ENTRIES)) + b"".join(ENTRIES)


def test_a_header_is_read_past_its_lists(tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes(HEADER)
    found = read_header(tmp_path / "tiny.gguf")
    assert found == {"general.name": "Tiny", "general.file_type": 3, "last": True}
    assert quantisation(found) == "Q4_1"


def test_another_file_is_refused_by_its_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "page.gguf").write_bytes(b"<!doctype html>")
    with pytest.raises(ModelFileError, match=r"'page.gguf' isn't a GGUF model: it begins with b'<!do'"):
        read_header(tmp_path / "page.gguf")


@pytest.mark.parametrize("length", [4, 20, 30, len(HEADER) - 1])
def test_a_header_cut_off_anywhere_is_said_so(tmp_path: Path, length: int) -> None:
    (tmp_path / "cut.gguf").write_bytes(HEADER[:length])
    with pytest.raises(ModelFileError, match=r"header of 'cut.gguf' is damaged or cut off"):
        read_header(tmp_path / "cut.gguf")


def test_a_header_that_claims_terabytes_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "big.gguf").write_bytes(b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1 << 60))
    with pytest.raises(ModelFileError, match="damaged"):
        read_header(tmp_path / "big.gguf")
