"""Searchers: what to try next, given what came out. One file each; the libraries are imported in theirs alone."""
