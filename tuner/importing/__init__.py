"""Experiments that others ran with Ray Tune, recorded as if they had been a study of ours.

`files` reads an experiment's JSON files and nothing else (its pickles could run code), `records` makes records of
them, `record` puts these into the store.
"""
