"""What a person is shown of a run: counts, the best so far, the cause of a failure."""

from __future__ import annotations

from pathlib import Path

from results.records import ResultRecord, TrialRecord, TrialState
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
    retry = {"event": "retry", "trial": 1, "less": {"batch_size": 32}, "why": "CUDA out of memory"}
    assert board.event("cosine", retry) == "cosine: trial 0001 ran out of memory and goes on with batch_size 32"
    assert "crashed at step 3: ValueError: broke" in (board.event("cosine", second) or "")
    reopened = board.event("cosine", {"event": "reopen", "ended_by": "time_budget"})
    assert reopened == "cosine: time_budget ended the search, the study now allows more: it goes on"
    assert board.rows["cosine"].done == 2
    assert board.left_s == 150.0


def test_what_an_earlier_run_left_counts_for_the_search_but_not_for_the_pace() -> None:
    """Oracle: by hand: of 32 trials 8 are of a search that was done, 1 ended before and 1 now, in 5 s: 22 to come."""
    clock = iter([0.0, 5.0])
    study = load_study(Path(__file__).parents[3] / "studies" / "quickstart.yaml")
    board = Board(plan_study(study), now=lambda: next(clock))
    ended = _trial(0, TrialState.STOPPED, 0.75)
    board.resumed("euclidean", [ended] * 8, over=True)
    board.resumed("cosine", [ended, _trial(1, TrialState.INTERRUPTED, 0.5)], over=False)
    board.event("cosine", {"event": "suggest", "trial": 2})
    board.event("cosine", {"event": "result", "trial": 2, "step": 1, "metrics": {"val/accuracy": 0.25}})
    end = {"event": "end", "trial": 2, "state": "stopped", "stopped_by": "asha", "error": None}
    assert board.event("cosine", end) == (
        "cosine: 2/8 trial 0002 stopped by asha at step 1; best val/accuracy 0.7500 (trial 0000)"
    )
    assert [row.key for row in board.rows.values() if row.over] == ["euclidean"]
    assert board.left_s == 5.0 * 22


def _trial(number: int, state: TrialState, value: float) -> TrialRecord:
    return TrialRecord(
        trial_id=f"quickstart/x/{number:04d}",
        number=number,
        config={},
        seed=0,
        state=state,
        started_at_ms=0,
        ended_at_ms=None if state.unfinished else 1,
        results=(ResultRecord(step=1, at_ms=1, metrics={"val/accuracy": value}),),
    )
