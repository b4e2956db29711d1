"""Rules: what every row, or a table as a whole, must satisfy."""

from synthnb.recipes.rules.feasibility import check_rules
from synthnb.recipes.rules.models import (
    Combinations,
    Dependency,
    ExpressionRule,
    FunctionRule,
    Order,
    Range,
    Rule,
    Share,
    Sum,
    Total,
    Unique,
)
from synthnb.recipes.rules.shorthand import parse_rule, parse_rules

__all__ = [
    "Combinations",
    "Dependency",
    "ExpressionRule",
    "FunctionRule",
    "Order",
    "Range",
    "Rule",
    "Share",
    "Sum",
    "Total",
    "Unique",
    "check_rules",
    "parse_rule",
    "parse_rules",
]
