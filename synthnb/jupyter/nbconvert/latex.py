r"""LaTeX that carries the record in comment lines, without pandoc.

No value is a command: text is escaped sign by sign, code is set as text, and a
formula is kept only if it holds nothing but commands of formulas.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbconvert.exporters import Exporter
from typing_extensions import override

from synthnb.disclosure.embedded import comment_lines, escape_tex, unlike_record
from synthnb.disclosure.render import shown_digest
from synthnb.jupyter.nbconvert.markup import Writer, document
from synthnb.jupyter.nbconvert.pages import mapped
from synthnb.jupyter.nbconvert.pictures import Pictures
from synthnb.jupyter.nbconvert.preparing import Carrying, disclosed, record_of

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["LatexWriter", "SynthLatexExporter"]

_OPENING = r"""\documentclass[11pt]{article}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
  \usepackage{textcomp}
  \makeatletter
  \def\UTFviii@undefined@err#1{?}
  \makeatother
\else
  \usepackage{fontspec}
\fi
\usepackage[margin=25mm]{geometry}
\usepackage{amsmath,amssymb,array,graphicx,longtable}
\IfFileExists{ulem.sty}{\usepackage[normalem]{ulem}}{\let\sout\relax}
\usepackage[hidelinks]{hyperref}
\providecommand{\textquotedbl}{\char34\relax}
\newenvironment{codelines}{\par\medskip\begingroup\ttfamily\small\raggedright
  \setlength{\parindent}{0pt}\setlength{\parskip}{0pt}}{\par\endgroup\medskip}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt plus 2pt}
