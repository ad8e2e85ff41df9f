"""Progress on a terminal: a live table; on a pipe: one plain line for each trial that ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from results.records import TrialRecord, TrialState
from tuner.cli.board import Board, SearchRow
from tuner.cli.common import discard
from tuner.plan import Plan
from tuner.run import Links, SearchResult

_MOST_ROWS = 12


class RunConsole(Console):
    """A console whose reader may go away, as `tee` does at Ctrl-C: it falls silent, the run goes on to its own end."""

    @override
    def on_broken_pipe(self) -> None:
        """Rich would end the thread that printed, a search's or the command's, with exit code 1."""
        self.quiet = True
        discard(self.file)


class RunDisplay:
    """Shows one run on a console. Used as a context manager, so that the live table is always taken down."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._board: Board | None = None
        self._live: Live | None = None

    def __enter__(self) -> RunDisplay:
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def started(self, plan: Plan, links: Links) -> None:
        """Print where to look, then start the table."""
        self._board = Board(plan)
        trials = sum(search.trials for search in plan.searches)
        self._line(f"{len(plan.searches)} searches, {trials} trials at most")
        if links.dashboard is not None:
            self._line(f"Ray dashboard  {links.dashboard}")
        if links.login:
            self._line(f"               {links.login}")
        self._line(f"MLflow store   {links.tracking}  (`tuner ui` shows it)")
        if self._console.is_terminal:
            self._live = Live(get_renderable=self._draw, console=self._console, refresh_per_second=2, transient=True)
            self._live.start()

    def resumed(self, search: str, trials: Sequence[TrialRecord], *, over: bool) -> None:
        """Count what an earlier run left behind."""
        if self._board is not None:
            self._board.resumed(search, trials, over=over)

    def event(self, search: str, event: Mapping[str, Any]) -> None:
        """Take in an event; on a pipe, print it if it ends something."""
        if self._board is None:
            return
        line = self._board.event(search, event)
        if line is not None and self._live is None:
            self._line(f"[{_clock(self._board.elapsed_s)}] {line}")

    def search_done(self, search: str, result: SearchResult) -> None:
        """Say what a search came to."""
        if self._board is None:
            return
        self._board.search_over(search)
        best, at = result.outcome.best_trial, result.outcome.best_result
        if result.error is not None:
            text = f"failed: {result.error}"
        elif best is None or at is None:
            text = "no trial succeeded"
        else:
            metric = result.outcome.search.metric
            text = f"done, best {metric} {at.metrics[metric]:.4f} (trial {best.number:04d})"
        self._line(f"[{_clock(self._board.elapsed_s)}] {search}: {text}")

    def _line(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def _draw(self) -> RenderableType:
        if self._board is None:
            return Text()
        rows = [row for row in self._board.rows.values() if row.open or (row.ended and not row.over)]
        table = Table(box=None, pad_edge=False)
        for name in ("search", "trials", "running", "stopped", "failed", "best", "at"):
            table.add_column(name, justify="left" if name in ("search", "at") else "right", no_wrap=True)
        for row in rows[:_MOST_ROWS]:
            table.add_row(*_cells(row))
        return Group(self._summary(self._board), table)

    def _summary(self, board: Board) -> Text:
        over = sum(row.over for row in board.rows.values())
        running = sum(len(row.open) for row in board.rows.values())
        failed = board.count(*(state for state in TrialState if state.failed))
        left = f"about {_clock(board.left_s)} left" if board.left_s is not None else "time left unknown"
        return Text(
            f"searches {over}/{len(board.rows)} done   trials: {running} running, "
            f"{board.count(TrialState.COMPLETE)} complete, {board.count(TrialState.STOPPED)} stopped, "
            f"{failed} failed   {_clock(board.elapsed_s)} gone, {left}",
            style="bold",
        )


def _cells(row: SearchRow) -> tuple[str, ...]:
    failed = sum(count for state, count in row.ended.items() if TrialState(state).failed)
    steps = ", ".join(f"{number:04d}@{step}" for number, step in sorted(row.open.items())[:4])
    best = f"{row.best[0]:.4f}" if row.best else ""
    where = f"{row.metric} of trial {row.best[1]:04d} at {row.best[2]}" if row.best else ""
    return (
        row.key,
        f"{row.done}/{row.trials}",
        steps,
        str(row.ended.get("stopped", 0)),
        str(failed),
        best,
        where,
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
