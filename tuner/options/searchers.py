"""Options of the searchers. Defaults are those of the libraries: a plain name means here what it means there."""

from __future__ import annotations

from pydantic import Field

from tuner.options.base import Options


class HyperOpt(Options):
    """Tree-structured Parzen estimators as HyperOpt has them. Bergstra et al. 2011 and 2013.

    n_initial: trials drawn from the space before TPE takes over, known good points and running trials included.
    gamma: of n trials the best gamma * sqrt(n), at most 25, are the good ones that TPE imitates.
    n_candidates: draws of which each parameter's best is taken. prior_weight: weight of the space's own distribution
    beside the trials seen, each of which weighs 1.
    """

    n_initial: int = Field(20, ge=1)
    gamma: float = Field(0.25, gt=0, le=1)
    n_candidates: int = Field(24, ge=1)
    prior_weight: float = Field(1.0, gt=0)


class Optuna(Options):
    """Tree-structured Parzen estimators as Optuna has them. Watanabe 2023.

    n_initial: trials that must have ended before TPE takes over. multivariate: model the parameters jointly; those
    that are not active in every trial are then modelled each on its own. n_candidates: draws of which the best is
    taken. constant_liar: count running trials as bad, so that trials at the same time differ.
    """

    n_initial: int = Field(10, ge=0)
    multivariate: bool = True
    n_candidates: int = Field(24, ge=1)
    constant_liar: bool = True


class Random(Options):
    """Independent draws from the space."""


class Grid(Options):
    """Every configuration of a space whose values can be listed; known good points come first."""


SEARCHERS: dict[str, type[Options]] = {"grid": Grid, "hyperopt": HyperOpt, "optuna": Optuna, "random": Random}
