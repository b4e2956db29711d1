"""What was done: entries, the record, the cell, the ledger."""
