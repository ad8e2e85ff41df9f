"""Figures by name: of a best trial, of a search, of a study. Adding one is its file and its line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from results.figures import (
    accuracy_by_threshold,
    against,
    best_so_far,
    class_curves,
    class_distribution,
    confusion,
    curves,
    importance,
    intermediate_values,
    optimization_history,
    over_epochs,
    parameters,
    recall,
    recall_table,
    target_values,
    templates,
    timeline,
    true_class_probability,
    tuned_accuracy,
)

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
    "recall": Figure("share of each class's images that is recognised", recall.data, recall.draw),
    "class_distribution": Figure("training images of each class", class_distribution.data, class_distribution.draw),
    "target_values": Figure(
        "class and non-class values by epoch, with the spread of the outputs", target_values.data, target_values.draw
    ),
    "accuracy_by_threshold": Figure(
        "accuracy by decision threshold, and the tuned ones", accuracy_by_threshold.data, accuracy_by_threshold.draw
    ),
}

# Of all trials of a search.
SEARCH_FIGURES: Mapping[str, Figure] = {
    "optimization_history": Figure(
        "value of each trial, and the best so far", optimization_history.data, optimization_history.draw
    ),
    "intermediate_values": Figure(
        "each trial's metric step by step, and what ended it", intermediate_values.data, intermediate_values.draw
    ),
    "slice": Figure("value by each parameter", partial(parameters.data, kind="slice"), parameters.draw),
    "contour": Figure("value by pairs of parameters", partial(parameters.data, kind="contour"), parameters.draw),
    "parallel_coordinate": Figure(
        "configurations as lines", partial(parameters.data, kind="parallel_coordinate"), parameters.draw
    ),
    "importance_ped_anova": Figure(
        "which parameters made a trial one of the best", partial(importance.data, method="ped_anova"), importance.draw
    ),
    "importance_fanova": Figure(
        "which parameters explain how trials differ", partial(importance.data, method="fanova"), importance.draw
    ),
    "best_so_far": Figure("best value against the epochs spent", best_so_far.data, best_so_far.draw),
    "timeline": Figure("when each trial ran, and how it ended", timeline.data, timeline.draw),
}
# Of all searches of a study: these take a StudySource.
STUDY_FIGURES: Mapping[str, Figure] = {
    "searches_best_so_far": Figure(
        "best value of each search against the epochs spent", best_so_far.study_data, best_so_far.draw
    ),
    "accuracy_over_epochs": Figure(
        "accuracy of each search by epoch",
        partial(over_epochs.data, what="accuracy (share of {split} images)", metrics=("test/accuracy", "val/accuracy")),
        over_epochs.draw,
    ),
    "loss_over_epochs": Figure(
        "training loss of each search by epoch",
        partial(over_epochs.data, what="loss (mean over {split} images)", metrics=("train/loss", "val/loss")),
        over_epochs.draw,
    ),
    "separation_over_epochs": Figure(
        "separation of class and non-class values of each search by epoch",
        partial(over_epochs.data, what="separation (mean over classes)", metrics=("targets/separation/mean",)),
        over_epochs.draw,
    ),
    "accuracy_against_separation": Figure(
        "accuracy of each run against the separation of its target values",
        partial(
            against.data,
            what="separation of class and non-class values (mean)",
            metric="targets/separation/mean",
            whole=True,
        ),
        against.draw,
    ),
    "accuracy_against_confidence": Figure(
        "accuracy of each run against its confidence",
        partial(
            against.data,
            what="confidence (mean cosine to the predicted target, {split} images)",
            metric="{split}/confidence",
            whole=False,
        ),
        against.draw,
    ),
    "tuned_accuracy": Figure(
        "what tuned decision thresholds gain over the default", tuned_accuracy.data, tuned_accuracy.draw
    ),
    "recall_table": Figure(
        "share of each class's images that each search recognises", recall_table.data, recall_table.draw
    ),
}
