"""The process that draws: reads (source, folder, figures) from its input, answers with each figure's end."""

from __future__ import annotations

import gc
import os
import pickle
import sys

from results.figures.drawing import draw_one
from results.figures.pool import READY


def main() -> None:
    """Serve until the input ends. Whatever figures print goes where errors go: the output is for answers alone."""
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        _answer(answers, READY)
        while True:
            try:
                source, folder, figures = pickle.load(sys.stdin.buffer)  # noqa: S301  (from the process that started this one)
            except EOFError:
                return
            gc.collect()
            gc.freeze()  # thousands of records that no collection need look at
            for name, figure in figures.items():
                try:
                    _answer(answers, draw_one(name, figure, source, folder))
                except OSError as error:
                    _answer(answers, error)
                    return
            gc.unfreeze()


def _answer(answers: object, value: object) -> None:
    pickle.dump(value, answers)  # type: ignore[arg-type]
    answers.flush()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
