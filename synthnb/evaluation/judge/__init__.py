"""Judged by a language model: scores and preferences, and whether they can be relied on.

::

    items ──► each question × repeat, answers listed up and down ──► scores
    pairs of a real and a synthetic item ──► A|B and B|A ──► preference, and whether order decided it
                                                       ▼
             repeats agree?   order matters?   long ones preferred?   own family preferred?   people agree?

A judge never sees where an item comes from. Its scores are its own: no figure here says
that a person looked at anything, but the agreement with people who did.
"""

from synthnb.evaluation.judge.asking import Asked
from synthnb.evaluation.judge.judgement import Judgement, judge_items
from synthnb.evaluation.judge.sampling import Lot, of_frames, of_review

__all__ = ["Asked", "Judgement", "Lot", "judge_items", "of_frames", "of_review"]
