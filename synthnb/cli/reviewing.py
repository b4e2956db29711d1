"""`synthnb review`: what people's ratings show, from the files that hold them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from synthnb.cli._options import FILE
from synthnb.errors import shown

__all__ = ["review_group"]

_FOLDER = click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), help="Where reviews are kept; .synthnb/reviews, if left out."
)


@click.group("review")
def review_group() -> None:
    """Results and state of the reviews that were begun in this project."""


@review_group.command("results")
@click.argument("files", nargs=-1, type=FILE)
@click.option("--review", "review_id", help="The review's id; that of the files, or the latest, if left out.")
@_FOLDER
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def results_command(files: tuple[Path, ...], review_id: str | None, folder: Path | None, as_json: bool) -> None:
    """Print what the ratings of a review show: those kept here, and those in FILES (*.ratings.jsonl) from other notebooks."""
    from synthnb._api.reviewing import merged_review
    from synthnb.jupyter.reviewing import results_bundle

    _name_damaged(folder)
    found = merged_review(files, review_id=review_id, folder=folder)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=1, ensure_ascii=False))
    else:
        click.echo(results_bundle(found)["text/plain"])


@review_group.command("status")
@_FOLDER
def status_command(folder: Path | None) -> None:
    """List the reviews of this project, and how far each rater is."""
    from synthnb.evaluation.human import kept_reviews

    _name_damaged(folder)
    reviews = kept_reviews(folder)
    if not reviews:
        click.echo("No review is kept here.")
    for found in reviews:
        click.echo(f"{found.id}  {found.name}  {len(found.items)} {found.kind}s  {found.rubric.id}")
        for rater in found.raters:
            click.echo(f"  {rater}: {found.progress(rater)[0]} of {len(found.items)}  {found.rating_file(rater)}")


def _name_damaged(folder: Path | None) -> None:
    from synthnb.evaluation.human import damaged_reviews

    for name, why in damaged_reviews(folder).items():
        click.echo(f"{shown(name)} is passed over: {why}", err=True)
