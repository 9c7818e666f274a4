"""A trained model -> files of other runtimes, each loaded again there and compared with Keras before it is kept."""
