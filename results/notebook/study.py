"""A recorded study as a notebook handles it: searches, DataFrames, tables, figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

from results.notebook.drawing import draw, figure_list
from results.notebook.frames import finals_frame, frame, history_frame
from results.notebook.searches import Searches
from results.notebook.tabulating import tabulate
from results.tables import best_models, trials_table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from results.pivot import PivotTable
    from results.records import SearchOutcome, StudyRecord
    from results.store import Store


class OpenStudy:
    """What `open_study` returns. Everything is read when it is first asked for, and kept; `reload()` forgets it.

    record: the study's name, metric, mode, and the file it was run from (`record.source`).
    """

    def __init__(self, store: Store, record: StudyRecord) -> None:
        self.record = record
        self._store = store

    @property
    def name(self) -> str:
        """The study's id: its name, with `#2`, `#3` ... after `--fresh`."""
        return self.record.study_id

    @cached_property
    def searches(self) -> Searches:
        """The searches by key: cell, trials with all their results, best trial, test metrics, final runs, model."""
        return Searches(self._store.outcomes(self.record.study_id, results=True))

    def reload(self) -> OpenStudy:
        """Read anew what has been recorded meanwhile; returns the study itself."""
        self.__dict__.pop("searches", None)
        return self

    def trials(self, search: str | None = None) -> pd.DataFrame:
        """One row a trial, of one search or of all: the columns of `tuner trials`.

        search, number, trial, state, stopped_by; the grid's factors and the parameters; the best step by the study's
        metric with all metrics there; seconds; the error of one that failed.
        """
        return frame(trials_table(self._chosen(search)))

    def history(self, search: str | None = None) -> pd.DataFrame:
        """One row a trial and step: search, number, step, at (UTC), and a column for each metric.

        With the trials' columns: `study.history().merge(study.trials(), on=["search", "number"])`.
        """
        return history_frame(self._chosen(search))

    def best(self) -> pd.DataFrame:
        """One row a search: its cell, its best trial by validation, the test metrics, the configuration, the model.

        Metrics of final runs are their mean; `finals()` has each.
        """
        return frame(best_models(list(self.searches.values())))

    def finals(self, search: str | None = None) -> pd.DataFrame:
        """One row a final run, with its seed and the metrics of its last step; empty for a study without any."""
        return finals_frame(self._chosen(search))

    def table(
        self,
        *,
        rows: str | Sequence[str] | None = None,
        columns: str | Sequence[str] = (),
        cell: str | Sequence[str] | Mapping[str, str] | None = None,
        **options: Any,
    ) -> PivotTable:
        """A table by factors of the grid, as a study's `report` describes one; `tuner report` writes the same.

        rows, columns: factors; by default every one that is not in `columns` makes the rows. cell: what stands in it:
        a metric ("test/accuracy", or "test/accuracy/{rule}" with a factor `rule` of its own), "config/lr", "step",
        "runs", "optimism"; several as a list, or by label. options: title, compare, mode, at, percent.
        The best of what is compared is bold, what is not significantly worse has a dagger. A notebook shows the table;
        `.frame()` is a DataFrame of its values, `.markdown()`, `.csv()` and `.latex()` its texts.
        Raises ValueError for an unknown factor or option, KeyError with the choices for an unknown metric.
        """
        outcomes = list(self.searches.values())
        return tabulate(outcomes, rows=rows, columns=columns, cell=cell, options=options)

    def figures(self) -> pd.DataFrame:
        """The figures that `figure` can be asked for: name, of what (trial, search or study), what it shows."""
        return frame(figure_list())

    def figure(self, name: str, *, search: str | None = None) -> Figure:
        """A figure by name; a notebook shows it, and `figure.savefig(path)` keeps it.

        search: the key of the search that it is of; may be left out for a figure of the whole study, and where the
        study has one search. Raises KeyError with the choices for a figure or search that is not there, ValueError if
        the records lack what the figure shows.
        """
        return draw(name, store=self._store, study=self.record, searches=self.searches, search=search)

    def _chosen(self, search: str | None) -> list[SearchOutcome]:
        return list(self.searches.values()) if search is None else [self.searches[search]]

    def __repr__(self) -> str:
        trials = sum(len(outcome.trials) for outcome in self.searches.values())
        return f"<study {self.name}: {len(self.searches)} searches, {trials} trials, {self._best_words()}>"

    def _repr_html_(self) -> str:
        title = f"<p><strong>{escape(self.name)}</strong>: {escape(self._best_words())}</p>"
        return title + self.searches._repr_html_()

    def _best_words(self) -> str:
        metric, mode = self.record.metric, self.record.mode
        values = {
            key: result.metrics[metric]
            for key, outcome in self.searches.items()
            if (result := outcome.best_result) is not None
        }
        if not values:
            return f"no trial with a {metric} yet"
        best = (max if mode == "max" else min)(values, key=lambda key: values[key])
        return f"best {metric} {values[best]:.6g} ({best})"
