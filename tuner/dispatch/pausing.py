"""HyperBand and PBT: they pause and clone trials, so Tune's controller runs them; the Director is told what they do.

A search that uses one cannot be resumed half-way: Tune does not give their state back.
"""

from __future__ import annotations

import random
from typing import Any

from ray.tune.schedulers import FIFOScheduler, HyperBandScheduler, PopulationBasedTraining, TrialScheduler
from ray.tune.search import BasicVariantGenerator, SearchAlgorithm, SearchGenerator
from typing_extensions import override

from search_spaces.domains import Choice, Constant, Domain
from tuner.dispatch.adapters import Forward, ForwardingSearcher
from tuner.dispatch.deaths import accept_all_deaths
from tuner.dispatch.trial import TICKET
from tuner.plan import Search

_SHARED: random.Random = random._inst  # the generator that Tune's PBT draws from


def build_pausing(search: Search, forward: Forward) -> TrialScheduler | None:
    """The scheduler that Tune's controller has to run itself, or None."""
    common: dict[str, Any] = {"time_attr": search.budget_key, "metric": search.metric, "mode": search.mode}
    options = dict(search.scheduler.options)
    if search.scheduler.name == "hyperband":
        return Hyperband(**common, max_t=search.budget_max, **options)
    if search.scheduler.name == "pbt":
        domains = _mutated(search, options.pop("mutations", None))
        # Tune's PBT draws from Python's global generator and takes no seed.
        random.seed(search.seed)
        scheduler = TellingPBT(
            **common,
            **options,
            hyperparam_mutations={name: _mutation(domain) for name, domain in domains.items()},
            custom_explore_fn=lambda config: {**config, **_into_bounds(domains, config)},
        )
        scheduler.forward = forward
        return scheduler
    return None


def _mutated(search: Search, names: list[str] | None) -> dict[str, Domain]:
    """The searched parameters that PBT perturbs: those named, else every unconditional one that is not constant."""
    domains: dict[str, Domain] = {}
    for parameter in search.space.parameters:
        branch = parameter.branches[0]
        fixed = len(parameter.branches) > 1 or branch.when is not None or branch.domain.values() == ()
        if names is None and (fixed or isinstance(branch.domain, Constant)):
            continue
        if names is None or parameter.name in names:
            domains[parameter.name] = branch.domain
    return domains


def _mutation(domain: Domain) -> Any:
    return list(domain.options) if isinstance(domain, Choice) else lambda: domain.sample(_SHARED)


def _into_bounds(domains: dict[str, Domain], config: dict[str, Any]) -> dict[str, Any]:
    """PBT multiplies by 0.8 or 1.2 whatever the bounds and types are; bring its values back into their domains."""
    bounded = {}
    for name, domain in domains.items():
        value = config[name]
        if not isinstance(domain, Choice):
            low, high = domain.extremes()[0], domain.extremes()[-1]
            value = domain.cast(min(max(value, low), high))
        bounded[name] = value
    return bounded


class PopulationSearch(SearchAlgorithm):
    """Tune's generator around our searcher, in a form that its PBT takes.

    PBT refuses a `SearchGenerator` because it ignores what a searcher learns; a population's first configurations may
    come from anywhere all the same.
    """

    def __init__(self, searcher: ForwardingSearcher) -> None:
        self._generator = SearchGenerator(searcher)

    def __reduce__(self) -> tuple[Any, ...]:
        return (BasicVariantGenerator, ())

    @property
    @override
    def metric(self) -> Any:
        return self._generator.metric

    @property
    @override
    def total_samples(self) -> int:
        return int(self._generator.total_samples)

    @override
    def set_search_properties(self, metric: Any, mode: Any, config: dict[str, Any], **spec: Any) -> bool:
        return bool(self._generator.set_search_properties(metric, mode, config, **spec))

    @override
    def add_configurations(self, experiments: Any) -> None:
        self._generator.add_configurations(experiments)

    @override
    def next_trial(self) -> Any:
        return self._generator.next_trial()  # type: ignore[no-untyped-call]

    @override
    def is_finished(self) -> bool:
        return bool(self._generator.is_finished())

    @override
    def set_finished(self) -> None:
        self._generator.set_finished()  # type: ignore[no-untyped-call]


class _OfTune:
    """A scheduler of Tune's: pickled into a snapshot that nobody reads, and a trial that dies ends alone."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (FIFOScheduler, ())

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        accept_all_deaths(tune_controller)
        super().on_trial_add(tune_controller, trial)  # type: ignore[misc]


class Hyperband(_OfTune, HyperBandScheduler):
    """HyperBand; the Director hears of its trials from Tune."""


class TellingPBT(_OfTune, PopulationBasedTraining):
    """Population based training; its exploits, which Tune reports to nobody, go into the ledger."""

    forward: Forward

    @override
    def _exploit(self, tune_controller: Any, trial: Any, trial_to_clone: Any) -> None:
        director, numbers = self.forward.director, self.forward.numbers
        ticket = trial.config.get(TICKET)
        super()._exploit(tune_controller, trial, trial_to_clone)
        if ticket is not None:  # the clone took its donor's whole configuration, name and seed included
            trial.set_config({**trial.config, TICKET: ticket})
        searched = {parameter.name for parameter in director.search.space.parameters}
        config = {key: value for key, value in trial.config.items() if key in searched}
        director.exploit(numbers[trial.trial_id], source=numbers[trial_to_clone.trial_id], config=config)
