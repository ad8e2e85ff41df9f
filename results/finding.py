"""The study that a person means by a name. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from results.records import StudyRecord


def find_study(studies: Sequence[StudyRecord], name: str) -> StudyRecord | None:
    """A bare name is the study as it was last begun; `name#1` is the first one, `name#2` that after one --fresh.

    studies: the oldest first. None if there is no such study.
    """
    wanted = name.removesuffix("#1")
    found = [study for study in studies if study.study_id == wanted] if "#" in name else []
    found = found or [study for study in studies if study.name == name]
    return found[-1] if found else None
