"""A local web page that predicts drawings, images and files with a trained model."""
