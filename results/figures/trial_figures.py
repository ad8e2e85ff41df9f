"""Figures of a search's best trial, by name: each takes a `Source`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from results.figures import (
    accuracy_by_threshold,
    class_curves,
    class_distribution,
    clusters,
    confusion,
    curves,
    embedding_space,
    examples,
    loss_surface,
    recall,
    reliability,
    size_against_distance,
    target_values,
    templates,
    true_class_probability,
)
from results.figures.figure import Figure


def _curve(name: str, about: str) -> Figure:
    return Figure(about, partial(curves.data, quantity=f"geometry/{name}"), curves.draw)


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
