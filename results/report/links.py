"""Where a run is looked at: addresses in an MLflow UI."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

UI_HOST, UI_PORT = "127.0.0.1", 5000
LOCAL_UI = f"http://{UI_HOST}:{UI_PORT}"  # where `tuner ui` serves unless told otherwise


@dataclass(frozen=True)
class Links:
    """ui: the address of an MLflow UI. study: that of the study's table of trials. runs: addresses by run id."""

    ui: str
    study: str | None = None
    runs: dict[str, str] = field(default_factory=dict)

    @property
    def hint(self) -> str:
        """What it takes for the links to answer."""
        return f"served by `tuner ui` at {self.ui}" if self.ui == LOCAL_UI else f"served at {self.ui}"

    def run(self, run_id: str | None) -> str | None:
        """The address of a run; None if it is not known."""
        return None if run_id is None else self.runs.get(run_id)


def ui_of(tracking_uri: str) -> str:
    """The UI of a store: a tracking server is its own; any other store is shown by `tuner ui`.

    A name and password in the address are left out: the page is made to be sent around.
    """
    parts = urlsplit(tracking_uri)
    if parts.scheme not in ("http", "https"):
        return LOCAL_UI
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))
