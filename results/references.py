"""What a paper printed, as data: numbers, bounds, choices and hyperparameters, each with its place in the paper.

`results/reference/<study>.yaml` holds the works that this project re-runs; a user's own file has the same shape.
docs/verify.md describes it key by key.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Scalar = str | int | float | bool | None
_SCALES = {"percent": 0.01, "fraction": 1.0, "none": 1.0}


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class AtStep(_Section):
    """One step of every trial."""

    step: int = Field(ge=0)


class Within(_Section):
    """The best value of any step up to this one."""

    within: int = Field(ge=0)


At = Literal["best", "last"] | AtStep | Within


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else (value,)


def _filled(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Unlike `min_length` this does not call a list empty whose entries are wrong."""
    if not entries:
        raise ValueError("must not be empty")
    return entries


class Entry(_Section):
    """One thing that the paper printed: a value, a curve, a bound, a choice or a hyperparameter; or that it is lost."""

    place: str = Field(min_length=1)
    """Where the paper prints it."""
    name: str = Field(min_length=1)
    """What it is, in the paper's words."""
    cell: dict[str, Scalar] = {}
    """Which search: values of the grid's factors, or of fixed options."""
    config: dict[str, Scalar] = {}
    """Which trials of it, by their configuration; without it the best trial and those configured like it."""
    protocol: dict[str, Scalar] = {}
    """Settings that the paper's run had; where ours differ, the numbers are not compared."""
    note: str = ""

    metric: str | None = None
    """The key under which our trials report the same thing."""
    at: At = "best"
    """Which step of a trial counts."""
    unit: Literal["fraction", "percent", "none"] = "fraction"
    """percent: printed 99.9 where our metric says 0.999."""
    images: int | None = Field(None, ge=1)
    """Images of the paper's evaluation set: the value is a proportion of them."""
    tolerance: float = Field(0.0, ge=0)
    """What a vague wording ("near 40%") leaves open, in printed units."""

    value: Scalar = None
    """A number, or with `parameter` the hyperparameter's value."""
    curve: dict[int, float] = {}
    """A number for each of several steps."""
    at_least: float | None = None
    at_most: float | None = None
    choice: Annotated[tuple[Scalar, ...], BeforeValidator(_as_tuple)] = ()
    """What came out best; several where the paper names several."""
    among: dict[str, str] = {}
    """What it was chosen from: names and the metrics that judge them."""
    factor: str | None = None
    """Or the factor of the grid whose values it was chosen from, judged by `metric`."""
    parameter: str | None = None
    """The hyperparameter that `value` is of."""
    missing: str = ""
    """Why the printed value is not at hand."""

    @model_validator(mode="after")
    def _whole(self) -> Entry:
        bounded = self.at_least is not None or self.at_most is not None
        kinds = {
            "value": self.value is not None,
            "curve": bool(self.curve),
            "at_least/at_most": bounded,
            "choice": bool(self.choice),
            "missing": bool(self.missing),
        }
        if sum(kinds.values()) != 1:
            given = ", ".join(name for name, is_given in kinds.items() if is_given) or "none"
            raise ValueError(f"must have exactly one of {', '.join(kinds)}, but has {given}")
        judged_by_metric = self.value is not None and self.parameter is None
        if (judged_by_metric or self.curve or bounded or self.factor) and self.metric is None:
            raise ValueError("must name the metric that it is compared with")
        if judged_by_metric and (isinstance(self.value, bool) or not isinstance(self.value, int | float)):
            raise ValueError(f"value must be a number, but is {self.value!r}")
        if self.choice and bool(self.among) == bool(self.factor):
            raise ValueError("a choice must have one of among and factor")
        return self

    @property
    def scale(self) -> float:
        """What a printed number is multiplied with to compare it with our metric."""
        return _SCALES[self.unit]

    def single(self) -> Iterator[Entry]:
        """One entry a step for a curve, the entry itself for anything else."""
        if not self.curve:
            yield self
        for step, value in self.curve.items():
            update = {"curve": {}, "value": value, "at": AtStep(step=step), "name": f"{self.name}, epoch {step}"}
            yield self.model_copy(update=update)


class Reference(_Section):
    """Everything that one paper printed."""

    study: str = Field(min_length=1)
    """The study that re-runs it."""
    title: str
    source: str
    """The file that it was read from, or where it was published."""
    protocol: dict[str, Scalar] = {}
    """Settings that hold for every entry; `trials` and `epochs` mean search.trials and budget.max."""
    entries: Annotated[tuple[Entry, ...], Field(strict=False), AfterValidator(_filled)]


def shipped() -> tuple[str, ...]:
    """The studies whose papers' numbers are at hand."""
    folder = resources.files("results") / "reference"
    return tuple(sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml")))


def load(study: str) -> Reference:
    """The printed numbers of a shipped study. Raises FileNotFoundError for another, ValidationError for a bad file."""
    text = (resources.files("results") / "reference" / f"{study}.yaml").read_text(encoding="utf-8")
    return Reference.model_validate(yaml.safe_load(text))
