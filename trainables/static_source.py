"""Reads what a module defines from its source, without importing it.

Validation must know that a name exists and which parameters it takes, and must not pay for `import torch` nor run a
user's code. What cannot be read (a compiled module, `attr = make_it()`, star imports) is answered with "unknown",
never with a guess.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

MAX_HOPS = 10  # `from x import attr` is followed this many times; a longer chain is a cycle

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Definition = FunctionNode | ast.ClassDef


class NotFoundError(LookupError):
    """A module or attribute that is not there. `choices` are the modules, or the references, that are."""

    def __init__(self, rule: str, choices: Iterable[str] = ()) -> None:
        super().__init__(rule)
        self.rule = rule
        self.choices = tuple(choices)


@dataclass(frozen=True)
class Module:
    """A module on disk. path is None when it has no readable source."""

    name: str
    path: Path | None
    is_package: bool = False


def split_reference(reference: str) -> tuple[str, str]:
    """("package.module" or "/a/file.py", "attr") of "package.module:attr". Raises NotFoundError if it is neither."""
    module, _, attribute = reference.rpartition(":")
    if not module or not attribute.isidentifier():
        raise NotFoundError("must be 'package.module:attr' or '/path/file.py:attr'")
    return module, attribute


def find_module(name: str) -> Module:
    """Locate "package.module" or "/path/file.py". Not even parent packages are imported.

    Raises NotFoundError, with the siblings of a misspelt submodule as choices.
    """
    if name.endswith(".py") or "/" in name:
        path = Path(name)
        if not os.path.isfile(path):  # noqa: PTH113  (Path's own raises for names that no file can have)
            beside = os.path.isdir(path.parent)  # noqa: PTH112
            files = sorted(str(p) for p in path.parent.glob("*.py")) if beside else ()
            raise NotFoundError(f"file {name} must exist", files)
        return Module(name, path)
    top, *rest = name.split(".")
    spec = _top_level_spec(top)
    walked = top
    for part in rest:
        locations = list(spec.submodule_search_locations or ()) if spec else []
        walked = f"{walked}.{part}"
        child = PathFinder.find_spec(walked, locations) if locations else None
        if child is None:
            parent = walked.rpartition(".")[0]
            siblings = (f"{parent}.{m.name}" for m in pkgutil.iter_modules(locations))
            raise NotFoundError(f"module {walked} must exist", siblings)
        spec = child
    source = Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    return Module(name, source, is_package=spec.submodule_search_locations is not None)


def find_definition(module: Module, attribute: str) -> Definition | None:
    """The `def` or `class` that `attribute` names in the module, through re-exports; None if it cannot be read.

    Raises NotFoundError if the module defines no such name, or is not valid Python.
    """
    for _ in range(MAX_HOPS):
        if module.path is None:
            return None
        statements = list(_top_level(parse(module.path).body))
        found = _binding(statements, attribute)
        if found is None:
            if any(_binds_unknown_names(statement) for statement in statements):
                return None
            defined = [s.name for s in statements if isinstance(s, Definition)]
            public = [f"{module.name}:{name}" for name in defined if not name.startswith("_")]
            raise NotFoundError(f"module {module.name} must define {attribute}", public)
        if not isinstance(found, ast.ImportFrom):
            return found if isinstance(found, FunctionNode | ast.ClassDef) else None
        original = next(alias.name for alias in found.names if (alias.asname or alias.name) == attribute)
        target = _imported_module(module, found)
        if target is None:
            return None
        module, attribute = find_module(target), original
    return None


def parse(path: Path) -> ast.Module:
    """The syntax tree of a file. Raises NotFoundError if it is not valid Python."""
    try:
        return ast.parse(path.read_bytes(), filename=str(path))
    except (SyntaxError, ValueError) as error:
        line = f" (line {error.lineno})" if isinstance(error, SyntaxError) else ""
        raise NotFoundError(f"file {path} must be valid Python: {error.args[0]}{line}") from None


def _top_level_spec(name: str) -> ModuleSpec:
    try:
        spec = importlib.util.find_spec(name)  # imports nothing: `name` has no parent
    except ValueError:  # a module that is being run as a script has no spec
        spec = None
    if spec is None:
        raise NotFoundError(f"module {name} must exist")
    return spec


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module, also those under `if TYPE_CHECKING` and `try: import`."""
    for statement in body:
        yield statement
        for block in ("body", "orelse", "handlers", "finalbody"):
            if isinstance(statement, ast.If | ast.Try):
                for inner in getattr(statement, block, []):
                    yield from _top_level(inner.body if isinstance(inner, ast.ExceptHandler) else [inner])


def _binding(statements: list[ast.stmt], name: str) -> ast.stmt | None:
    """The last statement that binds the name, as Python has it."""
    return next((s for s in reversed(statements) if name in _bound_names(s)), None)


def _bound_names(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.ImportFrom(names=names):
            return [alias.asname or alias.name for alias in names]
        case ast.Import(names=names):
            return [alias.asname or alias.name.partition(".")[0] for alias in names]
        case ast.Assign(targets=targets):
            return [node.id for t in targets for node in ast.walk(t) if isinstance(node, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


def _binds_unknown_names(statement: ast.stmt) -> bool:
    return (isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*") or (
        isinstance(statement, ast.FunctionDef) and statement.name == "__getattr__"
    )


def _imported_module(module: Module, statement: ast.ImportFrom) -> str | None:
    """The absolute name of the module that `from ... import` reads, None for relative imports of a lone file."""
    if statement.level == 0:
        return statement.module
    if "/" in module.name:
        return None
    package = module.name.split(".")
    keep = len(package) - statement.level + (1 if module.is_package else 0)
    if keep < 1:
        return None
    return ".".join([*package[:keep], *([statement.module] if statement.module else [])])
