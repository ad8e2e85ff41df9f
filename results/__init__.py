"""What came out of a study: records, store, statistics. Nothing here knows how it was computed.

`from results import open_study` opens a recorded study in a notebook; see docs/results.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from results.notebook.opening import open_study

__all__ = ["open_study"]


def __getattr__(name: str) -> Any:
    """`open_study` when it is asked for: pandas and MLflow are seconds of imports that most of us do not need."""
    if name == "open_study":
        from results.notebook.opening import open_study

        return open_study
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
