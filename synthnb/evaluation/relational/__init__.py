"""Several tables: whether references hold, families are alike, and parents and children go together.

::

    linked.py      one relation in one set of tables
    tables.py      the sets of tables as what steps are given
    views.py       a relation as one table
    keys.py children.py dependence.py families.py each.py     the steps
    evaluating.py  the report
"""

from synthnb.evaluation.relational.children import CHILDREN_STEP
from synthnb.evaluation.relational.dependence import DEPENDENCE_STEP
from synthnb.evaluation.relational.each import TABLES_STEP
from synthnb.evaluation.relational.evaluating import evaluate_tables
from synthnb.evaluation.relational.keys import KEYS_STEP

__all__ = ["CHILDREN_STEP", "DEPENDENCE_STEP", "KEYS_STEP", "TABLES_STEP", "evaluate_tables"]
