"""A search without a cluster that lives many short lives: real Director, ledger, recorder and MLflow on SQLite.

    python lives.py HOME KILLS SEED

Every life is a fork of this process (the imports are made once), killed with SIGKILL at a random moment: after a random
number of epochs and a random time, so that some never reach their first line, some die between two, and some hand
records to MLflow meanwhile. After the last kill one life goes on to the end. KILLS 0 is the uninterrupted run.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "reliability"))

from story import Story

TRIALS = 30
SEARCH = {
    "budget": {"max": 9},
    "searcher": "hyperopt",
    "scheduler": {"asha": {"grace_period": 1, "reduction_factor": 3}},
    "stoppers": [{"trial_plateau": {"patience": 3, "min_delta": 0.01}}],
}


def live(home: Path, *, epochs: int | None) -> None:
    """Go on with the search: to its end, or for so many epochs, and then wait to be killed."""
    left = epochs

    def count() -> None:
        nonlocal left
        if left is not None:
            left -= 1
            while left < 0:
                time.sleep(60)

    story = Story(home, f"sqlite:///{home / 'mlflow.db'}", TRIALS, **SEARCH)
    story.train(TRIALS, before_epoch=count)
    if story.recorder is not None:
        story.recorder.close()
        if story.recorder.refusal is not None:
            raise story.recorder.refusal
    story.leave()


def born(home: Path, *, epochs: int | None) -> int:
    """Fork a life; returns its process id."""
    pid = os.fork()
    if pid == 0:
        try:
            live(home, epochs=epochs)
        except BaseException:  # noqa: BLE001  (told, and the fork must not go on as its parent)
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    return pid


def main(home: Path, kills: int, seed: int) -> int:
    """Kill as often as asked, then let one life end; returns its exit code."""
    import hyperopt  # noqa: F401  (once, not in every life)
    import mlflow  # noqa: F401

    draw = random.Random(seed)  # noqa: S311  (a draw, not a secret)
    # The whole search has 94 results: at most three a life leave some for the last of thirty.
    for _ in range(kills):
        pid = born(home, epochs=draw.randrange(0, 4))
        time.sleep(draw.choice([draw.uniform(0.0, 0.1), draw.uniform(0.0, 0.6), draw.uniform(0.6, 2.0)]))
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            sys.stderr.write(f"a life ended by itself: {os.waitstatus_to_exitcode(status)}\n")
            return 1
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(os.waitpid(born(home, epochs=None), 0)[1])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
