"""`synthnb disclose`, `export`, `verify` and `runs`: notebooks and what they left behind."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

__all__ = ["disclose_command", "export_command", "runs_command", "verify_command"]

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("disclose")
@click.argument("notebook", type=_FILE)
@click.option("--restore", is_flag=True, help="Put the cell back even if it was deleted on purpose.")
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if the disclosure isn't up to date.")
def disclose_command(notebook: Path, restore: bool, check: bool) -> None:
    """Write or refresh the disclosure of NOTEBOOK from what its outputs carry."""
    from synthnb._api import disclose_notebook

    changed, status = disclose_notebook(notebook, restore=restore, check=check)
    done = "would change" if check and changed else "updated" if changed else "already up to date"
    click.echo(f"{notebook.name}: disclosure {status}, {done}.")
    if check and changed:
        sys.exit(1)


@click.command("export")
@click.argument("notebook", type=_FILE)
@click.argument("out", type=_FILE)
@click.option("--overwrite", is_flag=True, help="Replace OUT even if it isn't as synthnb wrote it.")
@click.option("--override", help="Why it is exported although a gate failed, in words; the record states it.")
def export_command(notebook: Path, out: Path, overwrite: bool, override: str | None) -> None:
    """Export NOTEBOOK with its disclosure to OUT (.html, .md or .ipynb)."""
    from synthnb.jupyter.exporting import export_notebook

    detail = export_notebook(notebook, out, overwrite=overwrite, override=override)["detail"]
    record = f"record {detail['record_digest'][:19]}…" if detail["record_digest"] else "no record: nothing in it was made by synthnb"
    click.echo(f"Wrote {out} ({detail['bytes']:,} bytes, {record}).")


@click.command("verify")
@click.argument("path", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def verify_command(path: Path, as_json: bool) -> None:
    """Recompute every digest in PATH (notebook, export or data file); exit with 1 if anything drifted."""
    from synthnb._api import verify

    findings = verify(path)
    if as_json:
        click.echo(json.dumps(findings, indent=1, ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(f"{finding['status']:<13} {finding['what']}: {finding['detail']}")
    if any(finding["status"] not in {"ok", "not looked at"} for finding in findings):
        sys.exit(1)


@click.command("runs")
@click.option("--json", "as_json", is_flag=True, help="Print whole entries, one JSON object a line.")
def runs_command(as_json: bool) -> None:
    """List what was done in this folder's project, oldest first."""
    from synthnb._api import runs
    from synthnb.jupyter.mime import runs_bundle

    entries = runs()
    if as_json:
        for entry in entries:
            click.echo(json.dumps(entry, ensure_ascii=False))
    else:
        click.echo(runs_bundle(entries)["text/plain"])
