"""Bounded, typed domains that share one surface.

check(value) -> the broken rule or None; cast(value) -> the typed value; sample(rng); values() -> all values if they
can be listed, else None; extremes() -> the values that stand for the bounds; to_spec() -> the YAML form. Numeric
ones are uniform on a *latent* interval, in which searchers work: latent, decode(x) -> value, encode(value) -> x.
"""

from search_spaces.domains.continuous import LogUniform, Normal, Uniform
from search_spaces.domains.discrete import Choice, Constant
from search_spaces.domains.integers import Int, LogInt
from search_spaces.domains.parse import DOMAINS, Domain, Numeric, parse_domain

__all__ = [
    "DOMAINS",
    "Choice",
    "Constant",
    "Domain",
    "Int",
    "LogInt",
    "LogUniform",
    "Normal",
    "Numeric",
    "Uniform",
    "parse_domain",
]
