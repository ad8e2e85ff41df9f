"""The schema of a study file: every key, its type, its default. What takes two keys to judge is in `tuner.checks`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    PrivateAttr,
    WithJsonSchema,
)

from results.addresses import broken_rule
from results.redaction import redacted
from results.report.section import ReportSection
from tuner.grid import Grid, read_grid
from tuner.grid import Scalar as Scalar
from tuner.names import named_mapping
from tuner.options.plugin import Plugin, Scheduler, Searcher, Stopper
from tuner.options.stoppers import parse_duration
from tuner.shapes import FREE_MAPPING, GRID, NAME, POINT, SPACE
from tuner.yaml_lines import parse_yaml

STUDY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

EpochTimeout = Annotated[
    Annotated[float, Field(gt=0)] | None,
    BeforeValidator(parse_duration, json_schema_input_type=float | str | None),
]


class Section(BaseModel):
    """A part of a study: unknown keys are refused, types are not converted, nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class Budget(Section):
    """What one trial may use up."""

    key: str = Field("epoch", min_length=1)
    """The metric that counts a trial's steps: `epoch` for our own trainables, any reported key for a foreign one."""
    max: int = Field(ge=1)
    """Steps after which a trial is done."""


class OutOfMemory(Section):
    """How a trial goes on that runs out of memory."""

    halve: str = Field(min_length=1)
    """The hyperparameter that it goes on with half of, such as `batch_size`."""
    times: int = Field(3, ge=1, le=16)
    """How often at most; then it has failed."""


class SearchSection(Section):
    """How each search looks for its best trial."""

    metric: str = Field(min_length=1)
    """The reported metric that is optimised, such as `val/accuracy`."""
    mode: Literal["min", "max"]
    """Whether a small or a large metric is good."""
    trials: int = Field(ge=1)
    """Configurations that each search tries."""
    budget: Budget
    max_concurrent: int = Field(1, ge=1)
    """Trials of one search that run at a time."""
    epoch_timeout: EpochTimeout = None
    """A trial or final run that is silent for longer is ended: "90s", "10m", "1h 30m" or seconds; none by default."""
    out_of_memory: OutOfMemory | None = None
    """How a trial goes on that runs out of memory; by default it has failed."""
    parallel_searches: int = Field(1, ge=1)
    """Searches that run side by side."""
    searcher: Searcher = Field(Plugin("random"), validate_default=True)
    """Where the next configuration comes from."""
    scheduler: Scheduler = Field(Plugin("fifo"), validate_default=True)
    """Which trials are cut short."""
    stoppers: Annotated[tuple[Stopper, ...], Field(strict=False)] = ()
    """When a trial or a whole search is over."""
    seed: int = Field(1, ge=0, lt=2**63)
    """Every seed of every search and trial follows from it."""


class Protocol(Section):
    """Which split selects the best trial."""

    select_on: Literal["validation", "test"] = "validation"
    """`test` is what some papers did; tables say so. It needs `test_every_epoch`."""
    test_every_epoch: bool = False
    """Also measure the test split at each epoch."""


class Checkpoints(Section):
    """What stays on the disk of a search that is over."""

    keep: int = Field(1, ge=1)
    """Trials, from the best one down, whose best checkpoint is kept. Those of final runs always are."""


class Final(Section):
    """What becomes of each search's best configuration."""

    seeds: int = Field(ge=1, le=1000)
    """Runs on fresh seeds, on training and validation images together, for the epochs selected; each opens the test
    split once. Instead of the search's own test metrics."""


class Gpu(Section):
    """The part of a GPU that one trial takes."""

    share: Annotated[float, Field(ge=0), AfterValidator(_share)]
    """0.25 puts four trials on one GPU; memory is not divided by Ray. 1 or more must be a whole number."""
    if_present: bool = False
    """Run on the CPU where the cluster has no GPU, instead of failing before the start."""


def _name(value: str) -> str:
    if not STUDY_NAME.fullmatch(value):
        raise ValueError('must be a file name: at most 64 letters, digits, "_", "." and "-", a letter or digit first')
    return value


def _share(value: float) -> float:
    if value > 1 and not value.is_integer():
        raise ValueError("must be a share of one GPU (at most 1) or a whole number of GPUs")
    return value


