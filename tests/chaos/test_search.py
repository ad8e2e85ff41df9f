"""A real search killed again and again: its driver, its trials' processes, its node, its tracker."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from oracle import check_mlflow, check_nothing_left, explain, ledger_lines
from replay import uninterrupted
from tracker import Server
from wreck import TRIALS, VICTIMS, Wreck

KILLS = 50  # at least, in `make test-all`
pytestmark = [pytest.mark.long, pytest.mark.timeout(3_600)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, sockets: Any) -> list[str]:
    """The ledger of a run that nobody killed."""
    wreck = Wreck(tmp_path_factory.mktemp("w") / "r", "whole", sockets)
    try:
        wreck.finish()
        check_nothing_left(wreck.home, ports=wreck.ports)
        assert not wreck.left
    finally:
        wreck.end()
    return ledger_lines(wreck.ledger)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The tracker."""
    made = Server(tmp_path)
    made.start()
    yield made
    made.kill()


def test_a_killed_search_leaves_the_records_of_one_that_was_not(
    tmp_path: Path, whole: list[str], server: Server, sockets: Any, seed: int, n_kills: int | None
) -> None:
    """Oracle: the ledger of an uninterrupted run, byte for byte but for the clock; the tracker's own tables; /proc.

    Where a trial is recorded as crashed because its process was killed, the uninterrupted run is one whose trial
    crashes at the same step.
    """
    kills: Counter[str] = Counter()
    while kills.total() < (n_kills or KILLS):
        draw = random.Random(seed)  # noqa: S311  (a draw, not a secret)
        wreck = Wreck(tmp_path / f"k{seed}", f"chaos_{seed}", sockets, server=server)
        try:
            wreck.wreck(draw.sample(VICTIMS, len(VICTIMS)), draw)
            server.wait()
            wreck.finish()
            lines = ledger_lines(wreck.ledger)
            assert uninterrupted(whole) == whole
            assert lines == uninterrupted(lines)
            assert sum(line.startswith('{"event":"end"') for line in lines) == TRIALS
            check_mlflow(Path(server.database.removeprefix("sqlite:///")), wreck.ledger, f"{wreck.name}/all")
            check_nothing_left(wreck.home, ports=wreck.ports)
            assert not wreck.left
        except BaseException as error:
            error.add_note(explain(f"killed so far: {dict(wreck.kills)}", seed=seed))
            raise
        finally:
            wreck.end()
        kills, seed = kills + wreck.kills, seed + 1
    print(f"killed: {dict(kills)}")  # noqa: T201  (what a test of chance did)
