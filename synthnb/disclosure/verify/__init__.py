"""Recompute every digest, and name what differs between cell, metadata, outputs, ledger and files.

What is checked here shows that the parts still fit together. Without a signature it doesn't show
who wrote them: whoever rewrites every part leaves no trace. With one it shows that nothing changed since, or what did.

::

    findings  one thing that was checked            outcomes   what a check comes to
    records   a record in itself                    named      a file that a record names
    notebooks, exports, tables, ledgers             one kind of file each
    signatures  whose they are, are they right      since      what changed since a signature
    artefacts   which of these a path needs         folders    all of it, and files nobody accounts for
"""

from __future__ import annotations

from synthnb.disclosure.verify.artefacts import verify_path, verify_with
from synthnb.disclosure.verify.exports import verify_export
from synthnb.disclosure.verify.findings import Finding, all_ok
from synthnb.disclosure.verify.notebooks import verify_notebook
from synthnb.disclosure.verify.outcomes import Verification
from synthnb.disclosure.verify.signatures import Trust
from synthnb.disclosure.verify.tables import verify_table

__all__ = ["Finding", "Trust", "Verification", "all_ok", "verify_export", "verify_notebook", "verify_path", "verify_table", "verify_with"]
