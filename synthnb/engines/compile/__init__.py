"""From a sentence to a recipe: what is said outright is read by rules, a model proposes the rest, code settles it.

::

    real frame ──► summary, if one is given ──► figures ───────┐
    description ──► statements (rules) ──► stated, by column ──┤
         │                                                     ├──► recipe ──► trial rows ──► statements checked
         └──► model: columns, numbers, levels, links ──► draft ┘       ▲                            │
                                                                       └──── settled, or left out ──┘

The model is asked a few short questions, however many rows are to be made. What is stated always wins over what
it proposes, and each number says who stated it.
"""

from __future__ import annotations

from synthnb.engines.compile.compiled import Compiled, compile_recipe
from synthnb.engines.compile.figures import Figures, figures_of

__all__ = ["Compiled", "Figures", "compile_recipe", "figures_of"]
