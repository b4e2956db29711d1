"""What a description says outright, read by rules: no model takes part, and nothing is guessed."""

from synthnb.recipes.statements.reading import LONGEST, read_statements
from synthnb.recipes.statements.statement import Reading, Statement

__all__ = ["LONGEST", "Reading", "Statement", "read_statements"]
