from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pypdf
import pytest

from synthnb._canonical import digest_bytes
from synthnb.engines.corpus._decoding import normalise
from synthnb.engines.corpus._html import html_text
from synthnb.engines.corpus.documents import Corpus, read_documents
from synthnb.errors import MissingExtraError, OptionError
from tests.engines.corpora import CLINIC


def reasons(corpus: Corpus) -> dict[str, str]:
    return {found.name: found.reason for found in corpus.skipped}


def pdf(*lines: str) -> bytes:
    """A small PDF with a line of text each page."""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(lines)} /Kids [{' '.join(f'{4 + 2 * n} 0 R' for n in range(len(lines)))}] >>",
    ]
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for number, line in enumerate(lines):
        stream = f"BT /F1 12 Tf 72 720 Td ({line}) Tj ET"
        page = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * number} 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects += [page, f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream"]
    body = "%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF"
    return (body + end).encode("latin-1")


def locked(data: bytes) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_folder_is_read_with_the_folders_in_it_in_order() -> None:
    corpus = read_documents(CLINIC)
    assert [found.name for found in corpus.documents] == ["asthma.md", "guides/diary.html", "guides/inhalers.txt", "injected.txt"]
    assert reasons(corpus) == {".drafts/": "it is hidden"}


def test_every_file_that_is_not_read_has_a_reason(tmp_path: Path) -> None:
    files = {
        "good.txt": b"A text.",
        "empty.txt": b" \n",
        "binary.txt": b"abc\x00def",
        "large.txt": b"x" * 1001,
        "table.xlsx": b"PK",
        "README": b"no ending",
        "broken.pdf": b"%PDF-1.4 nothing",
        "locked.pdf": locked(pdf("Nobody may read this.")),
        "pictures.pdf": pdf(""),
        "copy.txt": b"A text.",
        "only.html": b"<html><script>var a = 1</script></html>",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "link.txt").symlink_to(tmp_path / "good.txt")
    found = read_documents(tmp_path, most_bytes=1000, exclude=["nothing"])
    large = {name for name, data in files.items() if len(data) > 1000}
    told = reasons(found)
    assert set(told) == {*files, "link.txt"} - {"copy.txt"}
    assert told["empty.txt"] == "it is empty"
    assert told["binary.txt"] == "it is binary"
    assert told["link.txt"] == "it is a link"
    assert told["good.txt"] == "it has the same text as copy.txt"
    assert all(told[name] == "it has more than 1,000 bytes" for name in large)
    assert told["only.html"] == "it holds no text"


def test_pdf_files_are_read_and_locked_or_damaged_ones_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "good.pdf").write_bytes(pdf("Peak flow is measured daily.", "The second page."))
    (tmp_path / "locked.pdf").write_bytes(locked(pdf("Nobody may read this.")))
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    (tmp_path / "pictures.pdf").write_bytes(pdf(""))
    corpus = read_documents(tmp_path)
    assert corpus.texts == {"good.pdf": "Peak flow is measured daily.\n\nThe second page."}
    assert reasons(corpus)["locked.pdf"] == "it is encrypted"
    assert reasons(corpus)["broken.pdf"].startswith("its PDF is damaged")
    assert reasons(corpus)["pictures.pdf"] == "it holds no text, only pictures perhaps"


