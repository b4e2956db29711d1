"""The risk record: what attacks showed, from the record; what only a person can say; and which release class that recommends.

```text
entries ──► attacks ──► proposed text ─┐
   │                                   ├──► entry of kind `risk`, in a person's words
   └──► rule table ──► recommended ────┘
```
"""

from __future__ import annotations

from synthnb.disclosure.risk.attacks import Attack, attacks_in, proposed_assessment
from synthnb.disclosure.risk.questions import Question, missing_of, problems_of, questions, steps
from synthnb.disclosure.risk.recommending import Reason, Recommendation, recommend
from synthnb.disclosure.risk.stating import AS_PROPOSED, answered, entry_for_risk, generation_of

__all__ = [
    "AS_PROPOSED",
    "Attack",
    "Question",
    "Reason",
    "Recommendation",
    "answered",
    "attacks_in",
    "entry_for_risk",
    "generation_of",
    "missing_of",
    "problems_of",
    "proposed_assessment",
    "questions",
    "recommend",
    "steps",
]
