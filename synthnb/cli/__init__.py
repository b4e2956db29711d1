"""The `synthnb` command, one file per command group."""
