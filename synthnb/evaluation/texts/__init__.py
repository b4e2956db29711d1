"""What texts are evaluated by: their variety, their likeness to real ones, what they were to say, and what they repeat."""

from synthnb.evaluation.texts.attributes import ATTRIBUTES_STEP
from synthnb.evaluation.texts.distance import DISTANCE_STEP
from synthnb.evaluation.texts.diversity import DIVERSITY_STEP
from synthnb.evaluation.texts.identifiers import IDENTIFIERS_STEP
from synthnb.evaluation.texts.labels import LABELS_STEP
from synthnb.evaluation.texts.length import LENGTH_STEP
from synthnb.evaluation.texts.memorisation import MEMORISATION_STEP
from synthnb.evaluation.texts.redundancy import REDUNDANCY_STEP
from synthnb.evaluation.texts.stereotypes import STEREOTYPES_STEP
from synthnb.evaluation.texts.utility import UTILITY_STEP

__all__ = [
    "ATTRIBUTES_STEP",
    "DISTANCE_STEP",
    "DIVERSITY_STEP",
    "IDENTIFIERS_STEP",
    "LABELS_STEP",
    "LENGTH_STEP",
    "MEMORISATION_STEP",
    "REDUNDANCY_STEP",
    "STEREOTYPES_STEP",
    "UTILITY_STEP",
]
