"""Experiment trackers: the values of a run go to TensorBoard, MLflow or Weights & Biases.

`tracked_run` reads the values from a run's folder, each tracker has a module that sends them, and `sessions` calls it so that
a tracker that fails or hangs cannot fail a training or hold it up. Live values and `cnncli track` take the same way.
"""
