"""Goals of the tasks: what shipped recipes reach on drawn data, and what that takes; one module for each task."""
