"""Drawing one figure into files, whatever happens."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from results.figures.cache import Drawn
from results.figures.canvas import save, styled
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from results.figures.catalog import Figure
    from results.figures.source import Source, StudySource

_log = logging.getLogger(__name__)


def draw_one(name: str, figure: Figure, source: Source | StudySource, folder: Path) -> Drawn:
    """Draw into `folder`, made if there is something to draw; an error is the reason for which it is left out."""
    try:
        data = figure.data(source)
        with styled():
            canvas = figure.draw(data)
        folder.mkdir(parents=True, exist_ok=True)
        return Drawn(save(canvas, folder / name))
    except NotDrawnError as why:
        return Drawn(why=str(why))
    except OSError:  # a full disk is the user's matter, and no figure's
        raise
    except Exception as error:  # noqa: BLE001  (one figure's mistake must not cost the others)
        _log.debug("figure %s crashed", name, exc_info=True)
        return Drawn(why=f"drawing it failed: {type(error).__name__}: {error}", crashed=True)
