"""YAML form -> domain: `{loguniform: [1.0e-4, 1.0e-2]}`, `{choice: [sgd, adam]}`, `{constant: 0.95}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from search_spaces.domains.continuous import LogUniform, Normal, Uniform
from search_spaces.domains.discrete import Choice, Constant
from search_spaces.domains.integers import Int, LogInt
from search_spaces.values import integer_rule, number_rule
from search_spaces.violations import SpaceError, Violation

Numeric = Uniform | LogUniform | Normal | Int | LogInt
Domain = Numeric | Choice | Constant
Path = tuple[str | int, ...]

DOMAINS: dict[str, type[Domain]] = {
    domain.kind: domain for domain in (Uniform, LogUniform, Normal, Int, LogInt, Choice, Constant)
}
_NORMAL_KEYS = ("mean", "std", "low", "high")


def parse_domain(spec: object, path: Path = ()) -> Domain:
    """The domain that a mapping with one key describes: the key names the domain, the value its bounds.

    path: where the mapping stands, for the errors. Raises SpaceError with every violation found.
    """
    kind, body = _kind_and_body(spec, path)
    here = (*path, kind)
    if kind == Choice.kind:
        return _built(here, lambda: Choice(cast("tuple[Any, ...]", body)))
    if kind == Constant.kind:
        return _built(here, lambda: Constant(body))
    if kind == Normal.kind:
        numbers = _normal_numbers(body, here)
        return _built(here, lambda: Normal(**numbers))
    low, high = _bounds(body, here, integers=kind in (Int.kind, LogInt.kind))
    interval = cast("type[Uniform | LogUniform | Int | LogInt]", DOMAINS[kind])
    return _built(here, lambda: interval(low, high))


def _kind_and_body(spec: object, path: Path) -> tuple[str, object]:
    names = tuple(DOMAINS)
    if not isinstance(spec, Mapping):
        hint = "" if spec is None or isinstance(spec, list) else f"; a set value is written {{constant: {spec}}}"
        raise SpaceError([Violation(path, f"must be a domain{hint}", spec, names)])
    unknown = [key for key in spec if key not in DOMAINS]
    if unknown:
        raise SpaceError([Violation((*path, str(key)), "must name a domain", key, names) for key in unknown])
    if len(spec) != 1:
        raise SpaceError([Violation(path, "must name exactly one domain", list(spec), names)])
    return next(iter(spec.items()))


def _bounds(body: object, path: Path, *, integers: bool) -> tuple[Any, Any]:
    if not isinstance(body, list | tuple) or len(body) != 2:
        raise SpaceError([Violation(path, "must be a list of two numbers, [low, high]", body)])
    rule_of = integer_rule if integers else number_rule
    _raise_if_any([Violation((*path, i), rule, end) for i, end in enumerate(body) if (rule := rule_of(end))])
    return (body[0], body[1])


def _normal_numbers(body: object, path: Path) -> dict[str, Any]:
    if not isinstance(body, Mapping):
        raise SpaceError([Violation(path, "must be a mapping of mean, std, low and high", body)])
    problems = [
        Violation((*path, str(key)), "is unknown", key, _NORMAL_KEYS) for key in body if key not in _NORMAL_KEYS
    ]
    problems += [Violation(path, f"must have `{key}`", list(body)) for key in _NORMAL_KEYS if key not in body]
    problems += [
        Violation((*path, key), rule, body[key])
        for key in _NORMAL_KEYS
        if key in body and (rule := number_rule(body[key]))
    ]
    _raise_if_any(problems)
    return dict(body)


def _built(path: Path, build: Callable[[], Domain]) -> Domain:
    """The domain, its violations moved to where it stands."""
    try:
        return build()
    except SpaceError as error:
        raise SpaceError([Violation(path, v.rule, v.given, v.choices) for v in error.violations]) from None


def _raise_if_any(violations: list[Violation]) -> None:
    if violations:
        raise SpaceError(violations)
