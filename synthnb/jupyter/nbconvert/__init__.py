r"""Exports that carry the disclosure: exporters of our own, and a preprocessor for everybody else's.

::

    notebook ──► disclosed() ──► page ─────────────► .html  .slides.html
                     │            └► printed page ──► browser ─┐
                     │                                         ├► .pdf (record attached)
                     ├► document() ──► TypstWriter ──► Typst ──┘
                     │       └───────► LatexWriter ──► .tex
                     └► .md  .py  .ipynb

With a stock exporter the preprocessor is named in a configuration, which the package
brings along for ``jupyter nbconvert`` and for Jupyter's server::

    jupyter nbconvert --to html NB.ipynb \
        --HTMLExporter.preprocessors=synthnb.jupyter.nbconvert.DisclosurePreprocessor
"""

from __future__ import annotations

from synthnb.jupyter.nbconvert.latex import SynthLatexExporter
from synthnb.jupyter.nbconvert.markdown import SynthMarkdownExporter, SynthNotebookExporter
from synthnb.jupyter.nbconvert.pages import SynthHTMLExporter
from synthnb.jupyter.nbconvert.pdf import SynthPDFExporter
from synthnb.jupyter.nbconvert.preparing import DisclosurePreprocessor, disclosed
from synthnb.jupyter.nbconvert.scripts import SynthScriptExporter
from synthnb.jupyter.nbconvert.slides import SynthSlidesExporter
from synthnb.jupyter.nbconvert.writing import ENDINGS, ending_of, export_notebook

__all__ = [
    "ENDINGS",
    "DisclosurePreprocessor",
    "SynthHTMLExporter",
    "SynthLatexExporter",
    "SynthMarkdownExporter",
    "SynthNotebookExporter",
    "SynthPDFExporter",
    "SynthScriptExporter",
    "SynthSlidesExporter",
    "disclosed",
    "ending_of",
    "export_notebook",
]
