"""PDF without LaTeX or network: printed by a browser that is there, or typeset by Typst; the record is attached."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbconvert.exporters import Exporter
from traitlets import Enum

from synthnb._optional import need
from synthnb.disclosure.embedded import ATTACHMENT
from synthnb.disclosure.jsonld import document_source_type
from synthnb.disclosure.reading import mapping
from synthnb.errors import MissingExtraError
from synthnb.jupyter.nbconvert.pages import SynthHTMLExporter, mapped
from synthnb.jupyter.nbconvert.preparing import Carrying, bundles, disclosed, record_of
from synthnb.jupyter.nbconvert.printing import find_browser, print_page
from synthnb.jupyter.nbconvert.typesetting import typeset

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["SynthPDFExporter", "with_record"]

# Metadata aren't compressed: whoever searches a file for a record finds this word.
_NAMESPACE = "urn:synthnb-record:1#"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"


class _PrintedExporter(SynthHTMLExporter):
    """The page for paper: static forms, everything open, no script."""

    printed = True

    def arranged(self, nb: NotebookNode) -> NotebookNode:
        """Return the notebook with our outputs open: on paper nobody can open them."""
        for bundle in bundles(nb):
            html = bundle.get("text/html")
            if isinstance(html, str) and 'class="synthnb-' in html:
                bundle["text/html"] = self.shown(html)
        return nb

    def shown(self, part: str) -> str:
        """Return a part of ours with everything open."""
        return part.replace("<details>", "<details open>")


class SynthPDFExporter(Carrying, Exporter):
    """A PDF file with the disclosure in its text and the record attached."""

    export_from_notebook = "PDF with disclosure (synthnb)"
    output_mimetype = "application/pdf"
    way = Enum(
        ["auto", "browser", "typst"], "auto", help="Print with a browser, or typeset with Typst; auto takes a browser if there is one."
    ).tag(config=True)

    def _file_extension_default(self) -> str:
        return ".pdf"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **more: Any) -> Any:
        """Return the file's bytes and its resources, with ``made_by`` saying which way was taken.

        Raises
        ------
        MissingExtraError
            What writes PDF isn't installed.
        SynthnbError
            The browser or the typesetter failed.
        """
        stock: Any = super()
        ready, resources = stock.from_notebook_node(disclosed(nb), resources, **more)
        title = str(mapped(resources).get("name") or "Notebook")
        browser = find_browser() if self.way != "typst" else None
        _check_installed(browser, self.way)
        if browser is not None:
            exporter: Any = _PrintedExporter
            html, _ = exporter(config=self.config).from_notebook_node(ready, {"metadata": dict(mapped(resources))})
            data, made_by = print_page(html, browser), "a browser"
        else:
            data, made_by = typeset(ready, title=title, folder=mapped(resources).get("path") or None), "Typst"
        resources["made_by"] = made_by
        return with_record(data, record_of(ready), title=title), resources


def _check_installed(browser: str | None, way: str) -> None:
    """Name both ways if neither can be gone, before any work is done."""
    if browser is None and way == "browser":
        raise MissingExtraError(
            "Chromium, Chrome or Edge was expected on this machine; none was found.", fix="Install one, or let Typst set it."
        )
    try:
        need("pikepdf", extra="pdf")
        if browser is None:
            need("typst", extra="pdf")
    except MissingExtraError as error:
        there = "There is a browser to print with, but" if browser else "There is no Chromium, Chrome or Edge to print with, and"
        raise MissingExtraError(
            f"A PDF needs what attaches the record and, without a browser, what sets the text. {there} {error.message}",
            fix="Install the extra: pip install 'synthnb[pdf]'. It typesets without a browser too.",
        ) from error


def with_record(data: bytes, record: Mapping[str, Any], *, title: str) -> bytes:
    """Return a PDF file with a record attached and its digest among the metadata; the same bytes for the same input.

    Parameters
    ----------
    data : bytes
        The PDF file.
    record : mapping
        The record, in the shape of a notebook's ``metadata.synthnb``; an empty one adds only the title.
    title : str
        The document's title.
    """
    pikepdf: Any = need("pikepdf", extra="pdf")
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        moment = _last_moment(record)
        if record:
            content = json.dumps(record, ensure_ascii=True, separators=(",", ":")).encode()
            spec = pikepdf.AttachedFileSpec(
                pdf, content, filename=ATTACHMENT, description="The record of synthnb", mime_type="application/json",
                relationship=pikepdf.Name.Supplement, creation_date=moment, mod_date=moment,
            )  # fmt: skip
            pdf.attachments[ATTACHMENT] = spec
            pdf.Root.AF = pikepdf.Array([spec.obj])
        _describe(pdf, record, title, moment)
        pdf.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def _describe(pdf: Any, record: Mapping[str, Any], title: str, moment: str) -> None:
    """Set title, dates, origin and digest in the file's metadata."""
    for key in ("/CreationDate", "/ModDate"):
        pdf.docinfo[key] = moment
    pdf.docinfo["/Title"], pdf.docinfo["/Creator"] = _plain(title), "synthnb"
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        for prefix, uri in (("synthnb", _NAMESPACE), ("Iptc4xmpExt", _IPTC)):
            metadata.register_xml_namespace(uri, prefix)
        metadata["dc:title"] = _plain(title)
        metadata["xmp:CreatorTool"] = "synthnb"
        day = _iso(moment)
        metadata["xmp:CreateDate"] = metadata["xmp:ModifyDate"] = metadata["xmp:MetadataDate"] = day
        if record:
            metadata[f"{{{_NAMESPACE}}}RecordDigest"] = str(record.get("digest"))
        if term := document_source_type(record):
            metadata[f"{{{_IPTC}}}DigitalSourceType"] = f"{_TERMS}{term}"


def _plain(title: str) -> str:
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in title)[:300]


def _last_moment(record: Mapping[str, Any]) -> str:
    """When the record's last entry was made, as PDF has it; the epoch if there is none."""
    entries = record.get("entries")
    made = [str(mapping(entry).get("created")) for entry in entries] if isinstance(entries, list) else []
    last = max(made, default="1970-01-01T00:00:00Z")
    return f"D:{''.join(sign for sign in last[:19] if sign.isdigit())}Z"


def _iso(moment: str) -> str:
    digits = moment[2:16]
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:14]}Z"
