"""A recorded study in a notebook, over a real store of hand-made records: they are the oracle of every frame."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from results import open_study
from results.notebook.study import OpenStudy
from results.records import ResultRecord, SearchRecord, StudyRecord, TrialRecord, TrialState
from results.store import Store
from results.tables import best_models

STUDY = StudyRecord(
    study_id="s", name="s", metric="val/accuracy", mode="max", source="", fingerprint="f", started_at_ms=1
)
CURVES = {"cosine": [(0.5, 0.8), (0.6, 0.7, 0.9)], "euclidean": [(0.4,)]}


def search(key: str) -> SearchRecord:
    return SearchRecord(
        search_id=f"s/{key}", key=key, cell={"loss": key}, metric="val/accuracy", mode="max", started_at_ms=1
    )


def trial(key: str, number: int, curve: tuple[float, ...]) -> TrialRecord:
    return TrialRecord(
        trial_id=f"s/{key}/{number:04d}",
        number=number,
        config={"lr": 0.1 / (number + 1), **({"dim": 8} if number else {})},
        seed=number,
        state=TrialState.COMPLETE,
        started_at_ms=1_000,
        ended_at_ms=3_000,
        results=tuple(
            ResultRecord(step=step, at_ms=1_000 * step, metrics={"val/accuracy": value, "step": 10.0 * step})
            for step, value in enumerate(curve, start=1)
        ),
    )


def final(key: str, number: int) -> TrialRecord:
    last = ResultRecord(step=3, at_ms=5_000, metrics={"test/accuracy": 0.7 + number / 10})
    return replace(trial(key, number, ()), trial_id=f"s/{key}/final-{number}", seed=90 + number, results=(last,))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    store = Store(f"sqlite:///{home}/mlflow.db")
    study_run = store.begin_study(STUDY)
    for key, curves in CURVES.items():
        run = store.begin_search(study_run, search(key))
        trials = [trial(key, number, curve) for number, curve in enumerate(curves)]
        finals = [final(key, number) for number in range(2)] if key == "cosine" else []
        for record in trials:
            store.write_trial(run, search(key), record)
        for record in finals:
            store.write_final(run, search(key), record)
        store.end_search(
            run, search(key), trials, test_metrics={"test/accuracy": 0.75} if finals else {}, finals=finals
        )
    store.end_study(study_run, STUDY, best_models(store.outcomes("s")))
    return home


@pytest.fixture(scope="module")
def study(home: Path) -> OpenStudy:
    return open_study("s", home=home)


def test_searches_are_a_mapping_of_all_that_came_out(study: OpenStudy) -> None:
    assert list(study.searches) == ["cosine", "euclidean"]
    found = study.searches["cosine"]
    assert found.best_trial == trial("cosine", 1, CURVES["cosine"][1])
    assert [run.seed for run in found.finals] == [90, 91]


def test_trials_are_rows_and_whole_numbers_stay_whole(study: OpenStudy) -> None:
    """Oracle: three trials; the best steps 2, 3 and 1; `dim` only where the trial has it."""
    trials = study.trials()
    assert list(zip(trials["search"], trials["number"], trials["best_step"], strict=True)) == [
        ("cosine", 0, 2),
        ("cosine", 1, 3),
        ("euclidean", 0, 1),
    ]
    assert trials["dim"].dtype == "Int64"
    assert trials["dim"].tolist() == [pd.NA, 8, pd.NA]
    assert trials["val/accuracy"].tolist() == [0.8, 0.9, 0.4]
    assert len(study.trials("euclidean")) == 1


def test_history_has_every_step_with_its_clock(study: OpenStudy) -> None:
    """Oracle: 2 + 3 + 1 steps; a metric that is named like a column of ours stands apart; clocks in UTC."""
    history = study.history()
    assert list(history.columns) == ["search", "number", "step", "at", "val/accuracy", "metric/step"]
    assert history["val/accuracy"].tolist() == [0.5, 0.8, 0.6, 0.7, 0.9, 0.4]
    assert history["metric/step"].tolist() == [10, 20, 10, 20, 30, 10]
    assert history["at"].iloc[1] == pd.Timestamp("1970-01-01T00:00:02", tz="UTC")
    merged = history.merge(study.trials()[["search", "number", "lr"]], on=["search", "number"])
    assert len(merged) == 6


def test_best_and_finals(study: OpenStudy) -> None:
    """Oracle: the mean of 0.7 and 0.8 is the search's test metric; each final run has a row."""
    best = study.best().set_index("search")
    assert best.loc["cosine", "trial"] == "s/cosine/0001"
    assert best.loc["cosine", "test/accuracy"] == 0.75
    finals = study.finals()
    assert finals["seed"].tolist() == [90, 91]
    assert finals["test/accuracy"].tolist() == pytest.approx([0.7, 0.8])
    assert list(study.finals("euclidean").columns) == ["search", "number", "run", "seed", "state", "error", "step"]


