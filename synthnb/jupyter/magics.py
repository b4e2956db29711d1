"""``%synth`` and ``%%synth``: spellings of the package's verbs, and no more than that."""

from __future__ import annotations

import warnings
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from synthnb._api.governing import overriding
from synthnb.errors import Interrupted, OptionError, SynthnbWarning
from synthnb.jupyter.cells import unwatch, watch
from synthnb.jupyter.completer import matcher
from synthnb.jupyter.namespace import look_up, new_name
from synthnb.jupyter.parser import help_for, help_overview, parse
from synthnb.jupyter.progress import CellProgress
from synthnb.jupyter.publish import publish, publish_bundle
from synthnb.jupyter.verbs import VERBS

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["SynthMagics", "load", "unload"]

_ASKS_FOR_HELP = ("%synth", "%%synth")


@contextmanager
def _notes_shown() -> Iterator[None]:
    """Show our own warnings as a line of the cell's output, and others as ever."""
    with warnings.catch_warnings():
        others = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, SynthnbWarning):
                publish_bundle({"text/plain": f"Note: {message}"})
            else:
                others(message, category, *place, **more)

        warnings.simplefilter("always", SynthnbWarning)
        warnings.showwarning = show
        yield


@magics_class
class SynthMagics(Magics):
    """The magics, and the variables they have assigned."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._variables: dict[str, Any] = shell.user_ns
        self._ours: dict[str, int] = {}
        self.matcher = matcher(lambda: shell.user_ns)

    @no_var_expand
    @line_cell_magic
    def synth(self, line: str, cell: str | None = None) -> Any:
        """See `help_overview`, which replaces this text."""
        verb, arguments = parse(line, has_body=cell is not None)
        if verb is None or arguments.help:
            print(help_overview() if verb is None else help_for(verb))  # noqa: T201  # help is text for the reader of the cell
            return None
        if cell is not None and not verb.body:
            raise OptionError(f"%%synth {verb.name} has no use for a cell's body.", fix=f"Write it on one line: {verb.example}")
        with _notes_shown(), overriding(getattr(arguments, "override", None)):
            try:
                return getattr(self, f"_{verb.name.replace('-', '_')}")(arguments, cell)
            except Interrupted:
                raise
            except KeyboardInterrupt:
                raise Interrupted(f"%synth {verb.name} was stopped before it was done.", fix="Run the cell again to start over.") from None

    def _frame(self, expression: str) -> Any:
        return look_up(expression, self._variables)

    def _checked(self, name: str | None, overwrite: bool) -> str | None:
        return None if name is None else new_name(name, self._variables, ours=self._ours, overwrite=overwrite)

    def _assign(self, name: str, value: Any) -> None:
        self._variables[name] = value
        self._ours[name] = id(value)

    def _generate(self, given: Namespace, cell: str | None) -> Any:
        from synthnb.jupyter.generating import generate_as_asked, keeping_partial

        if given.frame is None:
            if not (cell and cell.strip()):
                raise OptionError(
                    "%%synth generate needs a description in the cell's body, or a frame on the line; the body is blank.",
                    fix="For example:\n%%synth generate --rows 500 --as trial\nA trial of adults aged 40 to 85, 60 % female.",
                )
            return self._describe(given, str(cell))
        if cell is not None:
            raise OptionError(
                f"%%synth generate {given.frame[:60]} has no use for a cell's body, which describes a table in place of a frame.",
                fix="Leave out the frame, or the cell's body.",
            )
        for flag in ("yes", "save_recipe", "summary"):
            if getattr(given, flag):
                raise OptionError(f"--{flag.replace('_', '-')} is for a description in the cell's body.", fix="Leave it out.")
        name = self._checked(given.__dict__["as"], given.overwrite)
        with keeping_partial(None if given.preview is not None else name, self._assign):
            made = generate_as_asked(given, name or "synthetic", self._variables)
        if given.preview is not None:
            from synthnb.jupyter.writing import show_preview

            return show_preview(made, made.run.parameters["preview_of"], f"{name} isn't assigned." if name else "")
        if name is None:
            return made
        several = getattr(made, "syntheses", None) is not None
        self._assign(name, made if several else dict(made.frames) or made.frame)
        publish(made)
        return None

    def _describe(self, given: Namespace, description: str) -> None:
        from synthnb.jupyter.describing import describe_as_asked

        name = str(self._checked(given.__dict__["as"] or "synthetic", given.overwrite))
        recipe = str(self._checked(f"{name}_recipe", given.overwrite))
        describe_as_asked(given, description, self._variables, self._assign, name=name, recipe_name=recipe)

    def _profile(self, given: Namespace, _: str | None) -> None:
        from synthnb.jupyter.profiling import show_profile

        name = str(self._checked(given.__dict__["as"] or "recipe", given.overwrite))
        frame = self._frame(given.frame)
        show_profile(frame, given.frame, variable=name, groups=given.groups or (), keep=lambda recipe: self._assign(name, recipe))

    def _impute(self, given: Namespace, _: str | None) -> Any:
        from synthnb._api import impute

        name = self._checked(given.__dict__["as"], given.overwrite)
        with CellProgress("Filling") as progress:
            made = impute(
                self._frame(given.frame),
                columns=given.columns,
                engine=given.engine or "trees",
                replicates=1 if given.replicates is None else given.replicates,
                name=name or "completed",
                source_name=given.frame,
                random_state=given.seed,
                progress=progress,
            )
        if name is None:
            return made
        self._assign(name, made if (given.replicates or 1) > 1 else made.frame)
        publish(made)
        return None

    def _mix(self, given: Namespace, _: str | None) -> Any:
        from synthnb.jupyter.mixing import mix_as_asked

        name = self._checked(given.__dict__["as"], given.overwrite)
        made = mix_as_asked(given, name or "mixed", self._variables)
        if name is None:
            return made
        self._assign(name, made.frame)
        publish(made)
        return None

    def _budget(self, given: Namespace, _: str | None) -> None:
        from synthnb._api import budgets, open_budget
        from synthnb.jupyter.mime import budgets_bundle

        if given.epsilon is not None:
            if given.account is None:
                raise OptionError("A limit belongs to an account; none was named.", fix=f"For example: {VERBS['budget'].example}")
            open_budget(given.account, epsilon=given.epsilon, delta=given.delta)
        publish_bundle(budgets_bundle(budgets(given.account)))

    def _column(self, given: Namespace, cell: str | None) -> None:
        from synthnb.jupyter.writing import write_column_as_asked

        write_column_as_asked(given, cell, self._variables, self._assign)

    def _text(self, given: Namespace, cell: str | None) -> None:
        from synthnb.jupyter.writing import write_texts_as_asked

        write_texts_as_asked(given, cell, str(self._checked(given.__dict__["as"] or "texts", given.overwrite)), self._assign)

    def _corpus(self, given: Namespace, _: str | None) -> None:
        from synthnb.jupyter.writing import write_questions_as_asked

        name = str(self._checked(given.__dict__["as"] or "questions", given.overwrite))
        write_questions_as_asked(given, self._variables, name, self._assign)

    def _evaluate(self, given: Namespace, _: str | None) -> Any:
        from synthnb.jupyter.judging import evaluate_as_asked

        name = self._checked(given.__dict__["as"], given.overwrite)
        report = evaluate_as_asked(given, self._variables)
        if name is None:
            return report
        self._assign(name, report)
        publish(report)
        return None

    def _compare(self, given: Namespace, _: str | None) -> Any:
        from synthnb.jupyter.judging import compare_as_asked

        name = self._checked(given.__dict__["as"], given.overwrite)
        found = compare_as_asked(given, self._variables)
        if name is None:
            return found
        self._assign(name, found)
        publish(found)
        return None

    def _review(self, given: Namespace, _: str | None) -> None:
        from synthnb.jupyter.reviewing import review_as_asked

        name = self._checked(given.__dict__["as"], given.overwrite)
        reviewed = review_as_asked(given, self._variables)
        if name is not None:
            self._assign(name, reviewed)

    def _judge(self, given: Namespace, _: str | None) -> Any:
        from synthnb.jupyter.judging import judge_as_asked

        name = self._checked(given.__dict__["as"], given.overwrite)
        found = judge_as_asked(given, self._variables)
        if name is None:
            return found
        self._assign(name, found)
        publish(found)
        return None

    def _scale(self, given: Namespace, _: str | None) -> Any:
        from synthnb.jupyter.comparing import fit_as_asked

        name = self._checked(given.__dict__["as"], given.overwrite)
        law = fit_as_asked(given, self._variables)
        if name is None:
            return law
        self._assign(name, law)
        publish(law)
        return None

    def _diff(self, given: Namespace, _: str | None) -> Any:
        from synthnb._api import diff

        return diff(given.run, given.other, frames=self._variables)

    def _replay(self, given: Namespace, _: str | None) -> Any:
        from synthnb.jupyter.comparing import replay_as_asked

        return replay_as_asked(given, self._variables)

    def _disclose(self, given: Namespace, cell: str | None) -> None:
        from synthnb.jupyter.disclosing import show_disclosure

        show_disclosure(cell, form=not given.no_form, venue=given.__dict__["for"])

    def _risk(self, given: Namespace, cell: str | None) -> None:
        from synthnb.jupyter.risking import show_risk

        show_risk(cell, form=not given.no_form, by=given.by)

    def _check(self, given: Namespace, _: str | None) -> None:
        from synthnb.jupyter.checking import check_this

        publish_bundle(check_this(given.notebook, self._variables, policy=given.policy, release=given.release))

    def _export(self, given: Namespace, _: str | None) -> None:
        from synthnb.jupyter.exporting import export_frame, export_this

        ways = {"overwrite": given.overwrite, "override": given.override, "release": given.release}
        if given.frame is not None:
            publish_bundle(export_frame(self._frame(given.frame), given.frame, given.file, self._variables, **ways))
        else:
            publish_bundle(export_this(given.file, given.notebook, self._variables, **ways))

    def _verify(self, given: Namespace, _: str | None) -> None:
        from synthnb.jupyter.exporting import verify_this

        publish_bundle(verify_this(given.file, given.notebook, self._variables))

    def _sign(self, given: Namespace, _: str | None) -> None:
        from synthnb.jupyter.signing import sign_this

        publish_bundle(sign_this(given.file, given.notebook, self._variables, by=given.by, valid_until=given.valid_until))

    def _sign_off(self, given: Namespace, _: str | None) -> None:
        from synthnb.jupyter.signing import sign_off_this

        publish_bundle(sign_off_this(given.reviewer, given.scope, given.notebook, self._variables, by=given.by))

    def _label(self, given: Namespace, _: str | None) -> None:
        from synthnb.jupyter.labelling import label_this

        publish_bundle(label_this(given.file, given.notebook, self._variables, overwrite=given.overwrite))

    def _runs(self, given: Namespace, _: str | None) -> None:
        from synthnb.jupyter.listing import show_runs

        asked = {name: getattr(given, name) for name in ("kind", "since", "frame", "model", "limit")}
        publish_bundle(show_runs(given.entry, asked, to=given.to, overwrite=given.overwrite))

    def _models(self, _given: Namespace, _: str | None) -> None:
        from synthnb.jupyter.mime import models_bundle
        from synthnb.models.registry import list_models

        publish_bundle(models_bundle(list_models()))

    def _key(self, given: Namespace, _: str | None) -> None:
        from synthnb.jupyter.keys import show_key_field

        show_key_field(given.provider)


SynthMagics.synth.__doc__ = help_overview()


def _help_lines(lines: list[str]) -> list[str]:
    """Turn ``%synth generate?`` into a call for help, which IPython would look up as a variable."""
    first = lines[0].strip() if lines else ""
    words = first.rstrip("?").split()
    if first.endswith("?") and words[:1] and words[0] in _ASKS_FOR_HELP and len(words) > 1:
        return [f"%synth {words[1]} --help\n", *lines[1:]]
    return lines


_loaded: dict[int, SynthMagics] = {}
"""The magics of each shell that has them."""


def load(shell: InteractiveShell) -> None:
    """Register the magics, their completion and their help; loading twice changes nothing."""
    if id(shell) in _loaded:
        return
    magics = SynthMagics(shell)
    shell.register_magics(magics)
    _loaded[id(shell)] = magics
    watch(shell)
    shell.input_transformers_cleanup.append(_help_lines)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(magics.matcher)


def unload(shell: InteractiveShell) -> None:
    """Take everything out that `load` put in."""
    magics = _loaded.pop(id(shell), None)
    if magics is None:
        return
    unwatch(shell)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("synth", None)
    shell.magics_manager.registry.pop("SynthMagics", None)
    shell.input_transformers_cleanup.remove(_help_lines)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.remove(magics.matcher)
