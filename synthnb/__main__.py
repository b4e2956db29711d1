"""``python -m synthnb`` is the `synthnb` command."""

from synthnb.cli.main import main

main()