\sloppy
"""
_LEVELS = ["section", "subsection", "subsubsection", "paragraph", "subparagraph", "subparagraph"]
_FORMULA_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho varrho
    sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega frac
    dfrac tfrac sqrt sum prod int iint oint lim limsup liminf sup inf max min arg det exp log ln sin cos tan cot sec csc
    arcsin arccos arctan sinh cosh tanh Pr gcd deg dim ker hom partial nabla infty forall exists neg lnot land lor wedge
    vee cap cup in notin ni subset subseteq supset supseteq setminus emptyset varnothing le leq ge geq ne neq equiv sim
    simeq approx cong propto ll gg pm mp times div cdot cdots ldots dots vdots ddots circ bullet star ast oplus otimes
    to gets mapsto rightarrow leftarrow Rightarrow Leftarrow leftrightarrow Leftrightarrow iff implies longrightarrow
    uparrow downarrow perp parallel mid nmid angle triangle hat bar vec tilde dot ddot widehat widetilde overline
    underline overbrace underbrace overset underset stackrel binom choose left right big Big bigg Bigg bigl bigr Bigl
    Bigr langle rangle lfloor rfloor lceil rceil lvert rvert lVert rVert vert Vert mathbb mathbf mathcal mathfrak mathit
    mathrm mathsf mathtt boldsymbol operatorname text textrm textbf textit quad qquad prime ell hbar Re Im aleph limits
    nolimits begin end displaystyle textstyle tag notag nonumber top bot colon
        """,
    )
)
_ENVIRONMENTS = {"matrix", "pmatrix", "bmatrix", "vmatrix", "cases", "aligned", "gathered", "split"}
_COMMAND = re.compile(r"\\(?:([a-zA-Z]+)|(.))", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\(?:begin|end)(?:\{([^{}]*)\})?")


class LatexWriter(Writer):
    """Writes a document's parts as LaTeX."""

    @override
    def text(self, text: str) -> str:
        return escape_tex(text)

    @override
    def emphasis(self, inner: str) -> str:
        return rf"\emph{{{inner}}}"

    @override
    def strong(self, inner: str) -> str:
        return rf"\textbf{{{inner}}}"

    @override
    def struck(self, inner: str) -> str:
        return rf"\sout{{{inner}}}"

    @override
    def code(self, text: str) -> str:
        return rf"\texttt{{{escape_tex(text)}}}"

    @override
    def link(self, inner: str, address: str) -> str:
        return rf"{inner} (\texttt{{{escape_tex(address)}}})" if escape_tex(address) != inner else rf"\texttt{{{inner}}}"

    @override
    def newline(self) -> str:
        return "\\newline\n"

    @override
    def math(self, text: str, *, display: bool) -> str:
        if not is_formula(text):
            return self.code(text)
        return f"\\[{text.strip()}\\]\n" if display else f"${text.strip()}$"

    @override
    def heading(self, inner: str, level: int) -> str:
        return rf"\{_LEVELS[level - 1]}*{{{inner}}}" + "\n"

    @override
    def paragraph(self, inner: str) -> str:
        return f"{inner}\n"

    @override
    def quote(self, inner: str) -> str:
        return f"\\begin{{quote}}\n{inner}\\end{{quote}}\n"

    @override
    def listing(self, items: Sequence[str], *, first: int | None) -> str:
        kind = "itemize" if first is None else "enumerate"
        number = "" if first in {None, 1} else f"\\setcounter{{enumi}}{{{int(first or 1) - 1}}}\n"
        return f"\\begin{{{kind}}}\n{number}" + "".join(f"\\item {{}}{item}\n" for item in items) + f"\\end{{{kind}}}\n"

    @override
    def verbatim(self, text: str) -> str:
        lines = [escape_tex(line.expandtabs(4)).replace(" ", r"\ ") or r"\strut" for line in text.split("\n")]
        return "\\begin{codelines}\n" + "".join(f"{line}\\par\n" for line in lines) + "\\end{codelines}\n"

    @override
    def table(self, rows: Sequence[Sequence[str]], *, header: bool) -> str:
        width = len(rows[0])
        shares = [0.27, 0.65] if width == 2 else [0.92 / width] * width
        columns = "".join(rf">{{\raggedright\arraybackslash}}p{{{share:.3f}\linewidth}}" for share in shares)
        lines = [f"{{}}{' & '.join(row)} \\tabularnewline" for row in rows]  # a row that begins with [ would be an option of the last
        if header:
            lines.insert(1, r"\hline\endhead")
        body = "\n".join(lines)
        return f"\\begin{{longtable}}{{{columns}}}\n\\hline\n{body}\n\\hline\n\\end{{longtable}}\n"

    @override
    def picture(self, name: str, description: str) -> str:
        said = f"% {' '.join(escape_tex(unlike_record(description)).split())}\n" if description else ""
        return f"{said}\\includegraphics[width=\\linewidth,height=0.6\\textheight,keepaspectratio]{{{name}}}\n"

    @override
    def rule(self) -> str:
        return "\\par\\noindent\\rule{\\linewidth}{0.4pt}\n"


def is_formula(text: str) -> bool:
    """Whether a text holds nothing but what formulas are made of, with braces in pairs."""
    if (
        not text.strip()
        or len(text) > 5000
        or re.search(r"[%#$~\x00-\x08\x0b-\x1f\x7f]|\^\^|\n\s*\n", text.replace(r"\%", "").replace(r"\#", ""))
    ):
        return False
    words = [found[1] for found in _COMMAND.finditer(text) if found[1]]
    signs = {found[2] for found in _COMMAND.finditer(text) if found[2]}
    named = [found[1] for found in _ENVIRONMENT.finditer(text)]
    opened = [found[1] for found in re.finditer(r"\\begin\{([^{}]*)\}", text)]
    closed = [found[1] for found in re.finditer(r"\\end\{([^{}]*)\}", text)]
    if not (set(words) <= _FORMULA_WORDS and signs <= set("\\,;:! {}|%#_&") and set(named) <= _ENVIRONMENTS):
        return False
    return sorted(opened) == sorted(closed) and _in_pairs(text) and words.count("left") == words.count("right")


def _in_pairs(text: str) -> bool:
    depth = 0
    for sign in re.sub(r"\\.", "", text, flags=re.DOTALL):
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    return depth == 0 and "&" not in re.sub(r"\\&|\\begin.*\\end", "", text, flags=re.DOTALL)


class SynthLatexExporter(Carrying, Exporter):
    """LaTeX with the disclosure in the text and the record in comment lines."""

    export_from_notebook = "LaTeX with disclosure (synthnb)"
    output_mimetype = "text/latex"

    def _file_extension_default(self) -> str:
        return ".tex"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **more: Any) -> Any:
        """Return the source and its resources, among them the pictures."""
        stock: Any = super()
        ready, resources = stock.from_notebook_node(disclosed(nb), resources, **more)
        given = mapped(resources)
        beside = resources.get("output_files_dir") or f"{given.get('name') or 'notebook'}_files"
        pictures = Pictures("png", "jpg", folder=given.get("path"), beside=f"{_safe(beside)}/")
        body = document(ready, LatexWriter(), pictures)
        record = record_of(ready)
        resources["outputs"] = dict(pictures.files)
        return _source(body, record, str(given.get("name") or "Notebook")), resources


def _safe(name: str) -> str:
    """A folder's name that LaTeX takes as it is."""
    return re.sub(r"[^0-9A-Za-z._-]", "-", name)


def _source(body: str, record: dict[str, Any], title: str) -> str:
    head = [f"% {' '.join(escape_tex(unlike_record(title)).split())}: written by synthnb. Compile it with lualatex, xelatex or pdflatex."]
    head += [f"% The disclosure's record: {shown_digest(record)}", comment_lines(record, "%")] if record else []
    about = f"\\hypersetup{{pdftitle={{{escape_tex(title)}}},pdfcreator={{synthnb}}}}"
    return "\n".join([*head, _OPENING + about, "\\begin{document}", body, "\\end{document}", ""])
