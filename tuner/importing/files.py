"""A Ray Tune experiment directory, read from its JSON files alone; whatever is wrong with them is told at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuner.dispatch.tune_metrics import flat, without_colours
from tuner.errors import InputError, Problem

_STATE_FILES = "experiment_state-*.json"
_PICKLED = "_type"  # Ray writes what JSON does not know as {"_type": "CLOUDPICKLE_FALLBACK", "value": ...}
_ORDER = re.compile(r"(\d+)(?:_|$)")


@dataclass(frozen=True, kw_only=True)
class TuneTrial:
    """One trial as Ray left it.

    status: Ray's, such as TERMINATED or ERROR. config: flat, nested keys joined by "/". sampled: those of its keys that
    the searcher or the parameter space chose. stopping: Ray's stopping criterion, by metric. results: the lines of
    result.json, flat. started_s: None if it never was.
    """

    trial_id: str
    status: str
    order: int | None
    config: Mapping[str, Any]
    sampled: frozenset[str]
    stopping: Mapping[str, Any]
    results: tuple[Mapping[str, Any], ...]
    started_s: float | None
    error: str | None


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """trials: in the order of their creation. metric: what it was run for, where Ray noted that.

    torn: files whose last line a kill cut in half; what stands before it was read.
    """

    path: Path
    metric: str | None
    trainable: str
    started_s: float | None
    trials: tuple[TuneTrial, ...]
    torn: tuple[Path, ...]


def read_experiment(path: Path) -> Experiment:
    """Read the experiment's state, and of each trial params.json, result.json and error.txt.

    Raises InputError with every problem: no experiment, no state of this format, a line that is not JSON, a trial's
    folder that is not there or lies elsewhere.
    """
    state = _state(path)
    reader = _Reader(path.resolve())
    trials = [trial for entry in state["trial_data"] if (trial := reader.trial(entry)) is not None]
    if not reader.problems and not any(trial.results for trial in trials):
        off = "unless its JSON logger is off (TUNE_DISABLE_AUTO_CALLBACK_LOGGERS)"
        rule = f"must hold results: Ray writes them to each trial's result.json, {off}"
        reader.problems.append(Problem((), rule, str(path), option="PATH"))
    if reader.problems:
        raise InputError(reader.problems)
    runner = state.get("runner_data") or {}
    return Experiment(
        path=path,
        metric=_text(runner.get("_metric")),
        trainable=", ".join(dict.fromkeys(reader.trainables)),
        started_s=_number((state.get("stats") or {}).get("start_time")),
        trials=tuple(sorted(trials, key=_creation)),
        torn=tuple(reader.torn),
    )


def _state(path: Path) -> dict[str, Any]:
    """The newest state: each run of an experiment that was restored leaves one, and the last has all trials."""
    files = sorted(path.glob(_STATE_FILES)) if path.is_dir() else []
    if not files:
        found = sorted({file.parent.name for file in path.glob(f"*/{_STATE_FILES}")}) if path.is_dir() else []
        rule = f"must be the folder of a Ray Tune experiment, with {_STATE_FILES}"
        raise InputError([Problem((), rule, str(path), tuple(found), option="PATH")])
    try:
        state = json.loads(files[-1].read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError([Problem((), f"must be JSON ({error})", file=str(files[-1]))]) from None
    if not isinstance(state, dict) or not isinstance(state.get("trial_data"), list):
        rule = "must hold trial_data, as Ray Tune 2.4 and later write it"
        raise InputError([Problem((), rule, file=str(files[-1]))])
    return state


class _Reader:
    """Reads trials, collecting what is wrong."""

    def __init__(self, root: Path) -> None:
        self.problems: list[Problem] = []
        self.torn: list[Path] = []
        self.trainables: list[str] = []
        self._root = root

    def trial(self, entry: Any) -> TuneTrial | None:
        """A trial from its entry in the state: two JSON texts, what it is and how it went; None if it is not that."""
        try:
            trial, went = (json.loads(part) if isinstance(part, str) else part for part in entry)
            trial_id, status = str(trial["trial_id"]), str(trial["status"])
        except (TypeError, ValueError, KeyError):
            rule = "must be trials as Ray Tune 2.4 and later write them: two JSON texts each, with trial_id and status"
            self.problems.append(Problem(("trial_data",), rule, str(entry)[:60]))
            return None
        folder = self._folder(trial_id, trial, status)
        self.trainables.append(str(trial.get("trainable_name")))
        order = _ORDER.match(str(trial.get("experiment_tag")))
        error = folder / "error.txt" if folder is not None else None
        return TuneTrial(
            trial_id=trial_id,
            status=status,
            order=int(order[1]) if order is not None else None,
            config=self._config(folder, trial),
            sampled=frozenset(trial.get("evaluated_params") or {}),
            stopping=dict(trial.get("stopping_criterion") or {}),
            results=tuple(self._lines(folder / "result.json")) if folder is not None else (),
            started_s=_number(went.get("start_time")) if isinstance(went, dict) else None,
            error=_words(error) if error is not None and error.is_file() else None,
        )

    def _folder(self, trial_id: str, trial: Mapping[str, Any], status: str) -> Path | None:
        """The trial's folder; None for one that was never started."""
        name = trial.get("relative_logdir")
        if not name:
            return None
        folder = (self._root / str(name)).resolve()
        if not folder.is_relative_to(self._root):
            self._refuse(f"trial {trial_id} must lie inside the experiment", name)
        elif folder.is_dir():
            return folder
        elif status != "PENDING":
            self._refuse(f"the folder of trial {trial_id} must be there", name)
        return None

    def _refuse(self, rule: str, name: Any) -> None:
        self.problems.append(Problem((), rule, str(name), option="PATH"))

    def _config(self, folder: Path | None, trial: Mapping[str, Any]) -> dict[str, Any]:
        """From params.json, which has texts for what is no JSON; from the state if Ray's logger did not write it."""
        path = folder / "params.json" if folder is not None else None
        if path is None or not path.is_file():
            config = trial.get("config") or {}
        else:
            try:
                config = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                self.problems.append(Problem((), f"must be JSON ({error})", file=str(path)))
                return {}
        return flat(_without_pickles(config)) if isinstance(config, dict) else {}

    def _lines(self, path: Path) -> Iterator[Mapping[str, Any]]:
        """The results of a trial; a last line without its end is left out, any other that is no JSON is a problem."""
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        lines = text.split("\n")
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                result = json.loads(line)
            except ValueError:
                result = None
            if isinstance(result, dict):
                yield flat(result)
            elif number == len(lines):
                self.torn.append(path)
            else:
                self.problems.append(Problem((), "must be a JSON object", line[:60], file=str(path), line=number))


def _without_pickles(value: Any) -> Any:
    """A configuration with a word in place of what Ray pickled, which is not opened."""
    if not isinstance(value, dict):
        return value
    if _PICKLED in value and value.keys() <= {_PICKLED, "value"}:
        return "(a Python object)"
    return {str(key): _without_pickles(item) for key, item in value.items()}


def _creation(trial: TuneTrial) -> tuple[float, float, str]:
    """By the number in Ray's tag of the trial, which is the order of creation; else by the start."""
    number = trial.order if trial.order is not None else float("inf")
    return (number, trial.started_s if trial.started_s is not None else float("inf"), trial.trial_id)


def _words(path: Path) -> str:
    return without_colours(path.read_text(encoding="utf-8", errors="replace")).strip()


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
