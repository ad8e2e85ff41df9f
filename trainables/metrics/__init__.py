"""Metrics: what is measured of a model's embeddings and scores."""
