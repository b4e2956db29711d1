"""The `synthnb` command: the same verbs as ``%synth``, on files."""

from __future__ import annotations

import sys
import warnings

import click

from synthnb import __version__
from synthnb.cli.checking import check_command
from synthnb.cli.comparing import diff_command, replay_command, scale_command
from synthnb.cli.data import budget_command, generate_command, impute_command, profile_command
from synthnb.cli.judging import compare_command, evaluate_command, judge_command
from synthnb.cli.keys import key_command
from synthnb.cli.labelling import label_command
from synthnb.cli.listing import runs_command
from synthnb.cli.mixing import mix_command
from synthnb.cli.models import models
from synthnb.cli.notebooks import disclose_command, export_command
from synthnb.cli.reviewing import review_group
from synthnb.cli.risking import risk_command
from synthnb.cli.signing import sign_command, sign_off_command, signing_key_group
from synthnb.cli.stating import state_command
from synthnb.cli.verifying import verify_command
from synthnb.cli.writing import column_command, corpus_command, text_command
from synthnb.errors import SynthnbError, SynthnbWarning

__all__ = ["cli", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="synthnb")
def cli() -> None:
    """Generate, evaluate and disclose synthetic data; export and verify notebooks."""


for command in (
    profile_command,
    generate_command,
    impute_command,
    mix_command,
    budget_command,
    column_command,
    text_command,
    corpus_command,
    evaluate_command,
    compare_command,
    judge_command,
    review_group,
    scale_command,
    diff_command,
    replay_command,
    disclose_command,
    risk_command,
    check_command,
    export_command,
    verify_command,
    state_command,
    sign_command,
    sign_off_command,
    signing_key_group,
    runs_command,
    label_command,
    models,
    key_command,
):
    cli.add_command(command)


_as_ever = warnings.formatwarning


def _one_line(message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None) -> str:
    """A warning of ours as one line without its place in the code; others as ever."""
    return f"synthnb: {message}\n" if issubclass(category, SynthnbWarning) else _as_ever(message, category, filename, lineno, line)


def main() -> None:
    """Run the command; an error of ours is one line and exit status 1."""
    warnings.formatwarning = _one_line
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt) as error:
        click.echo(f"Stopped. {error}".strip(), err=True)
        sys.exit(130)
    except SynthnbError as error:
        click.echo(f"synthnb: {error}", err=True)
        sys.exit(1)
