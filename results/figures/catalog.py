"""Figures by name: of a best trial, of a search, of a study. Adding one is its file and its line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from results.figures import class_curves, confusion, curves, templates, true_class_probability

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


class Figure(NamedTuple):
    """data: what is shown, of a Source or StudySource; raises NotDrawnError where that has none.

    draw: puts it on a new canvas.
    """

    about: str
    data: Callable[[Any], Any]
    draw: Callable[[Any], Canvas]


TRIAL_FIGURES: Mapping[str, Figure] = {
    "loss": Figure("loss of each split by epoch", partial(curves.data, quantity="loss"), curves.draw),
    "cost": Figure("loss and penalty by epoch", partial(curves.data, quantity="cost"), curves.draw),
    "accuracy": Figure("accuracy of each split by epoch", partial(curves.data, quantity="accuracy"), curves.draw),
    "templates": Figure("learnt weights of each class as a picture", templates.data, templates.draw),
    "true_class_probability": Figure(
        "probability of the true class, right and wrong predictions apart",
        true_class_probability.data,
        true_class_probability.draw,
    ),
    "confusion_matrix": Figure("which classes are taken for which", confusion.data, confusion.draw),
    "roc": Figure("ROC curve of each class", partial(class_curves.data, kind="roc"), class_curves.draw),
    "precision_recall": Figure(
        "precision against recall of each class", partial(class_curves.data, kind="precision_recall"), class_curves.draw
    ),
}

SEARCH_FIGURES: Mapping[str, Figure] = {}  # of all trials of a search
STUDY_FIGURES: Mapping[str, Figure] = {}  # of all searches of a study: these take a StudySource
