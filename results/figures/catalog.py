"""Figures by name: of a best trial, of a search, of a study. Adding one is its file and its line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from results.figures import (
    accuracy_bars,
    accuracy_by_threshold,
    against,
    best_so_far,
    class_curves,
    class_distribution,
    clusters,
    confusion,
    curves,
    embedding_space,
    examples,
    importance,
    intermediate_values,
    loss_surface,
    optimization_history,
    over_epochs,
    parameters,
    recall,
    recall_table,
    reliability,
    size_against_distance,
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


def _curve(name: str, about: str) -> Figure:
    return Figure(about, partial(curves.data, quantity=f"geometry/{name}"), curves.draw)


def _geometry(name: str, what: str, *, log: bool) -> Figure:
    metrics = tuple(f"{split}/geometry/{name}" for split in ("test", "val"))
    data = partial(over_epochs.data, what=what, metrics=metrics, log=log)
    return Figure(f"{name.replace('_', ' ')} of each search by epoch", data, over_epochs.draw)


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
    "reliability": Figure(
        "accuracy against confidence, with the expected calibration error", reliability.data, reliability.draw
    ),
    "cluster_size": _curve("cluster_size", "cluster size by epoch"),
    "centre_distance": _curve("centre_distance", "centre distance by epoch"),
    "class_distance": _curve("class_distance", "distance between class centres by epoch"),
    "median_cosine": _curve("median_cosine", "median cosine to the class centre by epoch"),
    "size_against_distance": Figure(
        "centre distance against cluster size, epoch by epoch",
        size_against_distance.data_of_trial,
        size_against_distance.draw,
    ),
    "embedding_space": Figure(
        "the embedding space in two dimensions, with decision regions", embedding_space.data, embedding_space.draw
    ),
    "clusters": Figure("clusters as circles around their class centres", clusters.data, clusters.draw),
    "loss_surface": Figure("the loss around the learnt class embeddings", loss_surface.data, loss_surface.draw),
    "examples": Figure("a few images after each step of their transform", examples.data, examples.draw),
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
    "accuracy_bars": Figure("accuracy by decision rule, of every search", accuracy_bars.data, accuracy_bars.draw),
    "cluster_size_over_epochs": _geometry("cluster_size", "cluster size \u03c3 ({split})", log=True),
    "centre_distance_over_epochs": _geometry("centre_distance", "centre distance \u03c1 ({split})", log=True),
    "class_distance_over_epochs": _geometry("class_distance", "mean distance of class centres ({split})", log=True),
    "median_cosine_over_epochs": _geometry("median_cosine", "median cosine to the class centre ({split})", log=False),
    "searches_size_against_distance": Figure(
        "centre distance against cluster size, of every search", size_against_distance.data, size_against_distance.draw
    ),
}
