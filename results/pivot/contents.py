"""What may stand in a table's cell, as a study writes it. Pure.

test/accuracy                    a metric
test/accuracy/{rule}             a metric for each rule: a factor `rule` made of the metrics' names
test/accuracy/{rule:cos|euc}     of these alone, in this order
best val/accuracy/{rule}         which rule has the best of these, by the search's mode
config/lr                        a hyperparameter of the best trial, a fixed option or a factor
step                             the best trial's best step
runs                             how many runs the test metric (else the search's own) is the mean of
optimism                         the search's metric of the winner minus the same on the test split
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

CONFIG, BEST = "config/", "best "
Kind = Literal["metric", "best", "config", "step", "runs", "optimism"]
_WORDS: dict[str, Kind] = {"step": "step", "runs": "runs", "optimism": "optimism"}
_FACTOR = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Content:
    """One thing that a table shows. name: a metric's pattern or a hyperparameter. factors: those that it makes."""

    label: str
    kind: Kind
    name: str
    factors: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    choices: tuple[tuple[str, ...], ...] = ()

    @property
    def shown(self) -> str:
        """Its name as a note tells it: the choices of a factor left out."""
        return re.sub(r":[^{}]*\}", "}", self.name)

    def bindings(self, metrics: Iterable[str]) -> list[tuple[tuple[str, ...], str]]:
        """The values of its factors and the metric that each combination names; given choices first, in order."""
        if self.pattern is None:
            return [((), self.name)]
        found = {match.groups(): name for name in metrics if (match := self.pattern.fullmatch(name))}
        return sorted(found.items(), key=lambda item: [self._place(i, part) for i, part in enumerate(item[0])])

    def _place(self, index: int, value: str) -> tuple[int, str]:
        choices = self.choices[index]
        return (choices.index(value), value) if value in choices else (0, value)


def parse_content(text: str, label: str | None = None) -> Content:
    """Read one thing. Raises ValueError with the rule that it breaks."""
    given = label if label is not None else _FACTOR.sub("", text.removeprefix(CONFIG)).rstrip("/")
    if text in _WORDS:
        return Content(given, _WORDS[text], text)
    if text == CONFIG:
        raise ValueError("must name a parameter, as in config/lr")
    if text.startswith(CONFIG):
        return Content(given, "config", text.removeprefix(CONFIG))
    kind: Kind = "best" if text.startswith(BEST) else "metric"
    name = text.removeprefix(BEST).strip()
    if not name:
        raise ValueError("must name a metric, config/<parameter>, step, runs or optimism")
    bare = _FACTOR.sub("", name)
    if "{" in bare or "}" in bare:
        raise ValueError("must close its braces, as in test/accuracy/{rule}")
    parts = _FACTOR.split(name)
    if len(parts) == 1:
        if kind == "best":
            raise ValueError("must have a factor to choose from, as in best val/accuracy/{rule}")
        return Content(given, "metric", name)
    factors, choices, pattern = [], [], re.escape(parts[0])
    for inner, after in zip(parts[1::2], parts[2::2], strict=True):
        factor, _, among = inner.partition(":")
        if not _NAME.fullmatch(factor) or factor in factors:
            raise ValueError("must name each factor once, as in test/accuracy/{rule} or {rule:cos|euc}")
        factors.append(factor)
        choices.append(tuple(filter(None, among.split("|"))))
        pattern += f"({'|'.join(map(re.escape, choices[-1])) or '[^/]+'})" + re.escape(after)
    return Content(given, kind, name, tuple(factors), re.compile(pattern), tuple(choices))
