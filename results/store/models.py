"""A search's best model, logged so that it loads without unpickling, and registered if it is the best so far."""

from __future__ import annotations

import json
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mlflow import MlflowClient
from mlflow.entities import LoggedModel, LoggedModelOutput, LoggedModelStatus
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from results.records import SearchOutcome, SearchRecord, TrialRecord
from results.store import codec, describe, reading, view
from results.store.names import legal_model_name, quoted

if TYPE_CHECKING:
    from torch import Tensor, nn

CHAMPION = "champion"
# What loading and calling the model needs; without a list MLflow spends 15 s on finding one.
_REQUIREMENTS = ("mlflow", "torch", "numpy")


class Exported(Protocol):
    """A module in evaluation mode with one tensor in and one out, and two or more example rows."""

    @property
    def module(self) -> nn.Module:
        """Maps a batch of inputs to one tensor with the same number of rows."""
        ...

    @property
    def example(self) -> Tensor:
        """At least two rows: an export from one row is fixed to that batch size."""
        ...


class Candidate(NamedTuple):
    """A search with a best trial, by its run. final: the final run that the model is of, None: the trial itself."""

    run: str
    experiment: str
    outcome: SearchOutcome
    trial: TrialRecord
    final: TrialRecord | None = None

    @property
    def search(self) -> SearchRecord:
        """The search that it won."""
        return self.outcome.search


class Registered(NamedTuple):
    """A registered model: `uri` loads this version, `models:/<name>@champion` whatever is best."""

    name: str
    version: int
    value: float
    uri: str


def log_model(client: MlflowClient, candidate: Candidate, *, name: str, exported: Exported) -> Registered | None:
    """Log and register the model of `candidate` as a new version of `name` if it beats every version so far.

    Versions are compared by the search's metric (its mode says which way); those of another metric do not count.
    The best version carries the alias `champion`. A second call with the same trial registers nothing, and
    finishes what a first one that was cut had begun. Returns the trial's version; None if another's is the champion.
    `name` is made legal.
    Raises ValueError if the example has fewer than two rows or the trial has no best result.
    """
    search, trial = candidate.search, candidate.trial
    best = trial.best(search.metric, search.mode)
    if best is None:
        raise ValueError(f"a model to register must have a finite {search.metric}, but {trial.trial_id} has none")
    if len(exported.example) < 2:
        raise ValueError(f"a model's example must have at least 2 rows, but got {len(exported.example)}")
    name = legal_model_name(name)
    value = best.metrics[search.metric]
    champion = _champion(client, name, search)
    if champion is not None and not _better(value, _value(champion), search):
        _crown(client, name, champion, candidate)
        own = champion.tags.get("tuner.trial_id") == trial.trial_id
        return _registered(name, champion, value) if own else None
    logged = _logged_model(client, candidate, value, exported)
    try:
        client.create_registered_model(name, tags={"tuner.metric": search.metric, "tuner.mode": search.mode})
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    created = client.create_model_version(
        name,
        source=logged.artifact_location,
        run_id=candidate.run,
        model_id=logged.model_id,
        tags={**_tags(candidate, value), "tuner.model_id": logged.model_id},
        description=_note(client, candidate),
    )
    _crown(client, name, created, candidate)
    registered = _registered(name, created, value)
    versions = json.dumps([{"name": name, "version": registered.version}])
    client.set_logged_model_tags(logged.model_id, {"mlflow.modelVersions": versions})  # the UI's link between them
    return registered


def _registered(name: str, version: ModelVersion, value: float) -> Registered:
    return Registered(name, int(version.version), value, f"models:/{name}/{version.version}")


def _champion(client: MlflowClient, name: str, search: SearchRecord) -> ModelVersion | None:
    """The best of all versions that were judged by the same metric and mode."""
    versions = [
        version
        for version in client.search_model_versions(f"name = {quoted(name)}")
        if version.tags.get("tuner.metric") == search.metric and version.tags.get("tuner.mode") == search.mode
    ]
    sign = 1.0 if search.mode == "max" else -1.0
    return max(versions, key=lambda version: (sign * _value(version), -int(version.version)), default=None)


