"""A run as one zip file, from which it can be reproduced: written, and checked as a file from a stranger.

packing.pack(Path("outputs/mnist/first"), OutputFile(Path("mnist-first.zip")))
with unpacking.unpacked(Path("mnist-first.zip")) as found: ...
"""
