"""Typed options of a trainable: a frozen dataclass whose fields say what a study may set.

    @dataclass(frozen=True, kw_only=True)
    class Options:
        lr: float = option(1e-3, help="learning rate", low=0, low_open=True)
        loss: str = option("euclidean", help="what is minimised", kind="losses")
        loss_params: Mapping[str, Any] = parameters_of("loss")

A study's configuration is flat: the hyperparameters of the chosen loss (its keyword-only parameters, read from its
source) stand beside the options, and `read` gathers them in `loss_params`. A parameter of a loss that was not chosen
is an error like any unknown key. Everything here works without importing torch, or the loss.
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from trainables import catalog
from trainables.complaints import Complaint
from trainables.option_types import OptionInfo, check_bounds, check_type, parse_annotation, to_type
from trainables.signatures import MISSING

T = TypeVar("T")
_METADATA = "trainables.option"
_PARAMETERS_OF = "trainables.parameters_of"


class OptionsError(ValueError):
    """A configuration that breaks rules: all of them, in `complaints`."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.complaints = tuple(complaints)
        super().__init__(*self.complaints)

    def __str__(self) -> str:
        return "\n".join(map(str, self.complaints))  # not before it is asked for: finding near names takes a while

    def __reduce__(self) -> tuple[type[OptionsError], tuple[object, ...]]:
        return OptionsError, (self.complaints,)  # it crosses processes


def option(
    default: Any = MISSING,
    *,
    help: str,  # noqa: A002  (the word that argparse, click and typer use)
    low: float | None = None,
    high: float | None = None,
    low_open: bool = False,
    choices: tuple[Any, ...] | None = None,
    kind: str | None = None,
) -> Any:
    """A dataclass field that a study may set; required without a default, nullable if its type is `X | None`.

    low, high: inclusive bounds of numbers, low exclusive with low_open. choices: the only values allowed.
    kind: the value is a name from this kind of the catalogue, or a dotted name.
    """
    metadata = {
        "help": help,
        "low": low,
        "high": high,
        "low_open": low_open,
        "choices": choices,
        "kind": kind,
    }
    if default is MISSING:
        return dataclasses.field(metadata={_METADATA: metadata})
    return dataclasses.field(default=default, metadata={_METADATA: metadata})


def parameters_of(option_name: str) -> Any:
    """A dataclass field that `read` fills with the parameters of what the named option chose."""
    return dataclasses.field(default_factory=dict, metadata={_PARAMETERS_OF: option_name})


def describe(cls: type, chosen: Mapping[str, Any] | None = None) -> tuple[OptionInfo, ...]:
    """Every key that a configuration may hold, options first, then the parameters of what they choose.

    chosen: for an option with `parameters_of`, the name or names that it takes; all of the catalogue's where it is
    not given. Parameters with one name are one entry, whose `owners` are the choices that take it.
    Raises CatalogError if a chosen name does not exist.
    """
    return tuple(_infos(cls, chosen).values())


def _infos(cls: type, chosen: Mapping[str, Any] | None = None) -> Mapping[str, OptionInfo]:
    if chosen is None:
        return _infos_of(cls, None)
    names = ((owner, (given,) if isinstance(given, str) else tuple(given)) for owner, given in chosen.items())
    return _infos_of(cls, tuple(names))


@functools.lru_cache(maxsize=1024)  # asked for in every cell of a grid: it would be most of what checking a study takes
def _infos_of(cls: type, chosen: tuple[tuple[str, tuple[str, ...]], ...] | None) -> Mapping[str, OptionInfo]:
    hints = typing.get_type_hints(cls)
    infos = {
        f.name: OptionInfo(name=f.name, type=hints[f.name], default=_default(f), **f.metadata[_METADATA])
        for f in _fields(cls)
        if _METADATA in f.metadata
    }
    result = dict(infos)
    for owner in _parametrised(cls):
        kind = infos[owner].kind or ""
        for name in dict(chosen or ()).get(owner, catalog.names(kind)):
            for info in _parameters(kind, name, owner):
                if info.name in infos:
                    raise catalog.CatalogError(f"must have no parameter {info.name}: that is an option", name)
                result[info.name] = result[info.name].merged(info) if info.name in result else info
    return result


