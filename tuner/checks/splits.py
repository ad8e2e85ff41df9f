"""Which split selects, and which device computes."""

from __future__ import annotations

from collections.abc import Iterator

from results.records import measures_test
from tuner.checks.view import StudyView
from tuner.errors import Problem


def check_splits(view: StudyView) -> Iterator[Problem]:
    """Selection never sees test data unless the protocol says so; a device is asked for where it is used."""
    study = view.study
    metric, protocol = study.search.metric, study.protocol
    on_test = protocol.select_on == "test"
    if measures_test(metric) and not on_test:
        rule = "is measured on test data, which selection must not see unless protocol.select_on is test"
        yield Problem(("search", "metric"), rule, metric)
    if metric.startswith("val/") and on_test:
        rule = "must be a test/ metric where protocol.select_on is test"
        yield Problem(("search", "metric"), rule, metric)
    if on_test and not protocol.test_every_epoch:
        yield Problem(("protocol", "select_on"), "test needs protocol.test_every_epoch: true")
    gpu = study.resources.gpu
    if study.device == "cuda" and gpu.share == 0:
        yield Problem(("device",), "cuda needs a share of a GPU: set resources.gpu")
    if study.device == "cpu" and gpu.share > 0 and not gpu.if_present:
        yield Problem(("resources", "gpu"), "must be 0 where device is cpu", gpu.share)
