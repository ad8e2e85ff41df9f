"""Figures by name: of a best trial, of a search, of a study. Adding one is its file and a line in one of these."""

from __future__ import annotations

from results.figures.figure import Figure as Figure
from results.figures.search_figures import SEARCH_FIGURES as SEARCH_FIGURES
from results.figures.study_figures import STUDY_FIGURES as STUDY_FIGURES
from results.figures.trial_figures import TRIAL_FIGURES as TRIAL_FIGURES
