"""The names of all figures, without importing what draws them: read from the text of the catalogues. Pure."""

from __future__ import annotations

import ast
from functools import cache
from importlib import resources

_CATALOGUES = ("trial_figures.py", "search_figures.py", "study_figures.py")
_ENDING = "_FIGURES"


@cache
def figure_names() -> tuple[str, ...]:
    """The keys of the catalogues, in their order."""
    folder = resources.files("results.figures")
    names: dict[str, None] = {}
    for catalogue in _CATALOGUES:
        for node in ast.parse((folder / catalogue).read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
                continue
            if node.target.id.endswith(_ENDING) and isinstance(node.value, ast.Dict):
                keys = (key.value for key in node.value.keys if isinstance(key, ast.Constant))
                names |= dict.fromkeys(str(key) for key in keys)
    return tuple(names)
