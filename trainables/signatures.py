"""Signatures as they stand in the source: which parameters there are, which are required, which types they name."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any, Final

from trainables.static_source import Definition


class Missing:
    """The type of MISSING, which stands for "no default" where None may be one."""

    def __repr__(self) -> str:
        return "MISSING"


class Unreadable:
    """The type of UNREADABLE, which stands for a default that is not a literal."""

    def __repr__(self) -> str:
        return "UNREADABLE"


MISSING: Final = Missing()
UNREADABLE: Final = Unreadable()


@dataclass(frozen=True)
class Parameter:
    """One parameter. default: a literal, MISSING, or UNREADABLE. annotation: its source, "" if there is none."""

    name: str
    default: Any = MISSING
    annotation: str = ""

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is MISSING


@dataclass(frozen=True)
class Signature:
    """The parameters of a function, or of a class's `__init__` without self.

    inputs: positional parameters (what the caller provides, such as embeddings and targets).
    options: keyword-only ones (hyperparameters). any_option: it takes `**kwargs` too.
    """

    inputs: tuple[Parameter, ...] = ()
    options: tuple[Parameter, ...] = ()
    any_option: bool = False

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the positional parameters, in order."""
        return tuple(p.name for p in self.inputs)

    @property
    def option_names(self) -> tuple[str, ...]:
        """Names of the keyword-only parameters, in order."""
        return tuple(p.name for p in self.options)


def read_signature(definition: Definition) -> Signature | None:
    """The signature of a definition; None for a class that inherits or generates its `__init__`."""
    if isinstance(definition, ast.ClassDef):
        init = next((s for s in definition.body if isinstance(s, ast.FunctionDef) and s.name == "__init__"), None)
        if init is None:
            return None if definition.bases or definition.decorator_list else Signature()
        whole = _read_arguments(init.args)
        return Signature(whole.inputs[1:], whole.options, whole.any_option)
    return _read_arguments(definition.args)


def class_constant(definition: Definition | None, name: str) -> str | None:
    """The text that a class body assigns to `name`, None if it assigns none."""
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=target)], value=ast.Constant(value=str(text))) if target == name:
                return text
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.Constant(value=str(text))) if target == name:
                return text
    return None


def _read_arguments(arguments: ast.arguments) -> Signature:
    positional = [*arguments.posonlyargs, *arguments.args]
    padding: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    inputs = tuple(map(_parameter, positional, [*padding, *arguments.defaults]))
    options = tuple(map(_parameter, arguments.kwonlyargs, arguments.kw_defaults))
    return Signature(inputs, options, any_option=arguments.kwarg is not None)


def _parameter(argument: ast.arg, default: ast.expr | None) -> Parameter:
    annotation = ast.unparse(argument.annotation) if argument.annotation else ""
    if default is None:
        return Parameter(argument.arg, MISSING, annotation)
    try:
        value = ast.literal_eval(default)
    except ValueError:
        value = UNREADABLE
    return Parameter(argument.arg, value, annotation)
