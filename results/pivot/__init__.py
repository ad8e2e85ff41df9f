"""Tables by grid factors: a spec and outcomes in, a table with its best values marked out. Pure.

`spec` says what a table shows, `contents` what may stand in a cell, `values` reads it from a search, `build` lays it
out, `marks` finds the best, `notes` says what a reader must know, `formats` writes Markdown, CSV and LaTeX, `defaults`
are the tables of a study that states none.
"""

from results.pivot.build import TableError as TableError
from results.pivot.build import check as check
from results.pivot.build import pivot as pivot
from results.pivot.defaults import default_specs as default_specs
from results.pivot.spec import TableSpec as TableSpec
from results.pivot.table import Cell as Cell
from results.pivot.table import Header as Header
from results.pivot.table import PivotTable as PivotTable
from results.pivot.table import Row as Row
