"""Inputs that look right and are not, or look wrong and are right, each with the right answer: one module an area."""
