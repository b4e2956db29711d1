"""Questions and answers written from documents: whether they rest on them, what of them they cover, what they repeat.

A frame of questions has the columns ``question``, ``answer``, ``evidence``, ``document``, ``start``, ``end``, ``level`` and
``concepts`` (separated by ``;``), and perhaps ``evidence_2`` and so on; the documents' texts are stated as ``sources``.
"""

from synthnb.evaluation.corpora.coverage import COVERAGE_STEP
from synthnb.evaluation.corpora.evidence import EVIDENCE_STEP
from synthnb.evaluation.corpora.repetition import CONTAMINATION_STEP, REDUNDANCY_STEP

__all__ = ["CONTAMINATION_STEP", "COVERAGE_STEP", "EVIDENCE_STEP", "REDUNDANCY_STEP"]
