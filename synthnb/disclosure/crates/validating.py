"""Public validators, where they are installed: what they refuse isn't written."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import logging
import warnings
from typing import TYPE_CHECKING, Any

from synthnb.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["croissant_problems", "refuse_invalid"]

_MOST_LISTED = 6


def refuse_invalid(description: Mapping[str, Any]) -> None:
    """Hold a Croissant description against ``mlcroissant`` if it is installed (``synthnb[validate]``).

    Raises
    ------
    OptionError
        It isn't valid; the message lists the validator's words.
    """
    found = croissant_problems(description)
    if found:
        raise OptionError(
            f"The Croissant description isn't valid: {'; '.join(found[:_MOST_LISTED])}. Nothing was written.",
            fix="Correct the statements that this is about, or report it.",
        )


def croissant_problems(description: Mapping[str, Any]) -> list[str]:
    """What ``mlcroissant`` has against a description; empty if it has nothing, or isn't installed. It reaches out to nothing."""
    if importlib.util.find_spec("mlcroissant") is None:
        return []
    logging.getLogger("absl").setLevel(logging.ERROR)
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what its own packages deprecate is nothing that our users can mend
        mlcroissant: Any = importlib.import_module("mlcroissant")
        try:
            dataset: Any = mlcroissant.Dataset(jsonld=dict(description))
        except mlcroissant.ValidationError as error:
            return [line.strip(" -") for line in str(error).splitlines() if line.strip().startswith("-")] or [str(error)]
    return sorted(dataset.metadata.ctx.issues.errors)
