"""Every configuration that a cell can produce is one that the trainable takes, told by its own typed options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from search_spaces.effort import spend
from trainables import catalog
from trainables.complaints import Complaint
from trainables.option_types import OptionInfo
from trainables.options import OptionsError, describe, read
from tuner.checks.probes import probes
from tuner.checks.view import Cell, StudyView
from tuner.errors import MISSING, Problem
from tuner.yaml_lines import Path


@dataclass
class _Finding:
    """One mistake, with every cell that shows it. misplaced: the choices that do not take this parameter."""

    path: Path
    complaint: Complaint
    cells: dict[int, Cell] = field(default_factory=dict)
    misplaced: dict[str, None] = field(default_factory=dict)


def check_cells(view: StudyView) -> Iterator[Problem]:
    """Unknown, missing, ill-typed and out-of-bounds options in every cell. Trainables without options are skipped."""
    try:
        options = catalog.options_class(view.study.trainable)
    except catalog.CatalogError:
        return  # `check_trainable` says so
    if options is None:
        return
    infos = {info.name: info for info in describe(options)}
    findings: dict[tuple[Path, str], _Finding] = {}
    for cell in view.cells:
        for complaint, config in _complaints(options, cell):
            if complaint.key in view.unsettled:
                continue
            path = _place(view, cell, complaint, infos)
            owner = _owner(infos.get(complaint.key), complaint)
            rule = "misplaced" if owner else complaint.rule
            finding = findings.setdefault((path, rule), _Finding(path, complaint))
            finding.cells[id(cell)] = cell
            if owner:
                finding.misplaced[str(config.get(owner, "its default"))] = None
    for finding in findings.values():
        yield _problem(view, finding, infos)


def _complaints(options: type, cell: Cell) -> Iterator[tuple[Complaint, Mapping[str, Any]]]:
    for searched in probes(cell.space):
        config = {**cell.assigned, **searched}
        spend(len(config))
        try:
            read(options, config)
        except OptionsError as error:
            spend(5 * len(error.complaints))
            for complaint in error.complaints:
                yield complaint, config


def _owner(info: OptionInfo | None, complaint: Complaint) -> str | None:
    """The option to whose choices the key belongs, where the key was given to a choice that does not take it."""
    if info is None or not info.owners or complaint.given != complaint.key:
        return None
    return info.owners[0].partition("=")[0]


def _place(view: StudyView, cell: Cell, complaint: Complaint, infos: Mapping[str, OptionInfo]) -> Path:
    if complaint.key in cell.assigned:
        return view.place(complaint.key, cell)
    parameter = next((p for p in view.space.parameters if p.name == complaint.key), None)
    if parameter is not None and complaint.given is not None:
        for index, branch in enumerate(parameter.branches):
            if any(branch.domain is left.domain for p in cell.space.parameters for left in p.branches) and (
                complaint.given == complaint.key or branch.domain.check(complaint.given) is None
            ):
                return ("space", *parameter.branch_path(index))
    if parameter is not None:
        return ("space", parameter.name)
    info = infos.get(complaint.key)
    owner = info.owners[0].partition("=")[0] if info and info.owners else None
    return view.place(owner, cell) if owner in cell.assigned else ("fixed",)


def _problem(view: StudyView, finding: _Finding, infos: Mapping[str, OptionInfo]) -> Problem:
    complaint = finding.complaint
    if finding.misplaced:
        info = infos[complaint.key]
        option = info.owners[0].partition("=")[0]
        takers = [owner.partition("=")[2] for owner in info.owners]
        condition = f"`when: {{{option}: {takers[0] if len(takers) == 1 else '[' + ', '.join(takers) + ']'}}}`"
        remedy = f"give it {condition}"
        if finding.path[0] == "fixed":
            remedy = f"move it to space, as {{constant: ...}} with {condition}"
        return Problem(finding.path, f"is not a parameter of {', '.join(finding.misplaced)}; {remedy}")
    name = "" if complaint.key in finding.path else f"{complaint.key} "
    given = MISSING if complaint.given is None else complaint.given
    return Problem(finding.path, f"{name}{complaint.rule}{_where(view, finding.cells)}", given, complaint.choices)


def _where(view: StudyView, cells: Mapping[int, Cell]) -> str:
    """Which cells, by the factors that tell them from the others; empty if it is all of them."""
    parts = []
    for factor, values in view.study.grid.items():
        spend(len(cells) // 4)
        shown = list(dict.fromkeys(cell.values[factor] for cell in cells.values()))
        if len(shown) < len(values):
            parts.append(f"{factor} is {' or '.join(map(str, shown))}")
    return f" where {' and '.join(parts)}" if parts else ""
