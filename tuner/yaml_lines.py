"""YAML 1.2 (core schema) -> plain values, and the line on which each of them stands.

Safe by construction: only the text's nodes are read, no tag builds an object, aliases are expanded up to a limit.
Numbers are those of YAML 1.2: 1e-4 is a float; on, off, yes and no are text.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from tuner.errors import Problem

Path = tuple[str | int, ...]

MAX_NODES = 10_000  # a study has some hundred; ten nested aliases of ten items each would make 10**10
MAX_DEPTH = 50
_INT = re.compile(r"[-+]?[0-9]+")
_BASED = {"0o": (re.compile(r"0o[0-7]+"), 8), "0x": (re.compile(r"0x[0-9a-fA-F]+"), 16)}
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_SURROGATE = re.compile("[\ud800-\udfff]")  # an escape can write one: "\\ud800"
_NAN = re.compile(r"\.(nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


_PLAIN, _TEXT, _LIST, _MAP = "plain", "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"


class _TooBigError(Exception):
    """The text expands to more than any study has."""


def _limit(nodes: int, depth: int) -> None:
    if nodes > MAX_NODES:
        raise _TooBigError(f"has more than {MAX_NODES:,} values once its aliases are expanded")
    if depth > MAX_DEPTH:
        raise _TooBigError(f"is nested more than {MAX_DEPTH} levels deep (an alias may contain itself)")


class _Loader(yaml.SafeLoader):
    """Composes nodes and resolves nothing: which scalar is a number is decided here, by YAML 1.2."""

    depth = 0
    nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """As PyYAML does, but no deeper and no more than a study needs: its own time and stack are unbounded."""
        self.depth += 1
        self.nodes += 1
        _limit(self.nodes, self.depth)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def resolve(self, kind: type[yaml.Node], value: str, implicit: Any) -> str:  # noqa: ARG002  (PyYAML's signature)
        """The tag of a node that was given none; plain scalars are set apart from quoted ones."""
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _TEXT
        return _LIST if kind is yaml.SequenceNode else _MAP


@dataclass
class Document:
    """The values of a YAML text. lines: where each value stands, counted from 1 (a mapping's value: its key)."""

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def parse_yaml(text: str) -> Document:
    """Read one YAML document. Problems are collected in the result, with lines but without a file."""
    document = Document()
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = ", ".join(part for part in (error.context, error.problem) if part)
        document.problems.append(Problem((), f"is not YAML: {where}", line=mark.line + 1 if mark else None))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        rule = f"is not YAML: the character {chr(int(error.character))!r} is not allowed"
        document.problems.append(Problem((), rule, line=line))
    except _TooBigError as error:
        document.problems.append(Problem((), str(error)))
    else:
        if node is not None:
            _Reader(document).read(node)
    return document


def parse_scalar(text: str) -> Any:
    """The value of a plain (unquoted) YAML 1.2 scalar. Raises ValueError for a number beyond any float."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return _integer(text, 10)
    for pattern, base in _BASED.values():
        if pattern.fullmatch(text):
            return _integer(text[2:], base)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise ValueError("is too large for a number")
        return number
    if infinite := _INFINITE.fullmatch(text):
        return -math.inf if infinite[1] == "-" else math.inf
    return math.nan if _NAN.fullmatch(text) else text


def _integer(digits: str, base: int) -> int:
    try:
        number = int(digits, base)
        float(number)  # what reads it may compute with floats
    except (ValueError, OverflowError):  # Python reads no decimal integer of more than some thousand digits
        raise ValueError("is too large for a number") from None
    return number


class _Reader:
    """Turns nodes into values, once per use: an alias is expanded where it stands."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._nodes = 0

    def read(self, node: yaml.Node) -> None:
        """Fill the document from its root node."""
        try:
            self._document.data = self._value(node, ())
        except _TooBigError as error:
            self._document.problems.append(Problem((), str(error)))

    def _refuse(self, node: yaml.Node, path: Path, rule: str) -> None:
        self._document.problems.append(Problem(path, rule, line=node.start_mark.line + 1))

    def _value(self, node: yaml.Node, path: Path) -> Any:
        self._nodes += 1
        _limit(self._nodes, len(path))
        self._document.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            if node.tag != _LIST:
                self._refuse(node, path, f"has the tag {node.tag}, which is not read here")
            return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        if node.tag != _MAP:
            self._refuse(node, path, f"has the tag {node.tag}, which is not read here")
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key is None:
                continue
            below = (*path, key)
            if key in values:
                first = self._document.lines[below]
                self._refuse(key_node, below, f"stands twice; it is first given in line {first}")
                continue
            self._document.lines[below] = key_node.start_mark.line + 1
            values[key] = self._value(value_node, below)
        return values

    def _key(self, node: yaml.Node, path: Path) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self._refuse(node, path, "has a key that is not a name")
            return None
        if node.value == "<<" and node.tag == _PLAIN:
            self._refuse(node, path, "has a merge key (<<), which YAML 1.2 does not have: write the keys out")
            return None
        return self._text(node, path)

    def _text(self, node: yaml.Node, path: Path) -> str | None:
        text = str(node.value)
        if _SURROGATE.search(text) is None:
            return text
        self._refuse(node, path, "has half a character in it (a surrogate), which no text can hold")
        return None

    def _scalar(self, node: yaml.Node, path: Path) -> Any:
        if node.tag == _TEXT:
            return self._text(node, path)
        if node.tag != _PLAIN:
            self._refuse(node, path, f"has the tag {node.tag}, which is not read here")
            return None
        try:
            value = parse_scalar(node.value)
        except ValueError as error:
            self._refuse(node, path, str(error))
            return None
        if isinstance(value, float) and math.isnan(value):
            self._refuse(node, path, "must not be NaN")
        return value
