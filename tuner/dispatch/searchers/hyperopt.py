"""HyperOpt's tree-structured Parzen estimator, driven directly: Ray's wrapper takes no conditional starting points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from hyperopt import STATUS_FAIL, STATUS_OK, Trials, tpe
from hyperopt.base import JOB_STATE_DONE, Domain

from search_spaces.space import Space
from tuner.dispatch.searchers.base import Mode, Numbers, number_seed
from tuner.dispatch.searchers.hyperopt_graph import SearchGraph
from tuner.options.searchers import HyperOpt


class HyperOptSearcher:
    """TPE over a conditional space (Bergstra et al. 2011).

    HyperOpt ranks trials by their loss and takes a missing one as infinite. So running trials stand behind all that
    have ended, as a constant liar would put them, and failed ones stay there: TPE learns to keep away from both.
    """

    def __init__(
        self,
        space: Space,
        options: HyperOpt,
        *,
        mode: Mode,
        seed: int,
        start_with: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._options = options
        self._sign = -1.0 if mode == "max" else 1.0
        self._seed = seed
        self._points = start_with
        self._numbers = Numbers()
        self._graph = SearchGraph(space)
        self._domain = Domain(_never_called, self._graph.expression) if self._graph.expression else None
        self._trials = Trials()
        self._documents: dict[int, dict[str, Any]] = {}

    def suggest(self, number: int) -> dict[str, Any]:
        """The starting point of this number, else TPE's suggestion; never exhausted."""
        self._numbers.suggested(number)
        point = self._points[number] if number < len(self._points) else None
        if self._domain is None:
            return self._graph.decode({})
        if point is not None:
            self._insert(number, self._document(number, self._domain, self._graph.encode(point)))
            return dict(point)
        (document,) = tpe.suggest(
            [number],
            self._domain,
            self._trials,
            number_seed(self._seed, number),
            n_startup_jobs=self._options.n_initial,
            gamma=self._options.gamma,
            n_EI_candidates=self._options.n_candidates,
            prior_weight=self._options.prior_weight,
            verbose=False,
        )
        self._insert(number, document)
        return self._graph.decode(document["misc"]["vals"])

    def observe(self, number: int, value: float | None) -> None:
        """Give TPE the trial's value; a failed trial is one without a loss."""
        self._numbers.observed(number)
        if number not in self._documents:
            return
        document = self._documents.pop(number)
        document["state"] = JOB_STATE_DONE
        if value is None or not math.isfinite(value):
            document["result"] = {"status": STATUS_FAIL}
        else:
            document["result"] = {"status": STATUS_OK, "loss": self._sign * value}

    def _document(self, number: int, domain: Any, values: Mapping[str, list[float]]) -> dict[str, Any]:
        """What `tpe.suggest` would have returned, had it come to these values."""
        misc = {
            "tid": number,
            "cmd": domain.cmd,
            "workdir": domain.workdir,
            "idxs": {name: [number] * len(value) for name, value in values.items()},
            "vals": values,
        }
        (document,) = self._trials.new_trial_docs([number], [None], [domain.new_result()], [misc])
        return dict(document)

    def _insert(self, number: int, document: dict[str, Any]) -> None:
        self._trials.insert_trial_docs([document])
        self._trials.refresh()
        self._documents[number] = self._trials.trials[-1]  # the stored copy, which `observe` completes


def _never_called(config: object) -> float:
    """HyperOpt's objective; trials run elsewhere."""
    raise NotImplementedError("trials are run by the dispatcher")
