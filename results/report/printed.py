"""Printed numbers beside ours, as a report shows them: what no run of ours belongs to is counted, not listed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from results.records import SearchOutcome
from results.references import Reference
from results.report.content import Printed
from results.verification import verdict_counts, verify
from results.verify_table import protocol_notes, verify_table


def printed_part(reference: Reference, outcomes: Sequence[SearchOutcome], defaults: Mapping[str, Any]) -> Printed:
    """What `tuner verify --ran` tells. outcomes, defaults: as `verify` takes them."""
    verdicts = verify(reference, outcomes, defaults=defaults)
    shown = [verdict for verdict in verdicts if verdict.ours is not None]
    notes = protocol_notes(shown)
    counts = ", ".join(f"{count} {name}" for name, count in verdict_counts(verdicts).items())
    return Printed(reference.title, counts, verify_table(shown, notes), notes)
