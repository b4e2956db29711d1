"""``%%synth generate`` with a description: the recipe is shown, changed, accepted, and only then drawn from.

::

    cell's output  1  the editor, which needs the running notebook
                   2  "Nothing is drawn yet", in whose place the rows and their record come
                   3  what was compiled, as plain tables; follows each change
"""

from __future__ import annotations

import time
import warnings
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._api import compile_recipe, generate
from synthnb._api.describing import as_flag, check_described, shape_of
from synthnb._api.rows import with_preview
from synthnb.errors import OptionError, SynthnbError, SynthnbWarning, shown
from synthnb.jupyter.display import show_compiled
from synthnb.jupyter.generating import Keep, arguments_of, ways_of
from synthnb.jupyter.namespace import look_up, look_up_source
from synthnb.jupyter.progress import CellProgress
from synthnb.jupyter.publish import publish_bundle

if TYPE_CHECKING:
    from synthnb.engines.compile import Compiled
    from synthnb.widgets.recipe import RecipeEditor

__all__ = ["describe_as_asked"]

_SECONDS_BETWEEN = 0.3


def describe_as_asked(given: Namespace, description: str, variables: Mapping[str, Any], keep: Keep, *, name: str, recipe_name: str) -> None:
    """Compile a description and show what it came to; draw the rows now (``--yes``) or once it is accepted."""
    arguments = arguments_of(given, variables)
    _check(given, description, arguments)
    summary = None if given.summary is None else _summarised(given.summary, variables)
    with CellProgress("Compiling") as progress:
        compiled = compile_recipe(
            description,
            rows=given.rows,
            summary=summary,
            summary_name=given.summary or "real",
            name=name,
            random_state=given.seed,
            progress=progress,
            **ways_of(given),
        )
    offer = _Offer(given, variables, keep, name=name, recipe_name=recipe_name)
    offer.show(compiled)


def _check(given: Namespace, description: str, arguments: Mapping[str, Any]) -> None:
    """Refuse what can't be carried out before a model is opened or asked anything."""
    for option in ("recipe", "save"):
        if getattr(given, option) is not None:
            raise OptionError(f"--{option} is about a real frame; a description was given.", fix="Leave it out.")
    check_described(description, arguments, as_flag)
    with_preview({}, given.preview, given.engine or "auto")
    if given.save_recipe is not None and _recipe_path(given.save_recipe).exists() and not given.overwrite:
        raise OptionError(f"{shown(given.save_recipe)} exists.", fix="Choose another name, or add --overwrite.")


def _summarised(expression: str, variables: Mapping[str, Any]) -> Any:
    """The frame whose summary is used, or the path of a file of one."""
    found = look_up_source(expression, variables)
    return found if isinstance(found, str) else look_up(expression, variables)


def _recipe_path(name: str) -> Path:
    from synthnb.recipes.io import SUFFIX

    path = Path(name).expanduser()
    return path if path.name.endswith(".json") else path.with_name(path.name + SUFFIX)


class _Offer:
    """A compiled description in a cell's output, until it is accepted."""

    def __init__(self, given: Namespace, variables: Mapping[str, Any], keep: Keep, *, name: str, recipe_name: str) -> None:
        self._given = given
        self._variables = variables
        self._keep = keep
        self._name = name
        self._recipe_name = recipe_name

    def show(self, compiled: Compiled) -> None:
        """Show the recipe; then the rows, or the editor and the place where they will be."""
        self._compiled = compiled
        self._keep(self._recipe_name, compiled.recipe)
        if self._given.yes:
            publish_bundle(show_compiled(compiled)[0])
            with CellProgress("Generating") as progress:
                made = self._draw(progress)
            self._told(made, publish_bundle)
            return
        editor = self._editor()
        waiting = f"Nothing is drawn yet. {self._name} gets the rows once the recipe is accepted."
        self._result = publish_bundle({"text/plain": waiting}, updatable=True)
        self._plain = publish_bundle(show_compiled(compiled)[0], updatable=True)
        editor.observe(lambda change: self._revise(editor, change["new"]), names="change")
        editor.observe(lambda _: self._accept(editor), names="accepted")

    def _editor(self) -> RecipeEditor:
        from synthnb.widgets.recipe import RecipeEditor

        editor = RecipeEditor(shape_of(self._compiled), message=f"The recipe is in {self._recipe_name}.")
        shape: Any = editor._repr_mimebundle_()
        bundle, metadata = shape if isinstance(shape, tuple) else (shape, None)
        text = "A table to change the recipe's numbers and to accept it; it needs the running notebook."
        publish_bundle(dict(bundle or {}) | {"text/plain": text}, metadata=metadata)
        return editor

    def _revise(self, editor: RecipeEditor, change: Mapping[str, Any]) -> None:
        """Answer one change with the recipe as it is then, or with why it can't be so."""
        editor.message = ""  # so that the same answer twice is told twice
        try:
            self._compiled = self._compiled.revise({name: change.get(name) for name in ("column", "number", "value")})
        except SynthnbError as error:
            editor.send_state("compiled")
            editor.message = str(error)
            return
        self._keep(self._recipe_name, self._compiled.recipe)
        editor.show(shape_of(self._compiled))
        editor.message = f"The recipe in {self._recipe_name} has it; the ten rows are drawn anew."
        self._plain.update(show_compiled(self._compiled)[0], raw=True)

    def _accept(self, editor: RecipeEditor) -> None:
        """Draw the rows into their place in the output."""
        editor.state, editor.message = "drawing", "Drawing the rows …"
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", SynthnbWarning)
                made = self._draw(_Telling(editor))
        except (SynthnbError, KeyboardInterrupt) as error:
            editor.state, editor.message = "open", f"Nothing was drawn. {error}".strip()
            return
        self._told(made, lambda bundle: self._result.update(bundle, raw=True))
        editor.state = "drawn"
        notes = [f"Note: {warning.message}" for warning in caught if issubclass(warning.category, SynthnbWarning)]
        editor.message = " ".join([f"{self._name} has {made.run.delivered:,} rows.", *notes])

    def _draw(self, progress: Any) -> Any:
        given = self._given
        if given.save_recipe is not None:
            from synthnb.recipes.io import write_recipe

            write_recipe(self._compiled.recipe, _recipe_path(given.save_recipe), overwrite=given.overwrite)
        return generate(
            self._compiled,
            name=self._name,
            progress=progress,
            sensitive=given.sensitive,
            **arguments_of(given, self._variables),
        )

    def _told(self, made: Any, tell: Callable[[dict[str, Any]], Any]) -> None:
        several = getattr(made, "syntheses", None) is not None
        self._keep(self._name, made if several else made.frame)
        tell(made._repr_mimebundle_()[0])


class _Telling:
    """Progress told in the editor's status line, three times a second at most."""

    def __init__(self, editor: RecipeEditor) -> None:
        self._editor = editor
        self._told = time.monotonic()

    def __call__(self, done: int, total: int, what: str) -> None:
        if time.monotonic() - self._told > _SECONDS_BETWEEN:
            self._told = time.monotonic()
            self._editor.message = f"Drawing the rows: {what}, {done:,} of {total:,}."