def _crown(client: MlflowClient, name: str, champion: ModelVersion, candidate: Candidate) -> None:
    """Give the alias to the best version; if that is the candidate's, tell its run, and describe it anew.

    More final runs than when it was registered make another mean and interval of the same model.
    """
    version = str(champion.version)
    client.set_registered_model_alias(name, CHAMPION, version)
    client.update_registered_model(name, describe.model_note(candidate.outcome, version, _value(champion)))
    if champion.tags.get("tuner.trial_id", candidate.trial.trial_id) == candidate.trial.trial_id:
        client.set_tag(candidate.run, "tuner.model", f"{name}/{version}")
        note = _note(client, candidate)
        if champion.description != note:
            client.update_model_version(name, version, note)


def _note(client: MlflowClient, candidate: Candidate) -> str:
    """The version's description, with links to the runs that it comes from."""
    runs = {candidate.search.search_id: candidate.run}
    for kind, record in (("trial", candidate.trial), ("final", candidate.final)):
        run = reading.run_of(client, kind, record.trial_id) if record is not None else None
        if record is not None and run is not None:
            runs[record.trial_id] = run
    links = {identity: view.run_link("", candidate.experiment, run).lstrip("/") for identity, run in runs.items()}
    return describe.version_note(candidate.outcome, candidate.final, links)


def _logged_model(client: MlflowClient, candidate: Candidate, value: float, exported: Exported) -> LoggedModel:
    """The logged model of this trial and value: one that an earlier, cut call finished, or a new one.

    One that such a call began and did not finish is deleted.
    """
    tags = _tags(candidate, value)
    for model in client.search_logged_models([candidate.experiment], f"source_run_id = {quoted(candidate.run)}"):
        if not tags.items() <= model.tags.items():
            continue
        if model.status == LoggedModelStatus.READY:
            return model
        client.delete_logged_model(model.model_id)
    return _save(client, candidate, tags, exported)


def _save(client: MlflowClient, candidate: Candidate, tags: dict[str, str], exported: Exported) -> LoggedModel:
    with warnings.catch_warnings():
        # mlflow warns of a type hint of its own when this is first imported
        warnings.filterwarnings("ignore", ".*Any type hint is inferred", UserWarning)
        import mlflow.pyfunc
        import mlflow.pytorch
    import torch
    from mlflow.models import Model, infer_signature

    module = exported.module.eval().cpu()
    example = exported.example.detach().cpu()
    with torch.no_grad():
        output = module(example)
    params = {**candidate.search.cell, **candidate.trial.config}
    model = client.create_logged_model(
        candidate.experiment,
        name="model",
        source_run_id=candidate.run,
        tags=tags,
        params={param.key: param.value for param in codec.as_params(params)},
        model_type="pytorch",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        mlflow.pytorch.save_model(
            module,
            path=str(path),
            mlflow_model=Model(
                artifact_path=model.artifact_location,
                run_id=candidate.run,
                model_uuid=model.model_id,
                model_id=model.model_id,
            ),
            signature=infer_signature(example.numpy(), output.numpy()),
            input_example=example[:2].numpy(),
            pip_requirements=[f"{package}=={version(package)}" for package in _REQUIREMENTS],
            metadata={"trial": candidate.trial.trial_id, "config": json.dumps(params, default=str)},
            serialization_format="pt2",
        )
        client.log_model_artifacts(model.model_id, str(path))
    client.log_outputs(candidate.run, [LoggedModelOutput(model.model_id, step=0)])
    return client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)


def _tags(candidate: Candidate, value: float) -> dict[str, str]:
    return {
        "tuner.metric": candidate.search.metric,
        "tuner.mode": candidate.search.mode,
        "tuner.value": repr(value),
        "tuner.trial_id": candidate.trial.trial_id,
        **({} if candidate.final is None else {"tuner.final_id": candidate.final.trial_id}),
    }


def _value(version: ModelVersion) -> float:
    return float(version.tags["tuner.value"])


def _better(value: float, than: float, search: SearchRecord) -> bool:
    return value > than if search.mode == "max" else value < than
