"""Figures of all searches of a study, by name: each takes a `StudySource`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from results.figures import (
    accuracy_bars,
    against,
    best_so_far,
    over_epochs,
    recall_table,
    size_against_distance,
    tuned_accuracy,
)
from results.figures.figure import Figure


def _geometry(name: str, what: str, *, log: bool) -> Figure:
    metrics = tuple(f"{split}/geometry/{name}" for split in ("test", "val"))
    images = "units of the embedding, {split} images" if log else "{split} images"  # a cosine has no unit
    data = partial(over_epochs.data, what=f"{what}\n({images})", metrics=metrics, log=log)
    return Figure(f"{name.replace('_', ' ')} of each search by epoch", data, over_epochs.draw)


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
    "cluster_size_over_epochs": _geometry("cluster_size", "cluster size \u03c3", log=True),
    "centre_distance_over_epochs": _geometry("centre_distance", "centre distance \u03c1", log=True),
    "class_distance_over_epochs": _geometry("class_distance", "mean distance of class centres", log=True),
    "median_cosine_over_epochs": _geometry("median_cosine", "median cosine to the class centre", log=False),
    "searches_size_against_distance": Figure(
        "centre distance against cluster size, of every search", size_against_distance.data, size_against_distance.draw
    ),
}
