"""`synthnb risk`: the risk record of a notebook's data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from synthnb.cli._options import FILE, read_words

__all__ = ["risk_command"]


@click.command("risk")
@click.argument("notebook", type=FILE)
@click.option("--answers", type=FILE, help="A text file of lines like 'Residual risk: …', which are added to NOTEBOOK's record.")
@click.option("--by", help="Who says it; the setting person, if left out.")
@click.option("--json", "as_json", is_flag=True, help="Print the risk record as JSON.")
def risk_command(notebook: Path, answers: Path | None, by: str | None, as_json: bool) -> None:
    """Show the risk record of NOTEBOOK: attack results, what was said, which release class is recommended, what is missing."""
    from synthnb._api.policing import recorded
    from synthnb._api.risking import risk_in, state_risk_of
    from synthnb.jupyter.risking import read_answers, risk_text

    found = risk_in(recorded(notebook), by=by) if answers is None else state_risk_of(notebook, read_answers(read_words(answers)), by=by)
    told: Any = found.to_dict()
    click.echo(json.dumps(told, indent=1, ensure_ascii=False) if as_json else risk_text(told))
    for warning in found.warnings:
        click.echo(f"synthnb: {warning}", err=True)
