"""Human review: a blinded sample, rubrics, rating files, and what the ratings show.

::

    frames ──► items (one form) ──► sample (key kept apart) ──► raters ──► rating files ──► results
                                              │                                               ▲
                                              └───────────── key, joined only here ───────────┘
"""

from synthnb.evaluation.human.items import Item
from synthnb.evaluation.human.results import Results
from synthnb.evaluation.human.review import Review
from synthnb.evaluation.human.rubrics import RUBRICS, Answer, Question, Rubric, find_rubric
from synthnb.evaluation.human.starting import damaged_reviews, export_review, kept_reviews, open_review, start_review

__all__ = [
    "RUBRICS",
    "Answer",
    "Item",
    "Question",
    "Results",
    "Review",
    "Rubric",
    "damaged_reviews",
    "export_review",
    "find_rubric",
    "kept_reviews",
    "open_review",
    "start_review",
]
