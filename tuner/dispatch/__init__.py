"""Runs one search on Ray Tune. The only importers of ray.tune; one adapter each, and one object that decides."""
