"""``%synth key``: a field for a provider's key, whose value goes to this process once and nowhere else."""

from __future__ import annotations

from typing import Any

from synthnb.errors import SynthnbError
from synthnb.jupyter.publish import publish_bundle
from synthnb.models.keys import find_key, set_key, variable_of

__all__ = ["show_key_field"]


def show_key_field(provider: str) -> None:
    """Show the field, and use what is entered as the provider's key in this process.

    Raises
    ------
    OptionError
        No such provider has a key.
    """
    from synthnb.widgets.key import KeyField

    field = KeyField(provider, message=_state(provider))

    def take(value: str) -> None:
        try:
            set_key(provider, value)
        except SynthnbError as error:
            field.message = str(error)
        else:
            field.message = _state(provider)

    field.on_key(take)
    shape: Any = field._repr_mimebundle_()
    bundle, metadata = shape if isinstance(shape, tuple) else (shape, None)
    text = f"A field for the key of {provider}; it needs the running notebook. Elsewhere, set {variable_of(provider)}."
    publish_bundle(dict(bundle or {}) | {"text/plain": text}, metadata=metadata)


def _state(provider: str) -> str:
    """Whether there is a key, and where from; never the key."""
    found = find_key(provider)
    if found.key is not None:
        return f"The key of {provider} is from {found.key.source}."
    skipped = f" ({found.skipped})" if found.skipped else ""
    return f"No key of {provider} was found{skipped}."
