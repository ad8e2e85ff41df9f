"""Names that lead out of the study: they must lead somewhere. Nothing is imported to find out."""

from __future__ import annotations

from collections.abc import Iterator

from trainables import catalog
from tuner.checks.view import StudyView
from tuner.errors import Problem
from tuner.names import is_file


def check_trainable(view: StudyView) -> Iterator[Problem]:
    """The trainable is a catalogue name, or a module or file that defines the attribute."""
    try:
        catalog.signature("trainables", view.study.trainable)
    except catalog.CatalogError as error:
        yield Problem(("trainable",), error.rule, error.given, error.choices)


def check_cluster(view: StudyView) -> Iterator[Problem]:
    """The cluster is local, a running one, or a launcher file that exists."""
    cluster = view.study.cluster
    if cluster in ("local", "auto"):
        return
    if "://" in cluster:
        rule = "must be local, auto (a running cluster, asked from one of its nodes) or a launcher file"
        yield Problem(("cluster",), rule, cluster)
    elif not is_file(cluster):
        yield Problem(("cluster",), "must be local, auto or a launcher file that exists", cluster, ("local", "auto"))
