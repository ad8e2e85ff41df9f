"""What is wrong with a person's data: one exception type."""

from __future__ import annotations

from pathlib import Path


class DataError(ValueError):
    """Data that is missing, damaged or of the wrong form, or an option that does not fit it.

    The message names the file, what was expected (a checksum where one is published), what was found and how to
    get the right one. path: the first file concerned, or None when no file is.
    """

    def __init__(self, message: str, *, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path
