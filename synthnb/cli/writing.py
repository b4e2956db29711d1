"""`synthnb text` and `synthnb corpus`: texts and questions that a language model writes into a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from synthnb._api.words import read_labels
from synthnb._tables import read_table
from synthnb.cli._options import FILE, model_options, variety_of, variety_options, ways_of
from synthnb.cli._progress import terminal_progress
from synthnb.cli.data import check_targets, tell_made

__all__ = ["corpus_command", "text_command"]


@click.command("text")
@click.argument("description", type=FILE)
@click.option("--n", type=int, required=True, help="How many texts.")
@click.option("--labels", help="What the texts show, as 'tone=calm|worried; severity=mild:0.7|severe:0.3'.")
@click.option("--kind", default="text", show_default=True, help="What sort of text: note, abstract, message, dialogue or text.")
@click.option("--out", type=FILE, required=True, help="The .csv or .parquet file to write; its record goes beside it.")
@click.option("--seed", type=int, help="Whole number that makes the result repeatable.")
@click.option("--overwrite", is_flag=True, help="Replace OUT even if it isn't as synthnb wrote it.")
@variety_options
@model_options
def text_command(description: Path, out: Path, overwrite: bool, **asked: Any) -> None:
    """Write a corpus of texts about what the text file DESCRIPTION says, with the labels asked for met exactly."""
    from synthnb._api import write_table, write_texts
    from synthnb.cli.data import read_text

    check_targets(out, None, [description], overwrite=overwrite)
    with terminal_progress("Writing") as progress:
        made = write_texts(
            read_text(description),
            n=asked["n"],
            labels=read_labels(asked["labels"]) or None,
            kind=asked["kind"],
            name=out.name,
            random_state=asked["seed"],
            progress=progress,
            **ways_of(asked),
            **variety_of(asked),
        )
    tell_made(made, out, write_table(made.frame, out, frame_name=out.name, overwrite=overwrite))


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
@click.option("--out", type=FILE, required=True, help="The .csv or .parquet file to write; its record goes beside it.")
@click.option("--seed", type=int, help="Whole number that makes the result repeatable.")
@click.option("--overwrite", is_flag=True, help="Replace OUT even if it isn't as synthnb wrote it.")
@model_options
def corpus_command(folder: Path, out: Path, overwrite: bool, holdout: Path | None, **asked: Any) -> None:
    """Write questions and answers from the documents in FOLDER, each with its evidence in them."""
    from synthnb._api import write_questions, write_table

    check_targets(out, None, [holdout] if holdout else [], overwrite=overwrite)
    with terminal_progress("Asking") as progress:
        made = write_questions(
            str(folder),
            questions=asked["questions"],
            level=asked["level"],
            answers=not asked["no_answers"],
            verify=asked["verify"],
            verifier=asked["verifier"],
            holdout=None if holdout is None else read_table(holdout),
            holdout_name=holdout.name if holdout else "",
            language=asked["language"],
            include=asked["include"],
            exclude=asked["exclude"],
            licence=asked["licence"],
            public=asked["public"],
            identifiers=asked["identifiers"],
            name=out.name,
            random_state=asked["seed"],
            progress=progress,
            **ways_of(asked),
        )
    tell_made(made, out, write_table(made.frame, out, frame_name=out.name, overwrite=overwrite))
