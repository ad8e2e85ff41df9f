"""What a study leaves in MLflow: one run for the study, one for each search under it, one for each trial under that.

Everything may be sent again. Runs are found by their tags before they are created; metrics carry the journal's
timestamps, and MLflow keeps equal rows once; parameters are sent once and never change; tags and files overwrite.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlflow.entities import Metric
from numpy.typing import NDArray

from results.records import ResultRecord, SearchOutcome, SearchRecord, StudyRecord, TrialRecord
from results.store import artifacts, codec, finish, folders, models, reading, view
from results.store.connection import ask_once, connect, may_pass, sqlite_path
from results.store.runs import Runs, RunSpec, as_tags
from results.tables import Table


class Store:
    """A tracking store. What each `begin_` returns is the run that later calls take.

    uri: `sqlite:////absolute/path.db` (created if missing), or any MLflow tracking address.
    artifact_root: the folder for the artifacts of new experiments; None leaves it to the server, or takes
    `artifacts/` beside a SQLite file. retries: False for a caller that repeats by itself what was refused.
    Raises ValueError for a relative SQLite address. One thread at a time.
    """

    def __init__(self, uri: str, *, artifact_root: Path | None = None, retries: bool = True) -> None:
        path = sqlite_path(uri)
        if not retries:
            ask_once()
        if artifact_root is None and path is not None:
            artifact_root = path.parent / artifacts.FOLDER
        self.uri = uri
        self._client = connect(uri)
        self._runs = Runs(self._client, artifact_root.resolve() if artifact_root is not None else None)
        self._views: dict[str, view.View] = {}  # by experiment and study run

    def begin_study(self, record: StudyRecord) -> str:
        """Find or create the study's experiment and run; save its views and its file `study.yaml`."""
        experiment = self._runs.experiment(record.name)
        spec = RunSpec(
            kind="study",
            identity=record.study_id,
            name=record.study_id,
            started_at_ms=record.started_at_ms,
            tags=codec.study_tags(record),
            params=record.params,
        )
        run = self._runs.begin(experiment, spec)
        self._client.log_text(run, record.source, "study.yaml")
        self._views[run] = view.View(record)
        self._save_view(run)
        return run

    def begin_search(self, study_run: str, record: SearchRecord, *, new: bool = False) -> str:
        """Find or create the run of one search; `new` says that it cannot exist yet and saves the look-up."""
        saved = self._views[study_run]
        spec = RunSpec(
            kind="search",
            identity=record.search_id,
            name=record.key,
            started_at_ms=record.started_at_ms,
            tags=codec.search_tags(record, saved.study.study_id),
            params={**record.cell, **record.params},
            parent=study_run,
        )
        run = self._runs.begin(self._runs.experiment_of(study_run), spec, new=new)
        self._views[run] = saved
        if saved.extend(params=record.cell):
            self._save_view(study_run)
        return run

    def begin_trial(self, search_run: str, search: SearchRecord, trial: TrialRecord, *, new: bool = False) -> str:
        """Find or create the run of one trial; its parameters are the cell's values and its configuration."""
        return self._begin_trial(search_run, search, trial, new=new, params={**search.cell, **trial.config})

    def log_results(self, trial_run: str, results: Sequence[ResultRecord]) -> None:
        """Send the metrics of some steps in one batch (MLflow takes 1,000 values at a time)."""
        self._runs.send(trial_run, metrics=_metrics(results), tags=codec.infinite_tags(results))

    def end_trial(self, trial_run: str, search: SearchRecord, trial: TrialRecord) -> None:
        """Close a trial's run: `best/` metrics at the selection rule's best step, state, reason, error.

        Status FINISHED for a complete trial, KILLED for one stopped early, FAILED for one that failed. The
        results must be in `trial`, but are not sent again.
        """
        tags = as_tags(codec.trial_tags(search, trial))
        self._runs.send(trial_run, metrics=codec.best_metrics(trial, search), tags=tags)
        self._runs.end(trial_run, codec.STATUS[trial.state], trial.ended_at_ms)

    def write_trial(self, search_run: str, search: SearchRecord, trial: TrialRecord, *, new: bool = False) -> str:
        """A whole ended trial in the fewest calls (create, one batch, close): the way for trials of seconds."""
        params = {**search.cell, **trial.config}
        run = self._begin_trial(search_run, search, trial, new=new, params={} if new else params)
        self._runs.send(
            run,
            metrics=[*_metrics(trial.results), *codec.best_metrics(trial, search)],
            params=codec.as_params(params) if new else (),  # one that is known may have begun with another value
            tags=codec.infinite_tags(trial.results),
        )
        self._runs.end(run, codec.STATUS[trial.state], trial.ended_at_ms)
        return run

    def write_final(self, search_run: str, search: SearchRecord, final: TrialRecord) -> str:
        """A final run, ended: a run of its own kind under the search's, with every epoch and its test metrics."""
        spec = RunSpec(
            kind="final",
            identity=final.trial_id,
            name=f"{search.key}/final-{final.number:02d}",
            started_at_ms=final.started_at_ms,
            tags=codec.final_tags(search, final),
            params={**search.cell, **final.config},
            parent=search_run,
        )
        run = self._runs.begin(self._runs.experiment_of(search_run), spec)
        self._runs.send(run, metrics=_metrics(final.results), tags=codec.infinite_tags(final.results))
        self._runs.end(run, codec.STATUS[final.state], final.ended_at_ms)
        return run

    def end_search(
        self,
        search_run: str,
        search: SearchRecord,
        trials: Sequence[TrialRecord],
        *,
        test_metrics: Mapping[str, float],
        finals: Sequence[TrialRecord] = (),
    ) -> None:
        """Close a search's run with its best trial, test metrics, trials by state and `history.parquet`.

        finals: those that the test metrics are the means of, written before by `write_final`.
        """
        outcome = SearchOutcome(
            search=search, trials=trials, test_metrics=test_metrics, finals=finals, run_id=search_run
        )
        end = finish.search_end(outcome)
        self._runs.send(search_run, metrics=end.metrics, tags=end.tags)
        self._runs.settle()
        finish.log_history(self._client, search_run, outcome)
        if search_run in self._views and self._views[search_run].extend(test_metrics=test_metrics):
            self._save_view(search_run)
        self._runs.end(search_run, end.status, end.ended_at_ms)

    def end_study(self, study_run: str, study: StudyRecord, table: Table, *, brief: Table | None = None) -> None:
        """Close a study's run with the best-models table, as files and as the text of its page.

        brief: for the page, where a table with every metric is too wide.
        """
        finish.log_table(self._client, study_run, study, table, brief=brief if brief is not None else table)
        self._client.set_tag(study_run, "tuner.state", "complete")
        self._runs.end(study_run, "FINISHED", None)

    def interrupt(self) -> None:
        """Mark every run that was begun here and not ended as interrupted (KILLED), innermost first."""
        self._runs.interrupt()

    def log_file(self, run: str, path: Path, folder: str | None = None) -> None:
        """Copy a file, or a folder with all that is in it, to the run's artifacts."""
        if path.is_dir():
            self._client.log_artifacts(run, str(path), folder)
        else:
            self._client.log_artifact(run, str(path), folder)

    def log_files(self, run: str, folder: Path, files: Collection[Path], *, to: str) -> bool:
        """Make the run's artifacts under `to` these files of `folder`, figures say; whether anything had to be sent.

        Sent again, it is the same; what was sent before and is not among them goes. Nothing else of the folder is
        looked at. Raises ValueError if there is no file, or one outside the folder.
        """
        return folders.log_files(self._client, run, folder, files, to)

    def log_model(
        self,
        search_run: str,
        outcome: SearchOutcome,
        *,
        name: str,
        exported: models.Exported,
        final: TrialRecord | None = None,
    ) -> models.Registered | None:
        """Register a search's best model if it beats the champion of that name; see `models.log_model`.

        outcome: with its test metrics and final runs, which the description tells. final: the one whose model it is.
        Raises ValueError if no trial succeeded.
        """
        best = outcome.best_trial
        if best is None:
            metric, search_id = outcome.search.metric, outcome.search.search_id
            raise ValueError(f"a model to register must have a finite {metric}, but no trial of {search_id} has one")
        candidate = models.Candidate(search_run, self._runs.experiment_of(search_run), outcome, best, final)
        return models.log_model(self._client, candidate, name=name, exported=exported)

    @staticmethod
    def may_pass(error: Exception) -> bool:
        """Whether what the store refused with this error it may take later; False: it never will."""
        return may_pass(error)

    def ask(self) -> None:
        """Ask the store for anything; raises what MLflow raises if it does not answer."""
        self._client.search_experiments(max_results=1)

    def studies(self) -> list[StudyRecord]:
        """Every study of this store, the oldest first."""
        return reading.studies(self._client)

    def study_run(self, study_id: str) -> str | None:
        """The run of a study itself, which its report and its figures are logged to; None if there is no such study."""
        return reading.run_of(self._client, "study", study_id)

    def searches(self, study_id: str) -> list[SearchRecord]:
        """The searches of a study, in the order of their start."""
        return reading.searches(self._client, study_id)

    def trials(self, search_id: str, *, results: bool = False) -> list[TrialRecord]:
        """The trials of a search by number; with every result, or (cheap) with only the best one of each."""
        return reading.trials(self._client, search_id, results=results)

    def trial(self, trial_id: str) -> reading.TrialPage | None:
        """One trial with its search, all of its results and its files; None if there is none of this id."""
        return reading.trial_page(self._client, trial_id)

    def arrays(self, search_run: str) -> dict[str, NDArray[Any]]:
        """The arrays that were kept of a search's best trial; empty if there are none."""
        return reading.arrays(self._client, search_run)

    def packed_arrays(self, search_run: str) -> bytes | None:
        """The same as the bytes of an .npz file; None if there are none."""
        return reading.packed_arrays(self._client, search_run)

    def outcomes(self, study_id: str, *, results: bool = False) -> list[SearchOutcome]:
        """The searches of a study with their trials, final runs, test metrics and registered models.

        results: every result of each trial, instead of (cheap) the best one.
        """
        return reading.outcomes(self._client, study_id, results=results)

    def study_link(self, ui: str, study_id: str) -> str | None:
        """The address of a study's table of trials under the UI's address; None if the store has no such study."""
        experiment = reading.experiment_of(self._client, study_id)
        return None if experiment is None else view.experiment_link(ui, experiment, study_id)

    def run_links(self, ui: str, study_id: str, runs: Iterable[str]) -> dict[str, str]:
        """The addresses of a study's runs under the UI's address, by run id; empty if the store has no such study."""
        experiment = reading.experiment_of(self._client, study_id)
        return {} if experiment is None else {run: view.run_link(ui, experiment, run) for run in runs}

    def _begin_trial(
        self,
        search_run: str,
        search: SearchRecord,
        trial: TrialRecord,
        *,
        new: bool,
        params: Mapping[str, object],
    ) -> str:
        spec = RunSpec(
            kind="trial",
            identity=trial.trial_id,
            name=f"{search.key}/{trial.number:04d}",
            started_at_ms=trial.started_at_ms,
            tags=codec.trial_tags(search, trial),
            params=params,
            parent=search_run,
        )
        if search_run in self._views and self._views[search_run].extend(params=trial.config):
            self._save_view(search_run)
        return self._runs.begin(self._runs.experiment_of(search_run), spec, new=new)

    def _save_view(self, run: str) -> None:
        experiment = self._runs.experiment_of(run)
        for key, value in self._views[run].tags():
            self._client.set_experiment_tag(experiment, key, value)


def _metrics(results: Iterable[ResultRecord]) -> list[Metric]:
    """All values of all steps."""
    return [
        metric
        for result in results
        for metric in codec.as_metrics(result.metrics, step=result.step, at_ms=result.at_ms)
    ]
