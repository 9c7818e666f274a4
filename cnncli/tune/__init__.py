"""Hyperparameter search with Optuna: trials in worker processes, their results, the best recipe and its page."""
