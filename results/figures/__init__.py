"""Figures in two steps: `data(source)` computes what is shown, purely; `draw(data)` puts it on a canvas.

One file a figure, and one line in `trial_figures.py`, `search_figures.py` or `study_figures.py`. Tests compare data.
matplotlib is imported by drawing alone.
"""
