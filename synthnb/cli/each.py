"""One command on many files, for hooks and continuous integration: ``python -m synthnb.cli.each verify FILE…``.

Files that synthnb has left no trace in, and that nobody signed, are passed over. What stands between
the command and the files and begins with ``--`` goes to the command. The exit status is the largest of all.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from synthnb.cli.checking import check_command
from synthnb.cli.notebooks import disclose_command
from synthnb.cli.verifying import verify_command
from synthnb.errors import SynthnbError

__all__ = ["main", "run_each"]

COMMANDS: dict[str, click.Command] = {"verify": verify_command, "disclose": disclose_command, "check": check_command}
_TRACE = b"synthnb"
_CHUNK = 1 << 20


def main() -> None:
    """Run a command on each file named on the command line."""
    sys.exit(run_each(sys.argv[1:]))


def run_each(words: list[str]) -> int:
    """Run a command on each file, and return the largest exit status."""
    from synthnb.disclosure.verify.artefacts import about

    if not words or words[0] not in COMMANDS:
        click.echo(f"synthnb: A command was expected: {', '.join(COMMANDS)}.", err=True)
        return 2
    name, *rest = words
    options = [word for word in rest if word.startswith("--")]
    files = [Path(word) for word in rest if not word.startswith("--")]
    kept = list(dict.fromkeys(about(file) if name == "verify" else file for file in files))
    concerned = [file for file in kept if not file.is_file() or _is_ours(file)]
    click.echo(f"synthnb {name}: {len(concerned)} of {len(kept)} files hold something of synthnb.")
    return max((_run(COMMANDS[name], [*options, "--", str(file)]) for file in concerned), default=0)


def _is_ours(file: Path) -> bool:
    """Whether synthnb has left a trace in a file or beside it."""
    from synthnb.disclosure.sidecar import sidecar_of
    from synthnb.disclosure.verify.signatures import places_of

    if places_of(file) or sidecar_of(file).is_file():
        return True
    before = b""
    with file.open("rb") as opened:
        while piece := opened.read(_CHUNK):
            if _TRACE in before + piece:
                return True
            before = piece[-len(_TRACE) :]
    return False


def _run(command: click.Command, words: list[str]) -> int:
    try:
        command.main(words, standalone_mode=False)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SynthnbError as error:
        click.echo(f"synthnb: {error}", err=True)
        return 1
    return 0


if __name__ == "__main__":
    main()
