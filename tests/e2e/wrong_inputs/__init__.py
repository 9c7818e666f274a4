"""Wrong inputs of every kind, a row an input: what is called, the exit code, and every word of the answer."""
