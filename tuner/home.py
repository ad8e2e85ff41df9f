"""Where everything a run writes lies: one folder, the home. Paths only; nothing is created here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from results.homes import store_uri


@dataclass(frozen=True)
class Home:
    """The layout of a home. root must be absolute: trials run in other folders."""

    root: Path

    @property
    def tracking_uri(self) -> str:
        """The MLflow store of this home."""
        return store_uri(self.root)

    @property
    def artifacts(self) -> Path:
        """Models, tables and figures, as MLflow keeps them."""
        return self.root / "artifacts"

    @property
    def prepared(self) -> Path:
        """Decoded data sets, shared by all studies."""
        return self.root / "data"

    @property
    def ray(self) -> Path:
        """Ray's sessions, logs and token."""
        return self.root / "ray"

    @property
    def studies(self) -> Path:
        """What is not in the store, or not yet: ledgers, checkpoints, one folder a study."""
        return self.root / "studies"

    def study(self, name: str) -> Path:
        """A study's generations: `0001`, and one more after each --fresh."""
        return self.studies / name
