"""Builds corpora, trains the networks and measures them: `python -m embeddings.training`."""
