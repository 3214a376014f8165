"""Rivals: conventional models on the same folds and features as the networks, and naive predictors beside them."""