def test_a_table_by_factors_of_the_grid(study: OpenStudy) -> None:
    """Oracle: the worked records: best 0.9 against 0.4, test only where there were final runs, lr of the winners."""
    table = study.table(cell={"accuracy": "val/accuracy", "lr": "config/lr"})
    frame = table.frame()
    assert frame.loc["cosine"].tolist() == [0.9, 0.05]
    assert frame.loc["euclidean"].tolist() == [0.4, 0.1]
    assert "**0.9000**" in table._repr_markdown_()
    across = study.table(columns="loss", cell="val/accuracy").frame()
    assert across[["cosine", "euclidean"]].to_numpy().tolist() == [[0.9, 0.4]]
    assert {"val/accuracy", "test/accuracy"} <= set(study.table().frame().columns)


def test_a_table_that_asks_for_what_is_not_there(study: OpenStudy) -> None:
    with pytest.raises(KeyError, match="there is no metric 'val/f1'; choices: val/accuracy, step, test/accuracy"):
        study.table(cell="val/f1")
    with pytest.raises(KeyError, match="there is no hyperparameter 'dropout'; choices: lr, "):
        study.table(cell="config/dropout")
    with pytest.raises(ValueError, match="neither a factor of the grid nor one that the cell makes, but got 'model'"):
        study.table(rows="model", cell="val/accuracy")
    with pytest.raises(ValueError, match=r"table\(\) has no option colour; choices: name, title, rows"):
        study.table(cell="val/accuracy", colour="red")


def test_figures_by_name(study: OpenStudy) -> None:
    figure = study.figure("accuracy", search="cosine")
    assert figure.axes[0].get_ylabel() == "accuracy (share of images)"
    assert {"figure", "of", "shows"} == set(study.figures().columns)
    assert "accuracy" in study.figures()["figure"].tolist()


def test_it_shows_itself_in_a_line_and_as_a_table(study: OpenStudy) -> None:
    assert repr(study) == "<study s: 2 searches, 3 trials, best val/accuracy 0.9 (cosine)>"
    assert repr(study.searches) == "<2 searches: cosine, euclidean>"
    shown = study._repr_html_()
    assert "<table" in shown
    assert "euclidean" in shown


def test_what_is_not_there_is_told_with_the_choices(study: OpenStudy, home: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyError) as error:
        open_study("t", home=home)
    assert str(error.value) == f"there is no study 't' in sqlite:///{home}/mlflow.db; choices: s"
    with pytest.raises(KeyError, match=r"^there is no search 'x'; choices: cosine, euclidean$"):
        study.trials("x")
    with pytest.raises(KeyError, match="there is no figure 'x'; choices: loss, "):
        study.figure("x")
    with pytest.raises(ValueError, match=r"is of one search: give search=\.\.\., one of cosine, euclidean"):
        study.figure("accuracy")
    with pytest.raises(ValueError, match="'templates' of search cosine cannot be drawn: the best trial kept no"):
        study.figure("templates", search="cosine")
    with pytest.raises(ValueError, match=r"nowhere/mlflow\.db is not there: give home="):
        open_study("s", home=tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(ValueError, match="only one of tracking_uri and home"):
        open_study("s", home=home, tracking_uri="sqlite:///x.db")


def test_a_store_may_be_named_by_address_or_environment(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: the same study by an absolute address, a relative one, and TUNER_HOME."""
    monkeypatch.chdir(home)
    for address in (f"sqlite:///{home}/mlflow.db", "sqlite:///mlflow.db"):
        assert open_study("s#1", tracking_uri=address).name == "s"
    monkeypatch.setenv("TUNER_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    assert open_study("s").name == "s"


def test_importing_results_is_light() -> None:
    """Oracle: a fresh interpreter, which afterwards has none of these modules."""
    code = (
        "import sys, results\nprint(sorted({'pandas', 'numpy', 'mlflow', 'matplotlib', 'scipy'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(__import__("results"), "nothing")  # noqa: B009
