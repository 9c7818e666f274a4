"""Validation of `.keras` files and weight files, before Keras reads them.

What may be in it is a network of Keras' own layers and its arrays, nothing else.

`safe_mode` of Keras refuses what is known to be dangerous; here only what is known to be harmless gets through. Nothing in
this package imports Keras or TensorFlow.
"""
