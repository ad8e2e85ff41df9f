"""Typed options of searchers, schedulers and stoppers: what a study file may write, checked before anything starts."""
