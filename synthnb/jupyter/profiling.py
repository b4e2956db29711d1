"""``%synth profile``: what the columns are taken for, as a table that is corrected by choosing, and the recipe that follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from synthnb._api import profile
from synthnb.errors import SynthnbError
from synthnb.jupyter.mime import profile_bundle
from synthnb.jupyter.publish import publish_bundle

if TYPE_CHECKING:
    from synthnb.recipes.profile import Profile
    from synthnb.recipes.recipe import Recipe

__all__ = ["show_profile"]


def show_profile(frame: Any, name: str, *, variable: str, groups: Sequence[str], keep: Callable[[Recipe], None]) -> None:
    """Show the editor over the plain table; each correction is kept as a recipe, and the plain table follows.

    Parameters
    ----------
    frame : frame
        The real rows.
    name, variable : str
        What the frame, and the variable that gets the recipe, are called.
    groups : sequence of str
        Columns that declare subgroups.
    keep : callable
        Gives the recipe to the user's variable.
    """
    from synthnb.widgets.profile import ProfileEditor

    found = profile(frame, name=name, groups=groups)
    keep(found.recipe)
    handle = publish_bundle(profile_bundle(found.to_dict()), updatable=True)
    editor = ProfileEditor(found.columns, title=_title(found), message=f"The recipe is in {variable}.")

    def correct(change: Any) -> None:
        kinds, roles = change["new"].get("kinds", {}), change["new"].get("roles", {})
        editor.message = ""  # so that the same answer twice is told twice
        try:
            now = profile(
                frame,
                name=name,
                groups=[group for group in groups if roles.get(group, "group") == "group"],
                overrides=kinds,
                roles={column: role for column, role in roles.items() if role},
                random_state=found.recipe.seed,
            )
        except SynthnbError as error:
            editor.set_trait("corrections", change["old"])  # which comes back here, and keeps what held before
            editor.send_state("columns")
            editor.message = str(error)
            return
        keep(now.recipe)
        editor.columns = [dict(column) for column in now.columns]
        editor.message = f"The recipe in {variable} has it."
        if handle is not None:
            handle.update(profile_bundle(now.to_dict()), raw=True)

    editor.observe(correct, names="corrections")
    shape: Any = editor._repr_mimebundle_()
    bundle, metadata = shape if isinstance(shape, tuple) else (shape, None)
    text = "A table to correct what the columns are taken for; it needs the running notebook."
    publish_bundle(dict(bundle or {}) | {"text/plain": text}, metadata=metadata)


def _title(found: Profile) -> str:
    small = "" if found.smallest_group is None else f"; the smallest combination of groups has {found.smallest_group:,} rows"
    return f"{found.recipe.table[:60]}: {found.rows:,} rows × {len(found.columns)} columns{small}"
