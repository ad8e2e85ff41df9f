"""Opens a recorded study by its name."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from results.finding import find_study
from results.homes import DEFAULT_HOME, HOME_VARIABLE, STORE_FILE, store_uri
from results.notebook.display import show_figures
from results.notebook.errors import not_there
from results.notebook.study import OpenStudy
from results.opening import StoreError, open_to_read
from results.redaction import redacted

if TYPE_CHECKING:
    from results.store import Store


def open_study(name: str, *, tracking_uri: str | None = None, home: Path | str | None = None) -> OpenStudy:
    """A study that was run or imported, read from its MLflow store. Nothing is written.

    name: the study's; as it was last begun, or `name#1`, `name#2` ... after `--fresh`. tracking_uri: any MLflow
    address. home: the folder that `tuner run` wrote to; without both, TUNER_HOME or `runs` in the current folder.
    Raises ValueError if there is no store or it does not answer, KeyError with the choices if it has no such study.
    """
    if tracking_uri is not None and home is not None:
        raise ValueError("only one of tracking_uri and home may be given")
    store = _opened(_home_uri(home), "home") if tracking_uri is None else _opened(tracking_uri, "tracking_uri")
    studies = store.studies()
    record = find_study(studies, name)
    if record is None:
        names = dict.fromkeys(study.study_id for study in studies)
        raise not_there("study", name, names, where=f" in {redacted(store.uri)}")
    show_figures()
    return OpenStudy(store, record)


def _home_uri(home: Path | str | None) -> str:
    given = home if home is not None else os.environ.get(HOME_VARIABLE) or DEFAULT_HOME
    return store_uri(Path(given).absolute())


def _opened(uri: str, given_as: str) -> Store:
    with warnings.catch_warnings():
        # In a notebook without ipywidgets; nothing of ours draws progress bars.
        warnings.filterwarnings("ignore", "IProgress not found")
        try:
            return open_to_read(uri)
        except StoreError as error:
            told = redacted(f"{given_as} {error}")
            raise ValueError(
                f"{told}: give home=<the folder with {STORE_FILE}> or tracking_uri=<MLflow's address>"
            ) from None
