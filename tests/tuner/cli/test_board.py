"""What a person is shown of a run: counts, the best so far, the cause of a failure."""

from __future__ import annotations

from pathlib import Path

from tuner.cli.board import Board, cause
from tuner.load import load_study
from tuner.plan import plan_study


def test_the_cause_of_an_error_is_found_in_ray_s_words() -> None:
    """Oracle: the exception's own line, wherever it stands; the last line if no exception is named."""
    told = "The actor died.\n\tpid: 1\n  File x, line 1\nTypeError: setup() got too much\nAn unexpected internal error."
    assert cause(told) == "TypeError: setup() got too much"
    assert cause("train/loss is nan at epoch 2") == "train/loss is nan at epoch 2"


def test_the_board_counts_ends_and_keeps_the_best() -> None:
    """Oracle: two trials by hand, the second better, the first stopped; 30 trials to come at 5 s each are 150 s."""
    clock = iter([0.0, 10.0, 10.0])
    study = load_study(Path(__file__).parents[3] / "studies" / "quickstart.yaml")
    board = Board(plan_study(study), now=lambda: next(clock))
    for number, value in enumerate([0.5, 0.9]):
        board.event("cosine", {"event": "suggest", "trial": number})
        board.event("cosine", {"event": "result", "trial": number, "step": 3, "metrics": {"val/accuracy": value}})
    first = {"event": "end", "trial": 0, "state": "stopped", "stopped_by": "asha", "error": None}
    second = {"event": "end", "trial": 1, "state": "crashed", "stopped_by": None, "error": "ValueError: broke\nbye"}
    assert board.event("cosine", first) == (
        "cosine: 1/8 trial 0000 stopped by asha at step 3; best val/accuracy 0.9000 (trial 0001)"
    )
    assert "crashed at step 3: ValueError: broke" in (board.event("cosine", second) or "")
    assert board.rows["cosine"].done == 2
    assert board.left_s == 150.0