def test_a_pdf_without_the_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "good.pdf").write_bytes(pdf("Peak flow is measured daily."))
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'synthnb\[corpus\]'"):
        read_documents(tmp_path)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("Grüße".encode(), "utf-8"),
        (b"\xef\xbb\xbf" + "Grüße".encode(), "utf-8-sig"),
        (b"\xff\xfe" + "Grüße".encode("utf-16-le"), "utf-16"),
        ("Grüße".encode("latin-1"), "latin-1"),
    ],
)
def test_encodings_are_recognised_and_a_guess_is_told(tmp_path: Path, data: bytes, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    document = read_documents(tmp_path).documents[0]
    assert (document.text, document.encoding) == ("Grüße", encoding)
    assert ("a guess" in document.remark) == (encoding == "latin-1")


def test_html_says_its_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes('<meta charset="windows-1252"><p>Grüße – bald'.encode("cp1252"))
    assert read_documents(tmp_path).texts == {"a.html": "Grüße – bald"}


def test_digests_are_those_of_the_files_bytes_and_of_the_text(tmp_path: Path) -> None:
    data = b"one\r\ntwo  \r\n"
    (tmp_path / "a.txt").write_bytes(data)
    document = read_documents(tmp_path).documents[0]
    assert document.digest == digest_bytes(data)
    assert document.text_digest == digest_bytes(b"one\ntwo")


def test_html_gives_what_a_reader_sees() -> None:
    text = read_documents(CLINIC).texts["guides/diary.html"]
    assert text.startswith("The peak flow diary\n\nPatients write down their peak flow twice a day & bring")
    assert "BANANA" not in text
    assert "never part" not in text


@pytest.mark.parametrize(
    "piece", ["<", "<a ", '<a "', "<a \"'", "<!--", "<![", "<div>", "<div hidden>", "<script>", "</title", "&", "<p", "<pre>"]
)
def test_damaged_html_takes_no_time(piece: str) -> None:
    begun = time.process_time()
    html_text(piece * (400_000 // len(piece)))
    assert time.process_time() - begun < 5


def test_what_an_open_hidden_element_would_swallow_is_kept() -> None:
    assert "the rest" in html_text("<div hidden>one<p>the rest of the page")


def test_normal_text_has_no_controls_and_no_lone_surrogates() -> None:
    assert normalise("a\x00b\x1b[c \r\n\n\n\n\ud800d\u200be\ufeff") == "a b [c\n\n?de"


def test_names_that_are_not_text_are_read_all_the_same(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    try:
        Path(os.fsdecode(path)).write_bytes(b"A text.")
    except OSError:
        pytest.skip("this file system takes no such name")
    assert list(read_documents(tmp_path).texts) == ["caf?.txt"]


def test_texts_can_be_given_by_name() -> None:
    assert read_documents({"b": "two", "a": "one", "c": " "}).texts == {"a": "one", "b": "two"}


def test_files_of_the_same_name_keep_their_folder(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text(f"Text {folder}.")
    assert list(read_documents([tmp_path / "one" / "a.txt", tmp_path / "two" / "a.txt"]).texts) == ["one/a.txt", "two/a.txt"]


def test_patterns_choose_files() -> None:
    corpus = read_documents(CLINIC, include=["guides/*"], exclude=["*.html"])
    assert list(corpus.texts) == ["guides/inhalers.txt"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no/such/folder", "A folder or a file was expected at 'no/such/folder'; there is none"),
        ("a\x00b", "there is none"),
        ([], "A folder, files or texts by name were expected"),
        ({}, "holds none"),
        ({"a": 3}, "A text was expected for 'a'; got 3"),
    ],
)
def test_what_is_no_corpus_is_told(source: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        read_documents(source)


def test_a_folder_without_documents_says_why(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"PK")
    with pytest.raises(OptionError, match=r"a\.docx: files ending in \.docx aren't read"):
        read_documents(tmp_path)


@pytest.mark.parametrize(
    "page",
    [
        "<p hidden>NO<p>yes",
        "<div><p hidden>NO</div>yes",
        '<p hidden="until-found">NO</p>yes',
        '<h2 style="display:none">NO</h2>yes',
        '<p style="visibility:hidden">NO</p>yes',
        '<span style="color: red; font-size: 0px !important">NO</span>yes',
        '<p aria-hidden="TRUE">NO</p>yes',
        "<template>NO</template>yes",
        "<dialog>NO</dialog>yes",
        "<details>NO<summary>yes</summary>NO<details><summary>NO</summary>NO</details>NO</details>yes",
        "<ul><li hidden>NO<ul><li>NO</ul>NO<li>yes</ul>",
        "<table><tr hidden><td>NO<tr><td>yes</table>",
        "<x-note hidden>NO</x-note>yes",
    ],
)
def test_what_a_page_itself_hides_is_not_read(page: str) -> None:
    text = html_text(page)
    assert "NO" not in text
    assert "yes" in text


@pytest.mark.parametrize(
    "page",
    [
        "<dialog open>yes</dialog>",
        "<details open><summary>More</summary>yes</details>",
        '<span style="font-size: 0.9em">yes</span>',
        '<p style="display:none; display:block">yes</p>',
        '<p title="display:none" data-hidden class="hidden">yes</p>',
        "<input hidden>yes",
    ],
)
def test_what_a_page_shows_is_read(page: str) -> None:
    assert "yes" in html_text(page)


@pytest.mark.parametrize(
    "piece", ["<p hidden>", "<li hidden><ul>", "<details>", "<details><summary>", "<p style='a:", '<p a="', "<p style='" + "/*" * 50 + "'>"]
)
def test_hidden_parts_that_never_end_take_no_time(piece: str) -> None:
    started = time.monotonic()
    html_text(piece * (400_000 // len(piece)))
    assert time.monotonic() - started < 5


def test_a_damaged_pdf_is_told_in_a_remark_and_not_on_the_error_stream(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"junk\n" + pdf("Peak flow is measured daily."))
    script = f"from synthnb.engines.corpus.documents import read_documents; print(read_documents({str(tmp_path)!r}).documents[0].remark)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("its PDF isn't well-formed; what could be read of it was", "")
