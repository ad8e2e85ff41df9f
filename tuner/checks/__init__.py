"""What only several keys of a study together can tell. Each check yields its problems, paths from the study's top."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from search_spaces.effort import TooMuchWorkError, limited
from tuner.checks.cells import check_cells
from tuner.checks.conditions import check_conditions
from tuner.checks.memory import check_out_of_memory
from tuner.checks.names import check_cluster, check_trainable
from tuner.checks.overlap import check_overlap
from tuner.checks.report import check_report
from tuner.checks.schedules import check_scheduler, check_searcher
from tuner.checks.splits import check_splits
from tuner.checks.start import check_start_with
from tuner.checks.view import StudyView
from tuner.errors import Problem
from tuner.study import Study

MAX_STEPS = 150_000  # about a second; the largest study that is shipped takes 4,000
Check = Callable[[StudyView], Iterator[Problem]]

# Each check with the keys that it judges: it is left out where one of them could not be read.
CHECKS: tuple[tuple[Check, tuple[str, ...]], ...] = (
    (check_trainable, ("trainable",)),
    (check_cluster, ("cluster",)),
    (check_overlap, ()),
    (check_conditions, ("grid", "space", "fixed")),
    (check_cells, ("trainable", "grid", "space", "fixed")),
    (check_start_with, ("grid", "space", "fixed", "start_with")),
    (check_searcher, ("grid", "space", "fixed", "search.searcher")),
    (check_scheduler, ("search.scheduler", "search.budget", "search.max_concurrent", "space")),
    (check_out_of_memory, ("grid", "space", "fixed", "search.out_of_memory", "search.scheduler")),
    (check_report, ("grid", "report")),
    (check_splits, ("search.metric", "protocol", "resources", "device")),
)


def check(study: Study, *, broken: frozenset[tuple[str | int, ...]] = frozenset()) -> list[Problem]:
    """Every problem between the keys of a study. broken: paths at which the study has problems of its own already."""
    places = {".".join(map(str, path[:depth])) for path in broken for depth in (1, 2)}
    whole = {".".join(map(str, path)) for path in broken}
    problems: list[Problem] = []
    try:
        with limited(MAX_STEPS):
            view = StudyView.of(study)
            problems += view.space_problems
            for check_one, needs in CHECKS:
                if not any(need in places or need.partition(".")[0] in whole for need in needs):
                    problems += check_one(view)
    except TooMuchWorkError:
        problems.append(Problem((), "has more combinations of cells, conditions and values than can be checked"))
    return problems
