"""Predictions of new cell lines and drugs from checkpoints alone, and checkpoints tuned on new pairs."""
