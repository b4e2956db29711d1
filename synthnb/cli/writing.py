"""`synthnb column`, `text` and `corpus`: what a language model writes into a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from synthnb._api.calling import rest_of
from synthnb._api.words import read_labels
from synthnb._tables import read_table
from synthnb.cli._options import FILE, column_names, model_options, variety_of, variety_options, ways_of
from synthnb.cli._progress import terminal_progress
from synthnb.cli.data import check_targets, tell_made
from synthnb.errors import OptionError

__all__ = ["column_command", "corpus_command", "text_command"]

_OUT = click.option(
    "--out",
    type=FILE,
    help="The .csv, .jsonl, .parquet, .arrow, .feather or .xlsx file to write; its record goes beside it. Needed unless --preview.",
)
_PREVIEW = click.option("--preview", type=int, help="Write only so many, print them and estimate the rest; OUT isn't written.")
_SEED = click.option(
    "--seed", type=int, help="Whole number that makes the result repeatable; after a preview, what it wrote is taken over."
)
_OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace OUT even if it isn't as synthnb wrote it.")


@click.command("column")
@click.argument("name")
@click.option(
    "--into",
    type=FILE,
    required=True,
    help="The .csv, .jsonl, .parquet, .arrow, .feather or .xlsx table that gets the column; the file itself isn't changed.",
)
@click.option("--instruction", help="What to write; {column} stands for the row's value. Read from the standard input, if left out.")
@click.option("--given", callback=column_names, help="Columns, comma-separated, shown to the model beside those in braces.")
@click.option("--overwrite", is_flag=True, help="Replace a column of that name, and OUT even if it isn't as synthnb wrote it.")
@_PREVIEW
@_OUT
@_SEED
@variety_options
@model_options
def column_command(name: str, into: Path, instruction: str | None, out: Path | None, overwrite: bool, **asked: Any) -> None:
    """Write the text column NAME, conditioned on each row of a table."""
    from synthnb._api import read_table as read_known
    from synthnb._api import write_column

    _check(out, asked, [into], overwrite=overwrite)
    words = _instruction(instruction)
    frame = read_known(into)
    given = {"given": asked["given"]} if asked["given"] else {}
    preview = asked["preview"]
    with terminal_progress("Writing") as progress:
        made = write_column(
            frame,
            name,
            words,
            frame_name=into.name,
            rows=preview if preview is None or preview < 1 else min(preview, len(frame)),
            overwrite=overwrite,
            random_state=asked["seed"],
            announce=_announce,
            progress=progress,
            **given,
            **ways_of(asked),
            **variety_of(asked),
        )
    _tell(made, len(frame), out, asked, overwrite=overwrite)


def _instruction(given: str | None) -> str:
    """What to write, from the option or the standard input."""
    if given is None and not sys.stdin.isatty():
        try:
            given = sys.stdin.buffer.read().decode()
        except UnicodeDecodeError as error:
            raise OptionError("The standard input isn't text in UTF-8.", fix="Convert it, or pass --instruction.") from error
    if given is None or not given.strip():
        raise OptionError(
            "What to write is needed; got nothing.",
            fix="Pass --instruction, or pipe it in: echo 'One sentence about {age}.' | synthnb column ...",
        )
    return given


@click.command("text")
@click.argument("description", type=FILE)
@click.option("--n", type=int, required=True, help="How many texts.")
@click.option("--labels", help="What the texts show, as 'tone=calm|worried; severity=mild:0.7|severe:0.3'.")
@click.option("--kind", default="text", show_default=True, help="What sort of text: note, abstract, message, dialogue or text.")
@_PREVIEW
@_OUT
@_SEED
@_OVERWRITE
@variety_options
@model_options
def text_command(description: Path, out: Path | None, overwrite: bool, **asked: Any) -> None:
    """Write a corpus of texts about what the text file DESCRIPTION says, with the labels asked for met exactly."""
    from synthnb._api import write_texts
    from synthnb.cli.data import read_text

    _check(out, asked, [description], overwrite=overwrite)
    with terminal_progress("Writing") as progress:
        made = write_texts(
            read_text(description),
            n=asked["n"],
            labels=read_labels(asked["labels"]) or None,
            kind=asked["kind"],
            name="texts" if out is None else out.name,
            preview=asked["preview"],
            random_state=asked["seed"],
            announce=_announce,
            progress=progress,
            **ways_of(asked),
            **variety_of(asked),
        )
    _tell(made, asked["n"], out, asked, overwrite=overwrite)


@click.command("corpus")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--questions", type=int, required=True, help="How many questions.")
@click.option("--level", type=int, default=1, show_default=True, help="1: one passage; 2: some of its concepts; 3: two documents.")
@click.option("--verify", default="span", show_default=True, help="How answers are checked: span, model, majority:K or none.")
@click.option("--verifier", help="For --verify model: the second model.")
@click.option("--no-answers", is_flag=True, help="Write questions only.")
@click.option("--holdout", type=FILE, help="A table of questions that must not be among those written.")
@click.option("--language", help="The language of the questions; the documents', if left out.")
@click.option("--include", multiple=True, help="A pattern of paths to read; may be repeated.")
@click.option("--exclude", multiple=True, help="A pattern of paths to leave out; may be repeated.")
@click.option("--licence", default="", help="The documents' licence, for the disclosure.")
@click.option("--identifiers", help="What direct identifiers do that would go to a hosted model: block or warn.")
@click.option("--public", is_flag=True, help="The documents are public: they are nobody's real data.")
@_PREVIEW
@_OUT
@_SEED
@_OVERWRITE
@model_options
def corpus_command(folder: Path, out: Path | None, overwrite: bool, holdout: Path | None, **asked: Any) -> None:
    """Write questions and answers from the documents in FOLDER, each with its evidence in them."""
    from synthnb._api import write_questions

    _check(out, asked, [holdout] if holdout else [], overwrite=overwrite)
    same = ("questions", "level", "verify", "verifier", "language", "include", "exclude", "licence", "public", "identifiers", "preview")
    with terminal_progress("Asking") as progress:
        made = write_questions(
            str(folder),
            **{name: asked[name] for name in same},
            answers=not asked["no_answers"],
            holdout=None if holdout is None else read_table(holdout),
            holdout_name=holdout.name if holdout else "",
            name="questions" if out is None else out.name,
            random_state=asked["seed"],
            announce=_announce,
            progress=progress,
            **ways_of(asked),
        )
    _tell(made, asked["questions"], out, asked, overwrite=overwrite)


def _check(out: Path | None, asked: Any, read: list[Path], *, overwrite: bool) -> None:
    """Refuse what couldn't be written before anything is spent."""
    if asked["preview"] is not None:
        return
    if out is None:
        raise OptionError("--out is needed: the file to write.", fix="Name one, or add --preview 5 to see a few first.")
    check_targets(out, None, read, overwrite=overwrite)


def _announce(estimate: Any) -> None:
    """Print what the calls are going to use."""
    click.echo(f"Before the first call: {estimate}.", err=True)


def _tell(made: Any, rows: int, out: Path | None, asked: Any, *, overwrite: bool) -> None:
    """Write the table and tell where it is; of a preview, print it with what the rest is going to use."""
    from synthnb._api import write_table

    if asked["preview"] is None and out is not None:
        tell_made(made, out, write_table(made.frame, out, frame_name=out.name, overwrite=overwrite))
        return
    click.echo(made.frame.head(made.run.requested).to_csv(index=False).rstrip("\n"))
    click.echo(f"{made!r}\n{rest_of(made, rows, spell='--')}".rstrip())