def _uri(value: str | None) -> str | None:
    if value is not None and (rule := broken_rule(value)):
        raise ValueError(rule)
    return value


def _gpu(value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return {"share": value} if number else value


class ResourcesSection(Section):
    """What one trial asks of a machine."""

    cpu: float = Field(1, gt=0)
    """CPU cores, and the number of threads a trial computes with (at least one)."""
    gpu: Annotated[Gpu, BeforeValidator(_gpu, json_schema_input_type=float | Gpu)] = Gpu(share=0)
    """A share of one GPU (0.25), whole GPUs (2), or `{share: 0.25, if_present: true}`."""


class Tracking(Section):
    """Where the record is kept."""

    uri: Annotated[str | None, AfterValidator(_uri)] = None
    """An MLflow tracking URI; by default `mlflow.db` (SQLite) in the home."""
    register_models: bool = Field(True, alias="register")
    """Register each search's best model under the alias `champion`."""


class Study(Section):
    """What to try, how to judge it, where to run it: one YAML file.

    `Study(...)` judges each key alone; `load_study`, `plan_study` and `run` also judge the keys together.
    """

    name: Annotated[str, AfterValidator(_name), WithJsonSchema(NAME)]
    """A legal file name of at most 64 characters; the MLflow experiment is named so."""
    trainable: str = Field(min_length=1)
    """A catalogue name, `package.module:attr`, or `file.py:attr` with the file beside the study."""
    grid: Annotated[Grid, PlainValidator(read_grid), PlainSerializer(Grid.plain), WithJsonSchema(GRID)] = Grid({})
    """Factors that are compared: one search per combination of their values, or per cell of a list of cells."""
    space: Annotated[dict[str, Any], PlainValidator(named_mapping), WithJsonSchema(SPACE)] = {}
    """Parameters that are searched, with their conditions; `extends` names a preset to start from."""
    fixed: Annotated[dict[str, Any], PlainValidator(named_mapping), WithJsonSchema(FREE_MAPPING)] = {}
    """Parameters that are the same in every trial."""
    start_with: Annotated[
        tuple[Annotated[dict[str, Any], PlainValidator(named_mapping), WithJsonSchema(POINT)], ...],
        Field(strict=False),
    ] = ()
    """Points that each search tries first; keys inactive in a cell are dropped, missing ones drawn."""
    search: SearchSection
    final: Final | None = None
    """Train the best configuration of each search anew on several seeds."""
    protocol: Protocol = Protocol()
    resources: ResourcesSection = Field(default_factory=lambda: ResourcesSection.model_validate({}))
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """`auto`: CUDA where the trial was given a GPU, else the CPU."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """bf16 is automatic mixed precision."""
    cluster: str = Field("local", min_length=1)
    """`local`, `auto` (a running cluster), or a launcher file beside the study."""
    checkpoints: Checkpoints = Field(default_factory=lambda: Checkpoints.model_validate({}))
    tracking: Tracking = Field(default_factory=lambda: Tracking.model_validate({}))
    report: ReportSection = ReportSection()
    """The tables and figures of its report; changing it changes nothing that is run."""

    _source: str | None = PrivateAttr(None)
    _judged: bool = PrivateAttr(False)

    @property
    def source(self) -> str:
        """The study's text: the file as it was read (overrides on top, as comments), or itself as YAML.

        It is kept and shown, so an address in it has no password.
        """
        if self._source is not None and not _hides_secrets(self._source):
            return redacted(self._source)
        return redacted(self._as_yaml())

    def _as_yaml(self) -> str:
        return yaml.safe_dump(self.model_dump(mode="json", by_alias=True), sort_keys=False)

    @property
    def judged(self) -> bool:
        """Whether its keys have been judged together: it was read from a file."""
        return self._judged

    def attach_source(self, text: str) -> None:
        """Keep the text that the study was read from, and in which no problem was found."""
        self._source, self._judged = text, True

    def cells(self) -> list[dict[str, Scalar]]:
        """The cells of the grid, one search each; one empty cell without a grid."""
        return self.grid.cells()


def _hides_secrets(text: str) -> bool:
    """Whether YAML writes an address with a secret in such a way (by escapes, say) that it is not seen in the text."""
    return any(redacted(value) != value and value not in text for value in _texts(parse_yaml(text).data))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for below in value.values() if isinstance(value, dict) else value:
            yield from _texts(below)
