"""One training in several processes or on several machines."""