def check_value(cls: type, name: str, value: object, chosen: Mapping[str, Any] | None = None) -> Complaint | None:
    """What is wrong with `name: value`, None if nothing is. Types are strict: no 3.0 for an int, no 1 for a bool.

    chosen: as for `describe`. Raises CatalogError if a chosen name does not exist.
    """
    infos = _infos(cls, chosen)
    if name not in infos:
        return _unknown_key(cls, name, infos)
    complaint = _check(infos[name], value)
    if complaint is None and name in _parametrised(cls):
        signature = catalog.signature(infos[name].kind or "", str(value))
        for clash in [n for n in (signature.option_names if signature else ()) if n in _defaults(cls)]:
            return Complaint(name, f"must have no parameter {clash}: that is an option", value)
    return complaint


def read(cls: type[T], config: Mapping[str, Any]) -> T:
    """Build the options from a flat configuration, ints made floats where a float is meant.

    If the class has a method `check()`, the Complaints that it yields about the built options count too.
    Raises OptionsError with everything that is wrong: unknown keys, missing ones, types, bounds, names.
    """
    plain: type = cls
    owners = _parametrised(plain)
    given = {owner: config.get(owner, default) for owner, default in _defaults(plain).items() if owner in owners}
    chosen = {owner: name for owner, name in given.items() if name is not MISSING}
    wrong_names = {owner: c for owner, name in chosen.items() if (c := check_value(cls, owner, name))}
    # Which parameters there are depends on the chosen names: with a wrong one, any of the catalogue's may be meant.
    infos = _infos(cls, None if wrong_names else chosen)
    others = {key: value for key, value in config.items() if key not in wrong_names}
    complaints = [*wrong_names.values(), *_check_given(cls, infos, others)]
    known = [info for info in infos.values() if not info.owners or (chosen.keys() == owners.keys() and not wrong_names)]
    complaints += [_missing(info) for info in known if info.default is MISSING and info.name not in config]
    if complaints:
        raise OptionsError(complaints)
    values = {key: to_type(infos[key].type, value) for key, value in config.items()}
    own = {key: value for key, value in values.items() if not infos[key].owners}
    gathered = {
        field_name: {k: v for k, v in values.items() if any(o.startswith(f"{owner}=") for o in infos[k].owners)}
        for owner, field_name in owners.items()
    }
    options = cls(**own, **gathered)
    if complaints := list(getattr(options, "check", list)()):
        raise OptionsError(complaints)
    return options


@functools.cache
def _parametrised(cls: type) -> dict[str, str]:
    """Option name -> the field that gathers the parameters of what it chose."""
    return {f.metadata[_PARAMETERS_OF]: f.name for f in _fields(cls) if _PARAMETERS_OF in f.metadata}


@functools.cache
def _defaults(cls: type) -> dict[str, Any]:
    """Option name -> its default, or MISSING."""
    return {f.name: _default(f) for f in _fields(cls) if _METADATA in f.metadata}


def _fields(cls: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(cls)


def _default(field: dataclasses.Field[Any]) -> Any:
    return MISSING if field.default is dataclasses.MISSING else field.default


def _parameters(kind: str, name: str, owner: str) -> Iterator[OptionInfo]:
    signature = catalog.signature(kind, name)
    for parameter in signature.options if signature else ():
        yield OptionInfo(
            name=parameter.name,
            type=parse_annotation(parameter.annotation),
            default=parameter.default,
            help=f"parameter of {owner} {name}",
            owners=(f"{owner}={name}",),
        )


def _check_given(cls: type, infos: Mapping[str, OptionInfo], config: Mapping[str, Any]) -> Iterator[Complaint]:
    for key, value in config.items():
        complaint = _check(infos[key], value) if key in infos else _unknown_key(cls, key, infos)
        if complaint:
            yield complaint


def _missing(info: OptionInfo) -> Complaint:
    because = f" (needed by {', '.join(info.owners)})" if info.owners else ""
    return Complaint(info.name, f"must be given{because}", None)


def _unknown_key(cls: type, key: str, known: Iterable[str]) -> Complaint:
    info = _infos(cls).get(key)
    if info is not None and info.owners:
        return Complaint(key, f"belongs only to {', '.join(info.owners)}", key)
    return Complaint(str(key), "must be a known option", key, tuple(known))


def _check(info: OptionInfo, value: object) -> Complaint | None:
    rule = check_type(info.type, value)
    if rule is None and value is not None:
        if info.choices is not None and value not in info.choices:
            return Complaint(info.name, "must be one of the choices", value, tuple(map(str, info.choices)))
        rule = check_bounds(info, value)
    if rule is not None:
        return Complaint(info.name, rule, value)
    if info.kind and isinstance(value, str):
        try:
            catalog.signature(info.kind, value)
        except catalog.CatalogError as error:
            return Complaint(info.name, error.rule, value, error.choices)
    return None
