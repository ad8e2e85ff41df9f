"""Options of the schedulers, by the names of Ray's own arguments. Units: steps of the study's budget key."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tuner.options.base import Options

PAUSING = ("hyperband", "pbt")  # they pause and clone trials, which only Tune's own controller can do


class Fifo(Options):
    """Every trial runs to the end of its budget."""


class Asha(Options):
    """Asynchronous successive halving: at each rung only the best 1/reduction_factor go on.

    grace_period: first rung; no trial is stopped before it. reduction_factor: 3 keeps a third. brackets: number of
    brackets, each starting one rung later; 1 is plain ASHA. Li et al. 2020.
    """

    grace_period: int = Field(1, ge=1)
    reduction_factor: float = Field(4, gt=1)
    brackets: int = Field(1, ge=1)


class HyperBand(Options):
    """HyperBand, which pauses trials and lets the best of each bracket go on. Li et al. 2017."""

    reduction_factor: float = Field(3, gt=1)


class Median(Options):
    """Stops a trial whose best value is worse than the median of the others' running means at the same step.

    grace_period: steps before a trial can be stopped. min_samples_required: trials that the median needs.
    """

    grace_period: int = Field(1, ge=1)
    min_samples_required: int = Field(3, ge=1)
    min_time_slice: int = Field(0, ge=0)


class Pbt(Options):
    """Population-based training: the worst trials copy the best ones' weights and perturb their parameters.

    perturbation_interval: steps between exchanges. quantile_fraction: share of the population that copies, and is
    copied. resample_probability: chance of a fresh draw instead of a factor 1.2 or 0.8. mutations: names of the
    parameters that are perturbed; null is every searched numeric one. synch: wait for the whole population at each
    exchange. Jaderberg et al. 2017.
    """

    perturbation_interval: int = Field(1, ge=1)
    quantile_fraction: float = Field(0.25, ge=0, le=0.5)
    resample_probability: float = Field(0.25, ge=0, le=1)
    mutations: Annotated[tuple[str, ...], Field(min_length=1, strict=False)] | None = None
    synch: bool = False


SCHEDULERS: dict[str, type[Options]] = {
    "asha": Asha,
    "fifo": Fifo,
    "hyperband": HyperBand,
    "median": Median,
    "pbt": Pbt,
}
