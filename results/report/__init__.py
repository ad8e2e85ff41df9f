"""A study as a folder that a browser opens: tables, figures, cost, and a page for each search."""
